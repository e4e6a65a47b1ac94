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

/// Every rule of the conformance suite on a server whose defaults differ as much as possible from ours.
fn a_servers_defaults_change_nothing(kind: Kind) {
    let server = Arc::new(Server::start(kind, &Setup::hostile(kind)).unwrap());
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
    assert!(certificate.all_kept, "{:?}", certificate.problems);
}
