use std::path::Path;
use std::sync::Arc;

use authstore::{AuthStore, Error, PostgresOptions, PostgresSslMode};
use authstore_test_databases::{Client, Database, Kind, Needs, Server, Setup, Test, with_options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &[Kind::Postgres],
        Needs::Container,
        "tls.only_a_valid_certificate_is_accepted",
        |_| only_a_valid_certificate_is_accepted(),
    );
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Container,
        "tls.self_signed_certificate_is_trusted_by_itself",
        |_| self_signed_certificate_is_trusted_by_itself(),
    ));
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "tls.server_without_tls_is_rejected_if_required",
        server_without_tls_is_rejected_if_required,
    ));
    tests
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with TLS and a certificate for `localhost`, but not for `127.0.0.1`.
fn server(authority: &CertifiedIssuer<'_, KeyPair>) -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    server_with(&certificate.pem(), &key.serialize_pem())
}

fn server_with(certificate: &str, key: &str) -> Server {
    let path = |name: &str| format!("/etc/authstore-test/{name}");
    let setup = Setup {
        arguments: vec![
            "-c".into(),
            "ssl=on".into(),
            "-c".into(),
            format!("ssl_cert_file={}", path("server.crt")),
            "-c".into(),
            format!("ssl_key_file={}", path("server.key")),
        ],
        files: vec![
            (path("server.crt"), certificate.as_bytes().to_vec()),
            (path("server.key"), key.as_bytes().to_vec()),
        ],
        ..Setup::default()
    };
    Server::start(Kind::Postgres, &setup).unwrap()
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

/// Returns whether all other sessions are encrypted. There must be at least one.
fn all_encrypted(client: &mut Client) -> bool {
    let encrypted = client.query(
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    assert!(!encrypted.is_empty());
    encrypted.iter().all(|row| row[0].as_deref() == Some("t"))
}

fn only_a_valid_certificate_is_accepted() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let ours_pem = file("ours.pem", ours.pem());
    let theirs_pem = file("theirs.pem", theirs.pem());
    let garbage = file("garbage.pem", "no certificate".to_owned());
    let server = Arc::new(server(&ours));
    let database = Database::on(&server).unwrap();
    let by_address = database.url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let trusting =
        |mode: &str, path: &Path| format!("sslmode={mode}&sslrootcert={}", path.display());

    for mode in ["require", "verify-full", "verify-ca"] {
        let store = connect(&by_name, &trusting(mode, &ours_pem)).unwrap();
        store.migrate().unwrap();
        store.ping().unwrap();
        assert!(all_encrypted(&mut database.client()), "{mode}");
        drop(store);

        assert_rejected(
            connect(&by_name, &trusting(mode, &theirs_pem)),
            "UnknownIssuer",
        );
        // The operating system does not trust our authority, and its authorities sign for anyone.
        let trusting_all = connect(&by_name, &format!("sslmode={mode}"));
        if mode == "verify-ca" {
            let error = trusting_all.unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        } else {
            assert_rejected(trusting_all, "UnknownIssuer");
        }
        assert_rejected(connect(&by_name, &trusting(mode, &garbage)), "sslrootcert");
    }

    // The wrong host.
    for mode in ["require", "verify-full"] {
        assert_rejected(
            connect(&by_address, &trusting(mode, &ours_pem)),
            "not valid for name",
        );
    }
    connect(&by_address, &trusting("verify-ca", &ours_pem)).unwrap();
    // Naming authorities implies TLS.
    let implied = format!("sslrootcert={}", ours_pem.display());
    connect(&by_name, &implied).unwrap();
    assert_rejected(connect(&by_address, &implied), "not valid for name");
    connect(
        &by_name,
        &format!("{implied}&sslnegotiation=direct&sslmode=verify-full"),
    )
    .unwrap();

    // And without TLS, as for a server on the same machine.
    let store = connect(&by_name, "").unwrap();
    store.ping().unwrap();
    assert!(!all_encrypted(&mut database.client()));
}

/// A certificate as in PostgreSQL's manual: marked as an authority, with only a common name.
fn self_signed_certificate_is_trusted_by_itself() {
    let ours = authority("localhost");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let trusted = file("ours.pem", ours.pem());
    // The same name is not enough.
    let another = file("another.pem", authority("localhost").pem());
    let server = Arc::new(server_with(&ours.pem(), &ours.key().serialize_pem()));
    let database = Database::on(&server).unwrap();
    let by_address = database.url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let trusting =
        |mode: &str, path: &Path| format!("sslmode={mode}&sslrootcert={}", path.display());

    for mode in ["require", "verify-full", "verify-ca"] {
        connect(&by_name, &trusting(mode, &trusted)).unwrap();
        let error = connect(&by_name, &trusting(mode, &another)).unwrap_err();
        assert!(!error.is_retryable(), "{error:?}");
        assert!(connect(&by_name, &format!("sslmode={mode}")).is_err());
    }
    assert_rejected(
        connect(&by_address, &trusting("verify-full", &trusted)),
        "not valid for",
    );
    connect(&by_address, &trusting("verify-ca", &trusted)).unwrap();

    // The server binds the password to the connection, so it fails if an attacker terminates TLS.
    for mode in ["no-verify", "no-verify&channel_binding=require"] {
        let store = connect(&by_address, &format!("sslmode={mode}")).unwrap();
        store.ping().unwrap();
        assert!(all_encrypted(&mut database.client()), "{mode}");
    }
    assert!(connect(&by_address, "sslmode=disable&channel_binding=require").is_err());
}

fn server_without_tls_is_rejected_if_required(kind: Kind) {
    let database = Database::new(kind).unwrap();
    assert_rejected(
        connect(&database.url(), "sslmode=require"),
        "server does not support TLS",
    );
    let options: PostgresOptions = database.url().parse().unwrap();
    let error = options
        .ssl_mode(PostgresSslMode::VerifyFull)
        .open()
        .unwrap_err();
    assert!(
        error.to_string().contains("does not support TLS"),
        "{error}"
    );
}
