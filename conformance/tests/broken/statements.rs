//! Faults with the application's own statements in transactions, on SQLite.

use std::marker::PhantomData;
use std::sync::Mutex;

use authstore::{SqlRow, SqlValue, SqliteBackend, SqliteOptions};
use authstore_conformance::{BoxError, Description, Harness, Runner, Storage};

use super::fault::*;

/// A statement with its parameters.
type Statement = (&'static str, Vec<SqlValue>);

/// What the application's statements do wrong: whatever it overrides.
trait Wrong: Send + Sync + 'static {
    fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
        tx.right.execute(sql, values)
    }

    fn query(
        tx: &Transaction<Self>,
        sql: &'static str,
        values: &[SqlValue],
    ) -> Result<Vec<SqlRow>> {
        tx.right.query(sql, values)
    }

    fn roll_back(tx: &Transaction<Self>) {
        tx.right.roll_back();
    }
}

/// A transaction of SQLite.
struct Transaction<W: ?Sized> {
    right: Box<dyn BackendTransaction>,
    storage: Arc<SqliteBackend>,
    /// The statements that have changed something, for those who need them again.
    done: Mutex<Vec<Statement>>,
    wrong: PhantomData<W>,
}

impl<W: Wrong> Transaction<W> {
    fn remember(&self, sql: &'static str, values: &[SqlValue]) {
        let mut done = self.done.lock().expect("no panic while held");
        done.push((sql, values.to_vec()));
    }

    /// Runs the remembered statements in a transaction of their own.
    fn repeat(&self) -> Result<()> {
        let done = std::mem::take(&mut *self.done.lock().expect("no panic while held"));
        AuthStore::new(Handle::<how::Nothing>::on(&self.storage)).transaction(|tx| {
            for (sql, values) in &done {
                tx.execute(sql, values)?;
            }
            Ok(())
        })
    }
}

impl<W: Wrong> BackendTransaction for Transaction<W> {
    fn backend(&self) -> Arc<dyn Backend> {
        self.right.backend()
    }

    fn execute(&self, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
        W::execute(self, sql, values)
    }

    fn query(&self, sql: &'static str, values: &[SqlValue]) -> Result<Vec<SqlRow>> {
        W::query(self, sql, values)
    }

    fn commit(&self) -> Result<()> {
        self.right.commit()
    }

    fn roll_back(&self) {
        W::roll_back(self);
    }

    fn may_repeat(&self) -> bool {
        self.right.may_repeat()
    }
}

/// SQLite, with wrong statements.
struct Handle<W> {
    storage: Arc<SqliteBackend>,
    wrong: PhantomData<fn() -> W>,
}

impl<W> Handle<W> {
    fn on(storage: &Arc<SqliteBackend>) -> Self {
        Handle {
            storage: Arc::clone(storage),
            wrong: PhantomData,
        }
    }
}

macro_rules! operations {
    ({} $(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl<W: Wrong> Backend for Handle<W> {
            fn name(&self) -> &'static str {
                "broken"
            }

            $(fn $name(&self $(, $argument: $kind)*) -> Result<$result> {
                self.storage.$name($($argument),*)
            })*

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                let Some(right) = self.storage.begin()? else {
                    return Ok(None);
                };
                Ok(Some(Box::new(Transaction::<W> {
                    right,
                    storage: Arc::clone(&self.storage),
                    done: Mutex::default(),
                    wrong: PhantomData,
                })))
            }

            fn pool_state(&self) -> Option<PoolState> {
                self.storage.pool_state()
            }

            fn migrator(&self) -> Option<Migrator> {
                self.storage.migrator()
            }
        }
    };
}

authstore::for_each_operation!(operations! {});

/// The harness of SQLite in memory with wrong statements, and its storages.
struct WrongSqlite<W> {
    storage: Option<Arc<SqliteBackend>>,
    wrong: PhantomData<fn() -> W>,
}

impl<W> WrongSqlite<W> {
    fn new(storage: Option<Arc<SqliteBackend>>) -> Self {
        WrongSqlite {
            storage,
            wrong: PhantomData,
        }
    }
}

impl<W: Wrong> Harness for WrongSqlite<W> {
    fn describe(&self) -> Description {
        Description::new(std::any::type_name::<W>(), "0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let storage = SqliteOptions::memory().open()?;
        Ok(Box::new(Self::new(Some(Arc::new(storage)))))
    }
}

impl<W: Wrong> Storage for WrongSqlite<W> {
    fn open(&self) -> Result<AuthStore, BoxError> {
        let storage = self.storage.as_ref().expect("a storage, which fresh made");
        Ok(AuthStore::new(Handle::<W>::on(storage)))
    }
}

/// Runs a statement with other parameters.
fn with<W: Wrong>(
    tx: &Transaction<W>,
    sql: &'static str,
    values: &[SqlValue],
    change: impl Fn(&SqlValue) -> SqlValue,
) -> Result<u64> {
    let values: Vec<SqlValue> = values.iter().map(change).collect();
    tx.right.execute(sql, &values)
}

/// Returns the strings among the values.
fn texts(values: &[SqlValue]) -> String {
    let texts = values.iter().filter_map(|value| match value {
        SqlValue::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Parameters that change in this way before they are stored.
macro_rules! parameters {
    ($pattern:pat $(if $condition:expr)? => $value:expr) => {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            with(tx, sql, values, |value| match value {
                $pattern $(if $condition)? => $value,
                other => other.clone(),
            })
        }
    };
}

/// The error that becomes of a statement's rejection.
macro_rules! rejects {
    ($error:expr) => {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map_err(|error| match error {
                Error::Rejected { .. } => $error,
                other => other,
            })
        }
    };
}

/// Wrong statements: name, what they do wrong, and how, with a test for each.
macro_rules! wrong {
    ($($name:ident $does:literal { $($body:tt)* })*) => {
        mod how {
            use super::*;

            pub(super) struct Nothing;
            impl Wrong for Nothing {}

            $(pub(super) struct $name;
            impl Wrong for $name { $($body)* })*
        }

        pub(crate) fn faults() -> Vec<Entry> {
            vec![$(Entry { rule: RULE, does: $does }),*]
        }

        #[expect(non_snake_case, reason = "a test for each fault bears its name")]
        mod caught {
            $(#[test]
            fn $name() {
                use super::*;
                is_caught(WrongSqlite::<how::$name>::new(None), RULE, $does);
            })*
        }
    };
}

const RULE: &str = "transaction.application_table";

wrong! {
    CountsNothing "Returns 0 as the number of rows that a statement changed." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map(|_| 0)
        }
    }

    CountsStatements "Returns 1 for a statement that changed several rows." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map(|count| count.min(1))
        }
    }

    CountsMissing "Returns 1 for a statement that changed no row." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map(|count| count.max(1))
        }
    }

    RunsAutonomously "Keeps what statements of the application changed when the transaction is undone." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.remember(sql, values);
            tx.right.execute(sql, values)
        }

        fn roll_back(tx: &Transaction<Self>) {
            tx.right.roll_back();
            tx.repeat().expect("the statements succeed again");
        }
    }

    BindsOnce "Runs a statement again with the parameters of its first call." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.remember(sql, values);
            let done = tx.done.lock().expect("no panic while held").clone();
            let first = done.into_iter().find(|(known, _)| *known == sql);
            first.map_or(Ok(0), |(_, values)| tx.right.execute(sql, &values))
        }
    }

    StoresNullAsEmpty "Stores a parameter that is NULL as an empty string." {
        parameters!(SqlValue::Null => SqlValue::Text(String::new()));
    }

    StoresEmptyAsNull "Stores a parameter that is an empty string as NULL." {
        parameters!(SqlValue::Text(text) if text.is_empty() => SqlValue::Null);
    }

    TrimsParameters "Removes the spaces around a parameter." {
        parameters!(SqlValue::Text(text) => SqlValue::Text(text.trim().to_owned()));
    }

    EscapesParameters "Escapes the backslashes of a parameter." {
        parameters!(SqlValue::Text(text) => SqlValue::Text(text.replace('\\', "\\\\")));
    }

    RoundsParameters "Stores numbers with the precision of 32 bits." {
        parameters!(SqlValue::Real(real) => SqlValue::Real(f64::from(*real as f32)));
    }

    StoresIntegersAsReal "Stores integers with the precision of a floating-point number." {
        parameters!(SqlValue::Integer(integer) => SqlValue::Integer(*integer as f64 as i64));
    }

    StoresBooleansAsText "Stores booleans as words." {
        parameters!(SqlValue::Boolean(flag) => SqlValue::Text(flag.to_string()));
    }

    CutsBytes "Stores bytes up to the first zero." {
        parameters!(SqlValue::Bytes(bytes) => SqlValue::Bytes(bytes.split(|byte| *byte == 0).next().expect("a part").to_vec()));
    }

    StoresSeconds "Stores times without their fractions of a second." {
        parameters!(SqlValue::Time(time) => SqlValue::Time(time.replace_nanosecond(0).expect("less than a second")));
    }

    StoresNilAsNull "Stores the UUID of zeros as NULL." {
        parameters!(SqlValue::Uuid(uuid) if uuid.is_nil() => SqlValue::Null);
    }

    RejectsAsConflict "Reports a constraint of the application as one of the storage's own." {
        rejects!(Error::conflict(Constraint::UserId));
    }

    RejectsAsFailure "Reports a constraint of the application as a failure of the backend." {
        rejects!(Error::backend("a constraint failed"));
    }

    RejectsAsMissing "Reports a missing row of the application as a missing user." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map_err(|error| match error {
                Error::Rejected { .. } if sql.contains("parent") => Error::not_found(Entity::User),
                other => other,
            })
        }
    }

    CascadesDeletes "Deletes the rows that refer to a deleted row of the application." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            let delete = || tx.right.execute(sql, values);
            delete().or_else(|error| match values {
                [parent] => {
                    let children = "DELETE FROM conformance_application WHERE parent = ?";
                    tx.right.execute(children, std::slice::from_ref(parent))?;
                    delete()
                }
                _ => Err(error),
            })
        }
    }

    NamesRejectedValues "Names the values of a row in the error of the constraint that rejects it." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map_err(|error| match error {
                Error::Rejected { constraint } => Error::rejected(format!("{constraint} by {}", texts(values))),
                other => other,
            })
        }
    }

    NamesMiscountedValues "Names the values of a statement in the error about their number." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.right.execute(sql, values).map_err(|error| match error {
                error @ Error::Rejected { .. } => error,
                _ => Error::backend(format!("wrong number of parameters: {}", texts(values))),
            })
        }
    }

    KeepsTheFirstRow "Keeps the first row of a statement whose second row is rejected." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            tx.remember(sql, values);
            tx.right.execute(sql, values).inspect_err(|_| {
                let done = tx.done.lock().expect("no panic while held").clone();
                if let Some((row, _)) = done.iter().find(|(_, row)| row.len() * 2 == values.len()) {
                    let kept = tx.right.execute(row, &values[..values.len() / 2]);
                    kept.expect("the first row is not rejected");
                }
            })
        }
    }

    FillsParameters "Stores NULL for a parameter that is missing." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            let mut values = values.to_vec();
            values.resize(sql.matches('?').count().max(values.len()), SqlValue::Null);
            tx.right.execute(sql, &values)
        }
    }

    IgnoresParameters "Ignores a parameter that is too many." {
        fn execute(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<u64> {
            let count = sql.matches('?').count().min(values.len());
            tx.right.execute(sql, &values[..count])
        }
    }

    ReturnsOneRow "Returns the first row of a query." {
        fn query(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<Vec<SqlRow>> {
            let mut rows = tx.right.query(sql, values)?;
            rows.truncate(1);
            Ok(rows)
        }
    }

    IgnoresTheCondition "Returns rows that a query's parameter does not select." {
        fn query(tx: &Transaction<Self>, sql: &'static str, values: &[SqlValue]) -> Result<Vec<SqlRow>> {
            let rows = tx.right.query(sql, values)?;
            if rows.is_empty() && !values.is_empty() {
                let mut cells = vec![SqlValue::Null; 7];
                cells[0] = SqlValue::Integer(0);
                return Ok(vec![SqlRow::new(cells)]);
            }
            Ok(rows)
        }
    }
}

#[test]
fn right_statements_keep_the_rule() {
    let harness = WrongSqlite::<how::Nothing>::new(None);
    let certificate = Runner::new(harness).only("transaction").run();
    assert_eq!(certificate.counts.failed, 0, "{certificate:#?}");
    assert!(certificate.counts.passed > 8, "{certificate:#?}");
}
