//! Restarts and kills of each server, and failover of PostgreSQL and of a Galera cluster, under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use authstore::AuthStore;
use authstore_test_databases::{
    Database, Galera, Kind, PgBouncer, Pooler, Replication, Server, Setup, store, with_options,
};

use crate::check::Tables;
use crate::ledger::Ledger;
use crate::report::Report;
use crate::writer::{WRITERS, write};

const OPTIONS: &str =
    "pool_size=8&checkout_timeout_ms=3000&connect_timeout_ms=3000&statement_timeout_ms=2000";

/// 3 s for the pool, then a ping and a statement, each with 2 s on the server and 2 s more on the client.
const LIMIT: Duration = Duration::from_secs(11);

/// The number of acknowledged writes before each fault, so that the server is under load.
const BETWEEN_FAULTS: u64 = 200;

/// Alternately restarts the server cleanly and kills it.
pub(crate) fn restart(kind: Kind, rounds: usize) -> Result<Report, String> {
    let setup = Setup {
        durable: true,
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup)?);
    let database = Database::on(&server)?;
    restart_under_load(&database, &database.url(), rounds)
}

/// The same behind PgBouncer in transaction mode, which queues statements while there is no server.
pub(crate) fn restart_behind_pooler(rounds: usize) -> Result<Report, String> {
    let setup = Setup {
        durable: true,
        ..Setup::default()
    };
    let server = Arc::new(Server::start(Kind::Postgres, &setup)?);
    let database = Database::on(&server)?;
    // Otherwise it waits for 15 s after a failed connection, and recovery takes at least as long.
    let settings = ["pool_mode = transaction", "server_login_retry = 1"];
    let pooler = Pooler::start(PgBouncer::Recent, &server, &settings)?;
    restart_under_load(&database, &pooler.url(database.name()), rounds)
}

fn restart_under_load(database: &Database, url: &str, rounds: usize) -> Result<Report, String> {
    let server = database.server();
    let store = store(&with_options(url.to_owned(), OPTIONS));
    let ledger = Ledger::default();
    let mut report = Report::default();
    under_load(&store, &ledger, || {
        for round in 0..rounds {
            ledger.wait_for_writes(BETWEEN_FAULTS)?;
            if round % 2 == 0 {
                server.restart()?;
            } else {
                server.crash()?;
            }
            report.add_round(ledger.wait_for_writes(1)?);
        }
        ledger.wait_for_writes(BETWEEN_FAULTS).map(drop)
    })?;
    report.add_writes(ledger, Tables::on_server(database.kind(), &database.url())?);
    Ok(report)
}

/// Alternately kills the primary, freezes it, or restarts it as a standby, and promotes its standby.
pub(crate) fn fail_over(rounds: usize) -> Result<Report, String> {
    let mut report = Report::default();
    for round in 0..rounds {
        let servers = Replication::start()?;
        // Otherwise the primary acknowledges writes that the standby does not have, and losing them would be a matter
        // of configuration.
        servers.make_synchronous()?;
        let store = store(&with_options(servers.url("postgres"), OPTIONS));
        let ledger = Ledger::default();
        let is_frozen = round % 3 == 1;
        under_load(&store, &ledger, || {
            ledger.wait_for_writes(BETWEEN_FAULTS)?;
            match round % 3 {
                0 => servers.primary.kill()?,
                1 => servers.primary.pause()?,
                _ => servers.demote()?,
            }
            servers.promote()?;
            report.add_round(ledger.wait_for_writes(1)?);
            ledger.wait_for_writes(BETWEEN_FAULTS).map(drop)
        })?;
        let url = servers.standby.url("postgres");
        report.add_writes(ledger, Tables::on_server(Kind::Postgres, &url)?);
        if is_frozen {
            servers.primary.unpause()?;
        }
    }
    Ok(report)
}

/// Alternately kills and freezes the node of a Galera cluster that is in use, while the other two continue.
pub(crate) fn lose_node(rounds: usize) -> Result<Report, String> {
    let mut report = Report::default();
    for round in 0..rounds {
        let cluster = Galera::start()?;
        let [in_use, next, ..] = cluster.nodes() else {
            return Err("the cluster has no second node".to_owned());
        };
        let database = Database::on(next)?;
        // Connecting to a database does not wait for the other nodes.
        let mut client = in_use.client()?;
        client.try_query("SET SESSION wsrep_sync_wait = 1")?;
        client.try_query("SELECT 1")?;
        let url = cluster.url(database.name());
        let store = store(&with_options(url, OPTIONS));
        let ledger = Ledger::default();
        under_load(&store, &ledger, || {
            ledger.wait_for_writes(BETWEEN_FAULTS)?;
            if round % 2 == 0 {
                in_use.kill()?;
            } else {
                in_use.pause()?;
            }
            report.add_round(ledger.wait_for_writes(1)?);
            ledger.wait_for_writes(BETWEEN_FAULTS).map(drop)
        })?;
        report.add_writes(
            ledger,
            Tables::on_server(Kind::Mariadb, &next.url(database.name()))?,
        );
    }
    Ok(report)
}

/// Runs `act` while writers write, and stops them however it ends.
fn under_load(
    store: &AuthStore,
    ledger: &Ledger,
    act: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = Stop(&over);
        scope.spawn(|| write(store, WRITERS, LIMIT, &over, &|note| ledger.note(note)));
        act()
    })
}
