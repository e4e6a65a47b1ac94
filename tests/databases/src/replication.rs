use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::container::{Container, Recipe};
use crate::kind::Kind;
use crate::server::{Server, Setup, image};

/// A PostgreSQL primary, and a standby with streaming replication.
#[derive(Debug)]
pub struct Replication {
    /// The server that accepts writes.
    pub primary: Server,
    /// The server that accepts no writes until it is [promoted](Replication::promote).
    pub standby: Server,
}

impl Replication {
    /// Starts both, each in a container that is not shared.
    pub fn start() -> Result<Self, String> {
        let setup = Setup {
            durable: true,
            arguments: vec!["--fsync=off".to_owned()],
            ..Setup::default()
        };
        let primary = Server::start(Kind::Postgres, &setup)?;
        primary.client()?.try_query(
            "COPY (SELECT 'host replication all all scram-sha-256') TO PROGRAM 'cat >> $PGDATA/pg_hba.conf';
             SELECT pg_reload_conf()",
        )?;
        let (user, password) = primary.credentials();
        let (host, port) = primary.address();
        let source = format!("host={host} port={port} user={user} password={password}");
        let container = Container::start(&Recipe {
            image: image(Kind::Postgres),
            on_host_network: true,
            environment: vec![
                ("PGDATA", "/var/lib/postgresql/authstore-test".to_owned()),
                ("SOURCE", source),
            ],
            command: [
                "sh",
                "-c",
                "if [ ! -s \"$PGDATA/PG_VERSION\" ]; then \
                     install -d -o postgres -g postgres -m 0700 \"$PGDATA\" && \
                     setpriv --reuid=postgres --clear-groups \
                         pg_basebackup --pgdata=\"$PGDATA\" --write-recovery-conf --checkpoint=fast --dbname=\"$SOURCE\" || exit; \
                 fi; \
                 exec docker-entrypoint.sh postgres --port=\"$PORT\" --max_connections=500 --fsync=off",
            ]
            .map(str::to_owned)
            .into(),
            ..Recipe::default()
        })?;
        let standby = primary.twin(container)?;
        Ok(Replication { primary, standby })
    }

    /// Returns the URL of a database with both hosts, the primary's first.
    pub fn url(&self, database: &str) -> String {
        let hosts = [self.primary.host(), self.standby.host()];
        self.primary.url_at(&hosts.join(","), database)
    }

    /// Returns the same URL with the standby's host first.
    pub fn url_standby_first(&self, database: &str) -> String {
        let hosts = [self.standby.host(), self.primary.host()];
        self.primary.url_at(&hosts.join(","), database)
    }

    /// Promotes the standby, and waits until it is the primary.
    pub fn promote(&self) -> Result<(), String> {
        let promoted = self.standby.client()?.try_query("SELECT pg_promote()")?;
        match promoted.first().and_then(|row| row.first()).cloned() {
            Some(Some(answer)) if answer == "t" => Ok(()),
            other => Err(format!("the standby was not promoted: {other:?}")),
        }
    }

    /// Restarts the primary as a standby, as an operator does after promoting another server.
    pub fn demote(&self) -> Result<(), String> {
        self.primary
            .client()?
            .try_query("COPY (SELECT 1) TO PROGRAM 'cat > $PGDATA/standby.signal'")?;
        self.primary.restart()
    }

    /// Waits until the standby has caught up.
    pub fn catch_up(&self) -> Result<(), String> {
        let position = "SELECT pg_current_wal_lsn()";
        let position = self.primary.client()?.query_one(position);
        let caught_up = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
        wait_until(&mut self.standby.client()?, &caught_up)
    }

    /// Makes replication synchronous: the primary acknowledges a commit only when the standby has it.
    pub fn make_synchronous(&self) -> Result<(), String> {
        let mut client = self.primary.client()?;
        client.try_query("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        client.try_query("SELECT pg_reload_conf()")?;
        wait_until(
            &mut client,
            "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'",
        )
    }
}

/// Waits until this query returns true.
fn wait_until(client: &mut Client, query: &str) -> Result<(), String> {
    let start = Instant::now();
    while client.query_one(query) != "t" {
        if start.elapsed() > Duration::from_secs(60) {
            return Err("the standby does not follow".to_owned());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
