use std::sync::{Arc, OnceLock};

use authstore::{AuthStore, NewSession, NewUser};
use authstore_test_databases::{Database, Galera, Kind, Needs, Test};
use time::macros::datetime;

pub(crate) fn tests() -> Vec<Test> {
    let on = |name, test: fn(&Galera)| {
        Test::new(Kind::Mariadb, Needs::Container, name, move || {
            test(&cluster());
        })
    };
    vec![on(
        "galera.what_one_node_acknowledged_the_next_one_knows",
        what_one_node_acknowledged_the_next_one_knows,
    )]
}

/// One for all tests: it takes a while to start.
fn cluster() -> Arc<Galera> {
    static CLUSTER: OnceLock<Arc<Galera>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| Arc::new(Galera::start().unwrap()))
        .clone()
}

/// A store on each node, all on one database.
fn stores(database: &Database, cluster: &Galera) -> Vec<AuthStore> {
    cluster
        .nodes()
        .iter()
        .map(|node| AuthStore::connect(&node.url(database.name())).unwrap())
        .collect()
}

/// With the server's own defaults some of the sessions are still valid on the next node after they were deleted.
fn what_one_node_acknowledged_the_next_one_knows(cluster: &Galera) {
    let database = Database::on(&cluster.nodes()[0]).unwrap();
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
