//! An adopted database keeps the rules of the conformance suite.
//!
//! Only rules about what a schema decides are checked: which values a column takes, which constraints there are, and how
//! all operations work together. The others take most of the time, and do not depend on the adoption, which ends with a
//! schema that is equal to ours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use authstore::AuthStore;
use authstore_conformance::{BoxError, Class, Description, Harness, Outcome, Runner, Storage};
use authstore_test_databases::{Database, Kind, Test, TextRow};
use serde_json::json;

use crate::node::Js;
use crate::on_each;

pub(crate) fn tests() -> Vec<Test> {
    on_each(
        "an_adopted_database_keeps_the_rules",
        an_adopted_database_keeps_the_rules,
    )
}

fn an_adopted_database_keeps_the_rules(kind: Kind) {
    let harness = Adopted {
        kind,
        statements: statements_of_the_guide(kind),
        emptied: Arc::default(),
    };
    let certificate = Runner::new(harness)
        .only("values")
        .only("constraints")
        .only("model")
        .run();
    let failed: Vec<_> = certificate
        .rules
        .iter()
        .filter(|rule| {
            matches!(rule.class, Class::Values | Class::Constraints)
                || rule.id.starts_with("model.")
        })
        .filter(|rule| rule.outcome != Outcome::Passed)
        .map(|rule| {
            (
                &rule.id,
                rule.outcome,
                rule.detail.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(certificate.problems, [""; 0]);
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
    emptied: Emptied,
}

/// Adopted databases whose rule has ended, and whose rows were deleted. An adoption takes longer than most rules.
type Emptied = Arc<Mutex<Vec<Database>>>;

fn lock(emptied: &Emptied) -> MutexGuard<'_, Vec<Database>> {
    emptied.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Adopted {
    fn adopt(&self) -> Result<Database, BoxError> {
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
        Ok(database)
    }
}

impl Harness for Adopted {
    fn describe(&self) -> Description {
        Description::new(format!("{} adopted", self.kind), env!("CARGO_PKG_VERSION"))
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let emptied = lock(&self.emptied).pop();
        let database = emptied.map_or_else(|| self.adopt(), Ok)?;
        Ok(Box::new(OnDatabase {
            objects: self
                .kind
                .is_server()
                .then(|| objects(&database))
                .transpose()?,
            database: Some(database),
            emptied: Arc::clone(&self.emptied),
        }))
    }
}

struct OnDatabase {
    database: Option<Database>,
    /// Its objects, if it can be used again. On SQLite it cannot: adopting a new file is fast.
    objects: Option<Vec<TextRow>>,
    emptied: Emptied,
}

impl Storage for OnDatabase {
    fn open(&self) -> Result<AuthStore, BoxError> {
        let database = self.database.as_ref().ok_or("the storage is gone")?;
        Ok(AuthStore::connect(&database.url())?)
    }
}

impl Drop for OnDatabase {
    fn drop(&mut self) {
        if let (Some(database), Some(objects)) = (self.database.take(), self.objects.take())
            && empty(&database, &objects).is_ok()
        {
            lock(&self.emptied).push(database);
        }
    }
}

/// Deletes all rows. Fails if a rule has changed more than rows.
fn empty(database: &Database, adopted: &[TextRow]) -> Result<(), BoxError> {
    let mut client = database.client();
    for table in ["User", "VerificationToken", "authstore_challenge"] {
        let sql = format!(r#"DELETE FROM "{table}""#);
        client.try_query(&database.kind().quoted(&sql))?;
    }
    let migrator = AuthStore::connect(&database.url())?
        .migrator()
        .ok_or("no schema")?;
    if migrator.compare()?.is_empty() && objects(database)? == adopted {
        Ok(())
    } else {
        Err("the rule has changed the schema".into())
    }
}

/// Returns how many tables a database has, and how many migrations are in its history.
fn objects(database: &Database) -> Result<Vec<TextRow>, BoxError> {
    let schema = match database.kind() {
        Kind::Postgres => "current_schema()",
        _ => "schema()",
    };
    let counts = format!(
        "SELECT count(*), (SELECT count(*) FROM authstore_migration) \
         FROM information_schema.tables WHERE table_schema = {schema}"
    );
    Ok(database.client().try_query(&counts)?)
}
