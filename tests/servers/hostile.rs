use std::sync::Arc;

use authstore_conformance::{Outcome, Runner};
use authstore_test_databases::{DatabaseHarness, Kind, Needs, Server, Setup, Test};

pub(crate) fn tests() -> Vec<Test> {
    Test::on(
        &Kind::SERVERS,
        Needs::Container,
        "hostile.a_servers_defaults_change_nothing",
        a_servers_defaults_change_nothing,
    )
}

/// Every rule of the conformance suite on a server whose defaults are as far from ours as they can be.
fn a_servers_defaults_change_nothing(kind: Kind) {
    let arguments: &[&str] = match kind {
        Kind::Postgres => &[
            "--timezone=Pacific/Apia",
            "--datestyle=SQL,DMY",
            "--intervalstyle=sql_standard",
            "--bytea_output=escape",
            "--extra_float_digits=-15",
            "--standard_conforming_strings=off",
            "--backslash_quote=on",
            "--transform_null_equals=on",
            "--default_transaction_isolation=read uncommitted",
            "--default_transaction_read_only=on",
            "--client_encoding=LATIN1",
            "--search_path=\"$user\",public,pg_temp",
        ],
        _ => &[
            "--default-time-zone=+13:00",
            "--sql-mode=",
            "--character-set-server=latin1",
            "--collation-server=latin1_swedish_ci",
            "--transaction-isolation=READ-UNCOMMITTED",
            "--explicit-defaults-for-timestamp=0",
            "--autocommit=0",
        ],
    };
    let setup = Setup {
        arguments: arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect(),
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let certificate = Runner::new(DatabaseHarness::on(server))
        .threads(4)
        .replay(move |_| format!("cargo test --test servers {kind}::hostile"))
        .run();
    let failures: Vec<String> = certificate
        .rules
        .iter()
        .filter(|rule| matches!(rule.outcome, Outcome::Failed | Outcome::NotRun))
        .map(|rule| {
            let detail = rule.detail.as_deref().unwrap_or_default();
            format!("{} {}\n{detail}", rule.id, rule.outcome)
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(certificate.certified, "{:?}", certificate.problems);
}
