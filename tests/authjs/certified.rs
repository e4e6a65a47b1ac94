//! An adopted database keeps every rule of the conformance suite.

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Outcome, Runner, Storage};
use authstore_test_databases::{Database, Kind, Test};
use serde_json::json;

use crate::node::Js;
use crate::on_each;

pub(crate) fn tests() -> Vec<Test> {
    on_each(
        "an_adopted_database_is_certified",
        an_adopted_database_is_certified,
    )
}

fn an_adopted_database_is_certified(kind: Kind) {
    let harness = Adopted {
        kind,
        statements: statements_of_the_guide(kind),
    };
    let certificate = Runner::new(harness).run();
    let failed: Vec<_> = certificate
        .rules
        .iter()
        .filter(|rule| !matches!(rule.outcome, Outcome::Passed | Outcome::Declined))
        .map(|rule| {
            (
                &rule.id,
                rule.outcome,
                rule.detail.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(certificate.all_kept, "{:?}", certificate.problems);
}

/// Returns the statements of the guide's migration for this database.
fn statements_of_the_guide(kind: Kind) -> Vec<String> {
    let database = Database::new(kind).expect("a database");
    let statements = Js::open(&database.url()).call("migrate", &json!(["guide"]));
    serde_json::from_value(statements).expect("a list of statements")
}

/// A harness whose databases are created as in the guide, then adopted.
struct Adopted {
    kind: Kind,
    statements: Vec<String>,
}

impl Harness for Adopted {
    fn describe(&self) -> Description {
        Description::new(format!("{} adopted", self.kind), env!("CARGO_PKG_VERSION"))
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let database = Database::new(self.kind)?;
        if let Some(path) = database.url().strip_prefix("sqlite:") {
            let connection = rusqlite::Connection::open(path)?;
            connection.execute_batch(&self.statements.join(";\n"))?;
        } else {
            let mut client = database.client();
            for statement in &self.statements {
                client.try_query(statement)?;
            }
        }
        let migrator = AuthStore::connect(&database.url())?
            .migrator()
            .ok_or("no schema")?;
        if migrator.adopt()?.is_empty() {
            return Err("there was nothing to adopt".into());
        }
        Ok(Box::new(OnDatabase(database)))
    }

    /// This is about the schema. Failures of connections are tested on each database without adoption.
    fn declined(&self) -> Vec<Declined> {
        [
            "faults.unreachable",
            "faults.restart",
            "faults.killed_server",
            "faults.cut_during_write",
            "faults.answer_lost",
            "faults.answer_late",
            "faults.answers_in_step",
            "faults.paused",
            "faults.wrong_password",
            "secrets.unreachable",
            "secrets.unanswered",
        ]
        .map(|rule| Declined::new(rule, "This harness cannot do anything to a connection."))
        .into()
    }
}

struct OnDatabase(Database);

impl Storage for OnDatabase {
    fn open(&self) -> Result<AuthStore, BoxError> {
        Ok(AuthStore::connect(&self.0.url())?)
    }
}
