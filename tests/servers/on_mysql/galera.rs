use std::sync::{Barrier, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, NewAccount, NewSession, NewUser, Removal};
use authstore_test_databases::{Database, Galera, Kind, Needs, Test, with_options};
use time::macros::datetime;

pub(crate) fn tests() -> Vec<Test> {
    let on = |name, test: fn(&Galera)| {
        Test::new(Kind::Mariadb, Needs::Container, name, move || {
            test(&cluster());
        })
    };
    vec![
        on(
            "galera.next_node_reads_acknowledged_writes",
            next_node_reads_acknowledged_writes,
        ),
        on(
            "galera.two_nodes_never_remove_the_last_two_ways_in",
            two_nodes_never_remove_the_last_two_ways_in,
        ),
        on(
            "galera.concurrent_migrations_on_all_nodes",
            concurrent_migrations_on_all_nodes,
        ),
        on(
            "galera.lease_of_a_killed_migration_ends",
            lease_of_a_killed_migration_ends,
        ),
        on(
            "galera.adoption_stops_when_its_lock_is_lost",
            adoption_stops_when_its_lock_is_lost,
        ),
    ]
}

/// One cluster for all tests, because it takes long to start. They take turns: each change to the schema stops all writes
/// on all nodes.
fn cluster() -> MutexGuard<'static, Galera> {
    static CLUSTER: OnceLock<Mutex<Galera>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| Mutex::new(Galera::start().unwrap()))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// A store on each node, all on one database. None of the tests is about the time limit, and the three nodes are on one
/// busy machine.
fn stores(database: &Database, cluster: &Galera) -> Vec<AuthStore> {
    cluster
        .nodes()
        .iter()
        .map(|node| {
            let url = with_options(node.url(database.name()), "statement_timeout_ms=60000");
            AuthStore::connect(&url).unwrap()
        })
        .collect()
}

/// With the server's defaults, some sessions are still valid on the next node after they were deleted.
fn next_node_reads_acknowledged_writes(cluster: &Galera) {
    let database = cluster.database().unwrap();
    let stores = stores(&database, cluster);
    stores[0].migrate().unwrap();
    for turn in 0..60 {
        let [here, next, after] = [0, 1, 2].map(|step| &stores[(turn + step) % 3]);
        let ada = here.create_user(NewUser::default()).unwrap();
        // An insert that must find its user, an update and a deletion that must find their row, and a read.
        let token = format!("token {turn}");
        let session = NewSession::new(ada.id, &token, datetime!(2100-01-01 0:00 UTC));
        next.create_session(session).unwrap();
        after
            .update_user(ada.id, authstore::UserChanges::default())
            .unwrap();
        assert!(here.get_session_and_user(&token).unwrap().is_some());
        assert!(next.delete_session(&token).unwrap());
        assert!(after.get_session_and_user(&token).unwrap().is_none());
        assert!(here.delete_user(ada.id).unwrap());
        assert!(!next.delete_user(ada.id).unwrap());
    }
}

/// Nodes do not see each other's row locks. Each round has new connections: when another node's write ends a
/// transaction while a statement is being prepared in it, the node reports success.
fn two_nodes_never_remove_the_last_two_ways_in(cluster: &Galera) {
    let database = cluster.database().unwrap();
    stores(&database, cluster)[0].migrate().unwrap();
    for round in 0..100 {
        let stores = stores(&database, cluster);
        let account = |node: usize| NewAccount::new("oauth", "github", format!("{round} {node}"));
        let (ada, _) = stores[0]
            .create_user_with_account(NewUser::default(), account(0))
            .unwrap();
        for node in 1..stores.len() {
            stores[0].link_account(ada.id, account(node)).unwrap();
        }
        let start = Barrier::new(stores.len());
        let removals: Vec<Removal> = thread::scope(|scope| {
            let (start, account) = (&start, &account);
            let remove = |(node, store): (usize, &AuthStore)| {
                let (store, id) = (store.clone(), account(node).provider_account_id);
                scope.spawn(move || {
                    // Wait until each node has the accounts, so that all start together.
                    assert_eq!(store.list_accounts_by_user_id(ada.id).unwrap().len(), 3);
                    start.wait();
                    store
                        .unlink_account_of_user(ada.id, "github", &id, true)
                        .unwrap()
                })
            };
            let threads: Vec<_> = stores.iter().enumerate().map(remove).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let last = |removal: &&Removal| **removal == Removal::LastWayIn;
        assert_eq!(
            removals.iter().filter(last).count(),
            1,
            "round {round}: {removals:?}"
        );
        let left = stores[1].list_accounts_by_user_id(ada.id).unwrap();
        assert_eq!(left.len(), 1, "round {round}");
    }
}

/// `GET_LOCK` is local to a node: with it alone, all but one of these fail.
fn concurrent_migrations_on_all_nodes(cluster: &Galera) {
    for _ in 0..3 {
        let database = cluster.database().unwrap();
        let stores = stores(&database, cluster);
        let start = Barrier::new(6);
        let reports: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = stores
                .iter()
                .cycle()
                .take(6)
                .map(|store| {
                    scope.spawn(|| {
                        start.wait();
                        store.migrate()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        for report in reports {
            report.unwrap();
        }
        for store in &stores {
            store.create_user(NewUser::default()).unwrap();
        }
        let steps = "SELECT COUNT(*) = COUNT(DISTINCT version) AND COUNT(*) > 4 \
                     FROM authstore_migration WHERE series <> ''";
        assert_eq!(database.client().query_one(steps), "1");
        let left = "SELECT COUNT(*) FROM authstore_migration WHERE series = ''";
        assert_eq!(database.client().query_one(left), "0");
    }
}

/// However many processes wait for it.
fn lease_of_a_killed_migration_ends(cluster: &Galera) {
    let database = cluster.database().unwrap();
    let stores = stores(&database, cluster);
    stores[0].migrate().unwrap();
    stores[0].migrator().unwrap().down(1).unwrap();
    database.client().query(
        "INSERT INTO authstore_migration (series, version, name, checksum, applied_at) \
         VALUES ('', 0, '01a23236-f114-7634-a2f5-4763c7215cb8', '', UTC_TIMESTAMP(3) + INTERVAL 3 SECOND)",
    );
    thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                let migrator = store.migrator().unwrap();
                let limit = Duration::from_secs(30);
                migrator.with_lock_timeout(limit).up().unwrap();
            });
        }
    });
    let left = "SELECT COUNT(*) FROM authstore_migration WHERE series = ''";
    assert_eq!(database.client().query_one(left), "0");
}

/// Each statement of an adoption commits, so a node that was paused for too long must not continue beside another.
fn adoption_stops_when_its_lock_is_lost(cluster: &Galera) {
    let database = cluster.database().unwrap();
    let store = &stores(&database, cluster)[0];
    store.migrate().unwrap();
    let drop = "ALTER TABLE Account DROP FOREIGN KEY Account_userId_fkey";
    database.client().query(drop);
    let lose = "UPDATE authstore_migration SET name = 'another', applied_at = '2100-01-01' WHERE series = ''";
    let lost = store
        .migrator()
        .unwrap()
        .adopt_with_progress(|_| {
            database.client().query(lose);
        })
        .unwrap_err();
    let lost = format!("{lost:?}");
    assert!(lost.contains("was lost to another process"), "{lost}");
    database
        .client()
        .query("DELETE FROM authstore_migration WHERE series = ''");
    store.migrator().unwrap().adopt().unwrap();
    assert!(store.migrator().unwrap().compare().unwrap().is_empty());
}
