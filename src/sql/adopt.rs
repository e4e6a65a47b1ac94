//! How a database that Auth.js made is brought to the schema of this crate: what is inspected, and what is changed, is
//! in `sql/<dialect>/adopt/`; this is the order in which it happens.

use super::Connection;
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Migration, MigrationError, Series, TableRows,
};

/// The queries and statements by which a database inspects and repairs.
pub(crate) struct AdoptionPlan {
    /// Prepares the session, before anything is inspected.
    pub(crate) begin: Option<&'static str>,
    /// Lists what exists, as `Table.column`, of the five tables and of the one that an interrupted run leaves; where
    /// their names matter, also foreign keys.
    pub(crate) present: &'static str,
    /// Counts the rows of a table.
    pub(crate) counts: [(&'static str, &'static str); 5],
    /// Lists what is not as it should be, and what of the application's own will change.
    pub(crate) differences: &'static [Check],
    /// Lists what blocks an adopted database as well, where nothing else differs. What else is in `objects` may be added
    /// again after an adoption.
    pub(crate) drift: &'static [Check],
    /// Lists the objects that someone has to decide about first. Where there are any, rows are not looked at: a query
    /// for rows relies on the types of its columns.
    pub(crate) objects: &'static [Check],
    /// Lists the rows that the schema has no place for.
    pub(crate) rows: &'static [Check],
    /// Keeps everyone else from writing, where one transaction does it all.
    pub(crate) lock: Option<&'static str>,
    /// Bring the schema up to ours, in this order.
    pub(crate) repairs: &'static [Repair],
}

/// A query that returns lines of text, and the columns (`Table.column`) without which it cannot be run.
pub(crate) struct Check {
    pub(crate) needs: &'static [&'static str],
    pub(crate) sql: &'static str,
}

#[allow(dead_code, reason = "no single database needs all of them")]
pub(crate) enum Repair {
    /// Runs this where the table exists without this column or foreign key (`Table.name`).
    Missing(&'static str, &'static str),
    /// Runs this where the table exists.
    Table(&'static str, &'static str),
    /// Runs this.
    Always(&'static str),
    /// Runs the statements that this query returns: those that name objects of the application's own.
    Generated(&'static str),
    /// Applies the migrations of the series whose tables are missing, and records all of them.
    Steps,
}

/// The tables, in the order of the migrations that create them. A later migration creates none of them, and is always
/// applied.
const TABLES: [&str; 5] = [
    "User",
    "Account",
    "Session",
    "VerificationToken",
    "Authenticator",
];

/// A file of a dialect's folder `adopt`, and what it needs.
macro_rules! check {
    ($dialect:literal, $name:literal $(, $needs:literal)*) => {
        $crate::sql::Check {
            needs: &[$($needs),*],
            sql: $crate::sql::sql!($dialect, "adopt/", $name),
        }
    };
}
pub(crate) use check;

/// The queries that count rows, from a dialect's folder `adopt`.
macro_rules! counts {
    ($dialect:literal) => {
        [
            ("User", $crate::sql::sql!($dialect, "adopt/count_user")),
            (
                "Account",
                $crate::sql::sql!($dialect, "adopt/count_account"),
            ),
            (
                "Session",
                $crate::sql::sql!($dialect, "adopt/count_session"),
            ),
            (
                "VerificationToken",
                $crate::sql::sql!($dialect, "adopt/count_verification_token"),
            ),
            (
                "Authenticator",
                $crate::sql::sql!($dialect, "adopt/count_authenticator"),
            ),
        ]
    };
}
pub(crate) use counts;

/// A connection that holds the lock on migrations.
pub(crate) trait AdoptionTarget {
    type Connection: Connection;

    fn connection(&mut self) -> &mut Self::Connection;

    /// Runs SQL as it stands, one statement or several, for as long as it takes.
    fn run(&mut self, sql: &str) -> Result<()>;

    /// Returns the migrations in the history, whose table is created if `create` is true.
    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>>;

    /// Records a migration as applied.
    fn record(&mut self, series: &str, migration: &Migration) -> Result<()>;
}

/// Inspects, and if `apply` is true and nothing blocks it, brings the schema up to ours.
pub(crate) fn adopt(
    target: &mut impl AdoptionTarget,
    plan: &AdoptionPlan,
    series: &Series,
    apply: bool,
    progress: &mut dyn FnMut(AdoptionProgress),
) -> Result<Adoption> {
    if let Some(sql) = plan.begin {
        target.run(sql)?;
    }
    if apply && let Some(sql) = plan.lock {
        for statement in lines(target, sql)? {
            target.run(&statement)?;
        }
    }
    let present = Present::ask(target, plan)?;
    if !present.table("User") {
        return Err(MigrationError::NothingToAdopt.into());
    }
    let found = inspect(target, plan, series, &present)?;
    if !apply || found.is_empty() {
        return Ok(found);
    }
    if !found.obstacles.is_empty() {
        return Err(MigrationError::InTheWay {
            obstacles: found.obstacles,
        }
        .into());
    }
    target.applied(series.name(), true)?;
    let mut run = Run {
        target,
        plan,
        series,
        total: found.rows.iter().map(|table| table.rows).sum(),
        rows: &found.rows,
        done: Vec::new(),
        progress,
    };
    for repair in plan.repairs {
        run.apply_repair(repair)?;
    }
    let present = Present::ask(target, plan)?;
    let left = inspect(target, plan, series, &present)?;
    if !left.is_empty() {
        return Err(Error::backend(format!(
            "could not bring the schema to what this program needs; {left}"
        )));
    }
    Ok(found)
}

fn inspect(
    target: &mut impl AdoptionTarget,
    plan: &AdoptionPlan,
    series: &Series,
    present: &Present,
) -> Result<Adoption> {
    let mut found = Adoption {
        differences: present.check(target, plan.differences)?,
        ..Adoption::default()
    };
    let history = target.applied(series.name(), false)?;
    if !series
        .migrations()
        .iter()
        .all(|step| history.iter().any(|row| row.version == step.version()))
    {
        let line = "the history of migrations does not record the schema";
        found.differences.push(line.into());
    }
    if found.is_empty() {
        found.obstacles = present.check(target, plan.drift)?;
        return Ok(found);
    }
    found.obstacles = present.check(target, plan.objects)?;
    if found.obstacles.is_empty() {
        found.obstacles = present.check(target, plan.rows)?;
        for (table, sql) in plan.counts {
            if present.table(table) {
                let rows = target.connection().query_optional::<i64>(sql, &[])?;
                found.rows.push(TableRows {
                    table,
                    rows: rows.unwrap_or(0).unsigned_abs(),
                });
            }
        }
    }
    Ok(found)
}

fn lines(target: &mut impl AdoptionTarget, sql: &'static str) -> Result<Vec<String>> {
    target.connection().query(sql, &[])
}

/// A run that changes things.
struct Run<'a, T> {
    target: &'a mut T,
    plan: &'a AdoptionPlan,
    series: &'a Series,
    rows: &'a [TableRows],
    total: u64,
    /// The tables that progress was reported for.
    done: Vec<&'static str>,
    progress: &'a mut dyn FnMut(AdoptionProgress),
}

impl<T: AdoptionTarget> Run<'_, T> {
    /// Inspects again before each repair: the one before may have made it needless, and on MySQL and MariaDB, which
    /// commit every statement, so may an interrupted run.
    fn apply_repair(&mut self, repair: &Repair) -> Result<()> {
        let present = Present::ask(self.target, self.plan)?;
        match *repair {
            Repair::Missing(name, sql) if present.lacks(name) => self.run(sql),
            Repair::Table(table, sql) if present.table(table) => self.run(sql),
            Repair::Always(sql) => self.run(sql),
            Repair::Generated(sql) => {
                for statement in lines(self.target, sql)? {
                    self.run(&statement)?;
                }
                Ok(())
            }
            Repair::Steps => self.record_steps(&present),
            _ => Ok(()),
        }
    }

    /// The first migrations create one table each, in the order of [`TABLES`]. Those whose table exists are recorded
    /// and not applied.
    fn record_steps(&mut self, present: &Present) -> Result<()> {
        let history = self.target.applied(self.series.name(), true)?;
        let tables = TABLES.iter().map(Some).chain(std::iter::repeat(None));
        for (step, table) in self.series.migrations().iter().zip(tables) {
            let is_recorded = history.iter().any(|row| row.version == step.version());
            let is_needed = match table {
                Some(table) => !present.table(table),
                None => !is_recorded,
            };
            if is_needed {
                self.run(step.up())?;
            }
            if !is_recorded {
                self.target.record(self.series.name(), step)?;
            }
        }
        Ok(())
    }

    /// Runs a statement. An error names it by its beginning, which holds names of objects and no values.
    fn run(&mut self, sql: &str) -> Result<()> {
        self.target.run(sql).map_err(|error| {
            let statement = summary(sql);
            match error {
                Error::Unavailable { .. } | Error::OutcomeUnknown { .. } => error,
                error => Error::backend(format!("could not adopt the database, at {statement}"))
                    .with_source(error),
            }
        })?;
        let table = TABLES
            .into_iter()
            .find(|table| is_on(sql, table) && !self.done.contains(table));
        if let Some(table) = table {
            self.done.push(table);
            let rows = self
                .rows
                .iter()
                .filter(|row| self.done.contains(&row.table));
            (self.progress)(AdoptionProgress {
                table,
                rows: rows.map(|table| table.rows).sum(),
                total: self.total,
            });
        }
        Ok(())
    }
}

/// Whether this statement rewrites or copies the rows of this table.
fn is_on(sql: &str, table: &str) -> bool {
    ["ALTER TABLE", "INSERT INTO"].iter().any(|verb| {
        sql.split(verb).skip(1).any(|rest| {
            let name = rest.trim_start().get(1..).unwrap_or_default();
            name.get(..table.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(table))
                && name[table.len()..].starts_with(['"', '`'])
        })
    })
}

/// The first words of a statement, without its comments.
fn summary(sql: &str) -> String {
    let code = sql.lines().filter(|line| !line.starts_with("--"));
    let text = code.collect::<Vec<_>>().join(" ");
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(120).collect()
}

/// The columns that exist.
struct Present(Vec<String>);

impl Present {
    fn ask(target: &mut impl AdoptionTarget, plan: &AdoptionPlan) -> Result<Self> {
        lines(target, plan.present).map(Present)
    }

    fn table(&self, table: &str) -> bool {
        self.0.iter().any(|column| table_of(column) == table)
    }

    fn column(&self, column: &str) -> bool {
        self.0.iter().any(|present| present == column)
    }

    fn lacks(&self, column: &str) -> bool {
        self.table(table_of(column)) && !self.column(column)
    }

    /// Runs the queries whose columns exist.
    fn check(&self, target: &mut impl AdoptionTarget, checks: &[Check]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for check in checks {
            if check.needs.iter().all(|column| self.column(column)) {
                found.extend(lines(target, check.sql)?);
            }
        }
        Ok(found)
    }
}

fn table_of(column: &str) -> &str {
    column.split_once('.').map_or(column, |(table, _)| table)
}
