//! A suite that can fail: backends that are right but for one fault each, and the proof that the rule meant for a fault
//! catches it, that every rule catches something, and that a backend without a fault passes.
//!
//! `BROKEN.md` beside the crate is the table of them all. A test compares it; with `WRITE_BROKEN_MD=1` in the
//! environment, it writes it.

mod accounts;
mod authenticators;
mod challenges;
mod details;
mod fault;
mod migrations;
mod rotation;
mod sessions;
mod statements;
mod storage;
mod together;
mod tokens;
mod transactions;
mod upkeep;
mod users;
mod values;
mod ways_in;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use authstore_conformance::RULES;

use fault::Entry;

/// Every rule passes a backend that has no fault.
mod faultless {
    use crate::fault::{Broken, Faultless};

    authstore_conformance::certify!(Broken::<Faultless>::new());
}

fn all() -> Vec<Entry> {
    [
        transactions::faults(),
        statements::faults(),
        users::faults(),
        accounts::faults(),
        sessions::faults(),
        tokens::faults(),
        authenticators::faults(),
        ways_in::faults(),
        details::faults(),
        challenges::faults(),
        rotation::faults(),
        upkeep::faults(),
        together::faults(),
        storage::faults(),
        migrations::faults(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_rule_catches_a_broken_backend() {
    let faults = all();
    let idle: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|rule| !faults.iter().any(|fault| fault.rule == *rule))
        .collect();
    assert!(idle.is_empty(), "no broken backend is meant for {idle:#?}");
}

#[test]
fn every_broken_backend_has_a_rule() {
    let lost: Vec<&str> = all()
        .iter()
        .map(|fault| fault.rule)
        .filter(|rule| !RULES.iter().any(|known| known.id == *rule))
        .collect();
    assert!(lost.is_empty(), "there is no rule {lost:#?}");
}

#[test]
fn the_published_table_is_true() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BROKEN.md");
    let table = table();
    if std::env::var_os("WRITE_BROKEN_MD").is_some() {
        fs::write(PATH, &table).unwrap();
    }
    let published = fs::read_to_string(PATH).unwrap().replace("\r\n", "\n");
    for (published, is) in published.lines().zip(table.lines()) {
        assert_eq!(published, is);
    }
    assert_eq!(published.lines().count(), table.lines().count());
}

fn table() -> String {
    let mut meant = BTreeMap::<&str, Vec<&str>>::new();
    for Entry { rule, does, .. } in all() {
        meant.entry(rule).or_default().push(does);
    }
    let mut text = "Each of these backends keeps the contract except for one fault, and a test proves that the rule beside it \
                    catches it.\n\n| rule | broken backends that it catches |\n|---|---|\n"
        .to_owned();
    for rule in RULES {
        let does = meant.get(rule.id).map(|does| does.join("<br>"));
        let _ = writeln!(text, "| `{}` | {} |", rule.id, does.unwrap_or_default());
    }
    text
}
