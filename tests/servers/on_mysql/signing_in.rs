use std::sync::Arc;

use authstore::{AuthStore, Error};
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &[Kind::Mariadb],
        Needs::Container,
        "signing_in.each_plugin_of_the_server_works",
        |_| each_plugin_of_the_server_works(),
    );
    tests.extend(Test::on(
        &Kind::MYSQL_AND_MARIADB,
        Needs::Container,
        "signing_in.server_with_small_packets_is_rejected",
        server_with_small_packets_is_rejected,
    ));
    tests
}

fn each_plugin_of_the_server_works() {
    let server = Arc::new(Server::start(Kind::Mariadb, &Setup::default()).unwrap());
    let database = Database::on(&server).unwrap();
    let mut admin = database.client();
    let url = database.url();
    let (_, address) = url.rsplit_once('@').unwrap();
    for (plugin, library) in [("ed25519", "auth_ed25519"), ("parsec", "auth_parsec")] {
        admin.query(&format!("INSTALL SONAME '{library}'"));
        admin.query(&format!(
            "CREATE USER '{plugin}'@'%' IDENTIFIED VIA {plugin} USING PASSWORD('open sesame')"
        ));
        admin.query(&format!("GRANT ALL ON *.* TO '{plugin}'@'%'"));
        let url = |password: &str| format!("mysql://{plugin}:{password}@{address}?pool_size=1");
        let store = AuthStore::connect(&url("open%20sesame")).unwrap();
        store.migrate().unwrap();
        store.ping().unwrap();
        // One challenge in 256 ends with a byte of 0, which the driver cuts off.
        for _ in 0..300 {
            AuthStore::connect(&url("open%20sesame")).unwrap();
        }
        for _ in 0..100 {
            let error = AuthStore::connect(&url("wrong")).unwrap_err();
            assert!(!error.is_retryable(), "{plugin}: {error:?}");
            assert!(error.to_string().contains("Access denied"), "{error}");
        }
    }
}

/// A server that could not store the longest row that the contract allows.
fn server_with_small_packets_is_rejected(kind: Kind) {
    let setup = Setup {
        arguments: vec!["--max-allowed-packet=4M".to_owned()],
        ..Setup::default()
    };
    let database = Database::on(&Arc::new(Server::start(kind, &setup).unwrap())).unwrap();
    let error = AuthStore::connect(&database.url()).unwrap_err();
    assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    assert!(error.to_string().contains("4194304"), "{error}");
    database
        .client()
        .query("SET GLOBAL max_allowed_packet = 11534336");
    AuthStore::connect(&database.url()).unwrap().ping().unwrap();
}
