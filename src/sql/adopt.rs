//! How a database that Auth.js made is brought to the schema of this crate: what is looked at, and what is changed, is
//! in `sql/<dialect>/adopt/`; this is the order in which it happens.

use super::Connection;
use crate::error::{Error, Result};
use crate::migration::{Adoption, Applied, Migration, MigrationError, Series};

/// What a database looks at and changes.
pub(crate) struct Adopt {
    /// What is there, as `Table.column`, of the five tables and of the five set aside; of the latter also the foreign
    /// keys, where their names matter.
    pub(crate) present: &'static str,
    /// What is not as it should be, in words.
    pub(crate) differences: &'static [&'static str],
    /// What has to be resolved first, in words.
    pub(crate) obstacles: &'static [Obstacle],
    /// What brings the schema up to ours, in this order.
    pub(crate) repairs: &'static [Repair],
}

/// A query for what stands in the way, and the columns that it can only be asked with.
pub(crate) struct Obstacle {
    pub(crate) needs: &'static [&'static str],
    pub(crate) sql: &'static str,
}

#[allow(dead_code, reason = "no single database needs all of them")]
pub(crate) enum Repair {
    /// Adds this column (`Table.column`) where the table is there without it.
    AddColumn(&'static str, &'static str),
    /// Sets this table aside, unless that was done before: the last that is set aside is `User`.
    SetAside(&'static str, &'static str),
    /// Drops this foreign key (`Table.name`) where it is there.
    DropForeignKey(&'static str, &'static str),
    /// Does this where the table is there.
    Table(&'static str, &'static str),
    /// Does this.
    Always(&'static str),
    /// Takes the steps of the series whose tables are not there, and writes all of them into the history.
    Steps,
}

/// The table of Auth.js that a step makes. A later step makes none, and is run unless the history has it.
const TABLES: [&str; 5] = [
    "User",
    "Account",
    "Session",
    "VerificationToken",
    "Authenticator",
];

/// `User`, set aside.
const USER_ASIDE: &str = "authstore_adopted_User";

/// A file of a dialect's folder `adopt`.
macro_rules! obstacle {
    ($dialect:literal, $name:literal $(, $needs:literal)*) => {
        $crate::sql::Obstacle {
            needs: &[$($needs),*],
            sql: $crate::sql::sql!($dialect, "adopt/obstacle/", $name),
        }
    };
}
pub(crate) use obstacle;

/// A connection that holds the lock on migrations.
pub(crate) trait Adopter {
    type Connection: Connection;

    fn connection(&mut self) -> &mut Self::Connection;

    /// Runs SQL as it stands, one statement or several.
    fn run(&mut self, sql: &str) -> Result<()>;

    /// The steps in the history; its table is made when `create` says so.
    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>>;

    /// Writes into the history that a step was taken.
    fn record(&mut self, series: &str, migration: &Migration) -> Result<()>;
}

/// Looks, and where `apply` says so and nothing is in the way, brings the schema up to ours.
pub(crate) fn adopt(
    adopter: &mut impl Adopter,
    adopt: &Adopt,
    series: &Series,
    apply: bool,
) -> Result<Adoption> {
    let present = Present::ask(adopter, adopt)?;
    if !present.table("User") && !present.table(USER_ASIDE) {
        return Err(MigrationError::NothingToAdopt.into());
    }
    let found = look(adopter, adopt, series, &present)?;
    if !apply || found.is_empty() {
        return Ok(found);
    }
    if !found.obstacles.is_empty() {
        return Err(MigrationError::InTheWay {
            obstacles: found.obstacles,
        }
        .into());
    }
    adopter.applied(series.name(), true)?;
    for repair in adopt.repairs {
        mend(adopter, adopt, series, repair)?;
    }
    let present = Present::ask(adopter, adopt)?;
    let left = look(adopter, adopt, series, &present)?;
    if !left.is_empty() {
        return Err(Error::backend(format!(
            "the schema could not be brought to what this program needs; {left}"
        )));
    }
    Ok(found)
}

fn look(
    adopter: &mut impl Adopter,
    adopt: &Adopt,
    series: &Series,
    present: &Present,
) -> Result<Adoption> {
    let mut found = Adoption::default();
    for sql in adopt.differences {
        found.differences.extend(ask(adopter, sql)?);
    }
    let history = adopter.applied(series.name(), false)?;
    if !series
        .migrations()
        .iter()
        .all(|step| history.iter().any(|row| row.version == step.version()))
    {
        let line = "the history of migrations does not say that the schema is there";
        found.differences.push(line.into());
    }
    if found.is_empty() {
        return Ok(found);
    }
    for obstacle in adopt.obstacles {
        if obstacle.needs.iter().all(|column| present.column(column)) {
            found.obstacles.extend(ask(adopter, obstacle.sql)?);
        }
    }
    Ok(found)
}

fn mend(adopter: &mut impl Adopter, adopt: &Adopt, series: &Series, repair: &Repair) -> Result<()> {
    let present = Present::ask(adopter, adopt)?;
    match *repair {
        Repair::AddColumn(column, sql) if present.lacks(column) => adopter.run(sql),
        Repair::SetAside(table, sql) if present.table(table) && !present.table(USER_ASIDE) => {
            adopter.run(sql)
        }
        Repair::DropForeignKey(name, sql) if present.column(name) => adopter.run(sql),
        Repair::Table(table, sql) if present.table(table) => adopter.run(sql),
        Repair::Always(sql) => adopter.run(sql),
        Repair::Steps => {
            let history = adopter.applied(series.name(), true)?;
            let tables = TABLES.iter().map(Some).chain(std::iter::repeat(None));
            for (step, table) in series.migrations().iter().zip(tables) {
                let recorded = history.iter().any(|row| row.version == step.version());
                if table.map_or(!recorded, |table| !present.table(table)) {
                    adopter.run(step.up())?;
                }
                if !recorded {
                    adopter.record(series.name(), step)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn ask(adopter: &mut impl Adopter, sql: &'static str) -> Result<Vec<String>> {
    adopter.connection().query(sql, &[])
}

/// The columns that are there.
struct Present(Vec<String>);

impl Present {
    fn ask(adopter: &mut impl Adopter, adopt: &Adopt) -> Result<Self> {
        ask(adopter, adopt.present).map(Present)
    }

    fn table(&self, table: &str) -> bool {
        self.0.iter().any(|column| table_of(column) == table)
    }

    fn column(&self, column: &str) -> bool {
        self.0.iter().any(|there| there == column)
    }

    fn lacks(&self, column: &str) -> bool {
        self.table(table_of(column)) && !self.column(column)
    }
}

fn table_of(column: &str) -> &str {
    column.split_once('.').map_or(column, |(table, _)| table)
}
