//! A table of the application beside those of the storage, for rules about the application's own SQL: in the words that
//! SQLite, PostgreSQL, MySQL and MariaDB share.

use authstore::migration::{Migration, Series};
use authstore::{AuthStore, Error, SqlValue, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::{Failure, Verdict, succeeds};
use crate::rules::migrate::migrator;
use crate::rules::transaction::undone;
use crate::show::Show;

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) word: Option<String>,
    pub(crate) ratio: Option<f64>,
    pub(crate) flag: Option<bool>,
    pub(crate) owner: Option<Uuid>,
    pub(crate) since: Option<OffsetDateTime>,
    pub(crate) photo: Option<Vec<u8>>,
}

impl Row {
    pub(crate) fn new(number: i64, word: &str) -> Self {
        Row {
            number,
            word: Some(word.to_owned()),
            ..Row::default()
        }
    }

    /// Returns the parameters of the statement that inserts the row.
    pub(crate) fn values(&self) -> [SqlValue; 7] {
        [
            self.number.into(),
            self.word.clone().into(),
            self.ratio.into(),
            self.flag.into(),
            self.owner.into(),
            self.since.into(),
            self.photo.clone().into(),
        ]
    }
}

impl Show for Row {
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

/// The table, with statements in the placeholders of its database.
pub(crate) struct ApplicationTable {
    insert: &'static str,
    insert_two: &'static str,
    rename_from: &'static str,
    delete: &'static str,
    find: &'static str,
    list: &'static str,
    insert_code: &'static str,
    insert_child: &'static str,
}

macro_rules! statements {
    ($($placeholder:literal)*) => { statements!(@ $($placeholder),*) };
    (
        @ $a:literal, $b:literal, $c:literal, $d:literal, $e:literal, $f:literal, $g:literal,
        $h:literal, $i:literal, $j:literal, $k:literal, $l:literal, $m:literal, $n:literal
    ) => {
        ApplicationTable {
            insert: concat!(
                "INSERT INTO conformance_application (number, word, ratio, flag, owner, since, photo) VALUES (",
                $a, ", ", $b, ", ", $c, ", ", $d, ", ", $e, ", ", $f, ", ", $g, ")"
            ),
            insert_two: concat!(
                "INSERT INTO conformance_application (number, word, ratio, flag, owner, since, photo) VALUES (",
                $a, ", ", $b, ", ", $c, ", ", $d, ", ", $e, ", ", $f, ", ", $g, "), (",
                $h, ", ", $i, ", ", $j, ", ", $k, ", ", $l, ", ", $m, ", ", $n, ")"
            ),
            rename_from: concat!(
                "UPDATE conformance_application SET word = ", $a, " WHERE number >= ", $b
            ),
            delete: concat!("DELETE FROM conformance_application WHERE number = ", $a),
            find: concat!(
                "SELECT number, word, ratio, flag, owner, since, photo FROM conformance_application WHERE number = ", $a
            ),
            list: "SELECT number, word, ratio, flag, owner, since, photo FROM conformance_application ORDER BY number",
            insert_code: concat!(
                "INSERT INTO conformance_application (number, code) VALUES (", $a, ", ", $b, ")"
            ),
            insert_child: concat!(
                "INSERT INTO conformance_application (number, parent) VALUES (", $a, ", ", $b, ")"
            ),
        }
    };
}

/// In the placeholders that databases have.
const TABLES: [ApplicationTable; 2] = [
    statements!("?" "?" "?" "?" "?" "?" "?" "?" "?" "?" "?" "?" "?" "?"),
    statements!("$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11" "$12" "$13" "$14"),
];

/// What databases call the types of a UUID, a time and bytes, which have no common name.
const TYPES: [[&str; 3]; 2] = [
    ["CHAR(36)", "DATETIME(3)", "LONGBLOB"],
    ["UUID", "TIMESTAMPTZ(3)", "BYTEA"],
];

impl ApplicationTable {
    /// Creates the table by a migration.
    pub(crate) fn create(store: &AuthStore) -> Verdict<Self> {
        let mut outcome = Ok(());
        for [uuid, time, bytes] in TYPES {
            let up = format!(
                "CREATE TABLE conformance_application (number BIGINT NOT NULL PRIMARY KEY, word VARCHAR(200), \
                 ratio DOUBLE PRECISION, flag BOOLEAN, owner {uuid}, since {time}, photo {bytes}, \
                 code VARCHAR(100) UNIQUE, parent BIGINT, \
                 FOREIGN KEY (parent) REFERENCES conformance_application (number))"
            );
            let down = "DROP TABLE conformance_application".to_owned();
            let step = Migration::new(1, "create_application", up, Some(down));
            let series = succeeds(
                "Series::new(..)",
                Series::new("conformance_application", vec![step]),
            )?;
            outcome = migrator(store)?.with_series(series).up().map(drop);
            if outcome.is_ok() {
                break;
            }
        }
        succeeds(
            "a migration that creates a table of the application",
            outcome,
        )?;
        for table in TABLES {
            if undone(store, |tx| Ok(table.find(tx, 1).is_ok()))? {
                return Ok(table);
            }
        }
        Err(Failure::broken(
            "a query with one parameter fails with each kind of placeholder, ? and $1",
        ))
    }

    /// Inserts a row, and returns how many were inserted. There may be too few or too many values.
    pub(crate) fn insert(&self, tx: &Transaction, values: &[SqlValue]) -> authstore::Result<u64> {
        tx.execute(self.insert, values)
    }

    /// Inserts two rows by one statement.
    pub(crate) fn insert_two(&self, tx: &Transaction, rows: [&Row; 2]) -> authstore::Result<u64> {
        tx.execute(self.insert_two, &rows.map(Row::values).concat())
    }

    /// Writes the word of the rows from a number on.
    pub(crate) fn rename_from(
        &self,
        tx: &Transaction,
        number: i64,
        word: &str,
    ) -> authstore::Result<u64> {
        tx.execute(self.rename_from, &[word.into(), number.into()])
    }

    pub(crate) fn delete(&self, tx: &Transaction, number: i64) -> authstore::Result<u64> {
        tx.execute(self.delete, &[number.into()])
    }

    pub(crate) fn find(&self, tx: &Transaction, number: i64) -> authstore::Result<Vec<Row>> {
        rows(tx, self.find, &[number.into()])
    }

    /// Inserts a row with only a number and a code, which is unique.
    pub(crate) fn insert_code(
        &self,
        tx: &Transaction,
        number: i64,
        code: &str,
    ) -> authstore::Result<u64> {
        tx.execute(self.insert_code, &[number.into(), code.into()])
    }

    /// Inserts a row with only a number and its parent's, which the table must have.
    pub(crate) fn insert_child(
        &self,
        tx: &Transaction,
        number: i64,
        parent: i64,
    ) -> authstore::Result<u64> {
        tx.execute(self.insert_child, &[number.into(), parent.into()])
    }

    /// Returns all rows, by number.
    pub(crate) fn list(&self, tx: &Transaction) -> authstore::Result<Vec<Row>> {
        rows(tx, self.list, &[])
    }
}

fn rows(tx: &Transaction, sql: &'static str, values: &[SqlValue]) -> authstore::Result<Vec<Row>> {
    tx.query(sql, values)?
        .iter()
        .map(|row| {
            Ok::<_, Error>(Row {
                number: row.get(0)?,
                word: row.get(1)?,
                ratio: row.get(2)?,
                flag: row.get(3)?,
                owner: row.get(4)?,
                since: row.get(5)?,
                photo: row.get(6)?,
            })
        })
        .collect()
}
