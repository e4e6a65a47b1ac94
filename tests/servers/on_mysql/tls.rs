use std::path::PathBuf;
use std::sync::Arc;

use authstore::{AuthStore, Error, MysqlOptions, MysqlSslMode};
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test, with_options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

pub(crate) fn tests() -> Vec<Test> {
    let kinds = [Kind::Mysql, Kind::Mariadb];
    let mut tests = Test::on(
        &kinds,
        Needs::Container,
        "tls.only_a_valid_certificate_is_accepted",
        only_a_valid_certificate_is_accepted,
    );
    tests.extend(Test::on(
        &kinds,
        Needs::Container,
        "tls.server_without_tls_is_rejected_if_required",
        server_without_tls_is_rejected_if_required,
    ));
    tests
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for `localhost`, but not for `127.0.0.1`.
fn server(kind: Kind, authority: &CertifiedIssuer<'_, KeyPair>) -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let path = |name: &str| format!("/etc/authstore-test/{name}");
    let setup = Setup {
        arguments: vec![
            format!("--ssl-ca={}", path("ca.pem")),
            format!("--ssl-cert={}", path("server.pem")),
            format!("--ssl-key={}", path("server.key")),
        ],
        files: vec![
            (path("ca.pem"), authority.pem().into_bytes()),
            (path("server.pem"), certificate.pem().into_bytes()),
            (path("server.key"), key.serialize_pem().into_bytes()),
        ],
        ..Setup::default()
    };
    Server::start(kind, &setup).unwrap()
}

fn connect(url: &str, options: &str) -> Result<AuthStore, Error> {
    AuthStore::connect(&with_options(url.to_owned(), options))
}

#[track_caller]
fn assert_rejected(result: Result<AuthStore, Error>, why: &str) {
    let error = result.unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

/// The URL of a database for a user who must connect with TLS.
fn url_of_a_user_who_needs_tls(database: &Database) -> String {
    let mut admin = database.client();
    admin.query("CREATE USER 'tls'@'%' IDENTIFIED BY 'open sesame' REQUIRE SSL");
    admin.query("GRANT ALL ON *.* TO 'tls'@'%'");
    let url = database.url();
    let (_, address) = url.rsplit_once('@').unwrap();
    format!("mysql://tls:open%20sesame@{address}")
}

fn only_a_valid_certificate_is_accepted(kind: Kind) {
    let (ours, theirs) = (authority(), authority());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let trusting = |path: &PathBuf| format!("ssl-ca={}", path.display());
    let ours = (trusting(&file("ours.pem", ours.pem())), server(kind, &ours));
    let theirs = trusting(&file("theirs.pem", theirs.pem()));
    let garbage = trusting(&file("garbage.pem", "no certificate".to_owned()));
    let missing = trusting(&folder.path().join("missing.pem"));
    let (ours, server) = ours;
    let database = Database::on(&Arc::new(server)).unwrap();
    let by_address = url_of_a_user_who_needs_tls(&database);
    let by_name = by_address.replace("127.0.0.1", "localhost");

    // Naming authorities implies TLS.
    for mode in ["", "ssl-mode=REQUIRED&", "ssl-mode=VERIFY_IDENTITY&"] {
        let store = connect(&by_name, &format!("{mode}{ours}")).unwrap();
        store.migrate().unwrap();
        store.ping().unwrap();

        assert_rejected(
            connect(&by_name, &format!("{mode}{theirs}")),
            "peer certificate",
        );
        assert_rejected(
            connect(&by_address, &format!("{mode}{ours}")),
            "not valid for name",
        );
        for file in [&garbage, &missing] {
            assert_rejected(connect(&by_name, &format!("{mode}{file}")), "ssl-ca");
        }
    }
    // Our certificate is not signed by a public authority.
    assert_rejected(connect(&by_name, "ssl-mode=REQUIRED"), "UnknownIssuer");

    // NO_VERIFY does not check that.
    let unverified = connect(&by_address, "ssl-mode=NO_VERIFY").unwrap();
    unverified.ping().unwrap();

    // And without TLS, as for a server on the same machine.
    assert_rejected(connect(&by_name, ""), "Access denied");
    connect(&database.url(), "").unwrap().ping().unwrap();
}

fn server_without_tls_is_rejected_if_required(kind: Kind) {
    let without = match kind {
        // MySQL 9 provides no other way to turn it off.
        Kind::Mysql => "--tls-version=",
        _ => "--skip-ssl",
    };
    let setup = Setup {
        arguments: vec![without.to_owned()],
        ..Setup::default()
    };
    let database = Database::on(&Arc::new(Server::start(kind, &setup).unwrap())).unwrap();
    let options: MysqlOptions = database.url().parse().unwrap();
    options.open().unwrap();
    let error = options
        .ssl_mode(MysqlSslMode::VerifyIdentity)
        .open()
        .unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("secure connection"), "{error}");
}
