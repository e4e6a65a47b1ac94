//! Adopts a database that Auth.js created: changes its schema to that of this crate. The queries that inspect and the
//! statements that change are in `sql/<dialect>/adopt/`; this module runs them in order.

use super::Connection;
use crate::error::{Error, Result};
#[allow(unused_imports, reason = "for the documentation")]
use crate::migration::Lock;
use crate::migration::{
    Adoption, AdoptionEstimate, AdoptionProgress, Applied, Migration, MigrationError, Series,
    TableRows, TableWork, embedded,
};

/// The queries and statements that inspect and change a database.
pub(crate) struct AdoptionPlan {
    /// Prepares the session before anything is inspected.
    pub(crate) begin: Option<&'static str>,
    /// Lists the existing columns, as `Table.column`, of the five tables and of the table that an interrupted run
    /// leaves; also foreign keys, if their names matter.
    pub(crate) present: &'static str,
    /// For each table, the query that counts its rows.
    pub(crate) counts: [(&'static str, &'static str); 5],
    /// Lists the differences from the schema, and the application's own objects that will change.
    pub(crate) differences: &'static [Check],
    /// Lists the application's own triggers that an adoption runs, and that may reject it. Used only if something
    /// differs.
    pub(crate) effects: &'static [Check],
    /// Lists what is an obstacle even in an adopted database, where nothing else differs. Everything else in `objects`
    /// may be added again after an adoption.
    pub(crate) drift: &'static [Check],
    /// Lists the objects that the operator has to resolve first. If there are any, rows are not checked, because those
    /// queries rely on the types of the columns.
    pub(crate) objects: &'static [Check],
    /// Lists the rows that do not fit the schema.
    pub(crate) rows: &'static [Check],
    /// Looks for rows of the application's own tables that block an adoption. The first query returns a statement for
    /// each table, which stores its findings in the session; the second returns the findings, one per line.
    pub(crate) own_rows: Option<(&'static str, &'static str)>,
    /// Keeps everyone else from writing, if the adoption is one transaction.
    pub(crate) lock: Option<&'static str>,
    /// The changes, in this order.
    pub(crate) repairs: &'static [Repair],
    pub(crate) cost: AdoptionCost,
    /// Whether the adoption is one transaction.
    pub(crate) is_atomic: bool,
    /// Whether two names are those of one column or key.
    pub(crate) is_same_name: fn(&str, &str) -> bool,
    /// What a failed statement leaves, and what to do next.
    pub(crate) after_failure: &'static str,
}

/// The data for an estimate.
pub(crate) struct AdoptionCost {
    /// Whether all tables are always copied.
    pub(crate) copies_all: bool,
    /// Returns true if a statement of a [`Repair::Rows`] rewrites all rows.
    pub(crate) rewrites: fn(&str) -> bool,
    /// Rows per second, a little less than measured: see `docs/authjs.md`.
    pub(crate) rate: u64,
    /// Which reads and writes wait while an adoption runs.
    pub(crate) locks: &'static str,
}

/// A query that returns lines of text.
pub(crate) struct Check {
    /// The columns (`Table.column`) that it needs.
    pub(crate) needs: &'static [&'static str],
    /// The unique keys (`Table(column,column)`) with any of which it would find nothing, because it looks for duplicates.
    pub(crate) unless: &'static [&'static str],
    pub(crate) sql: &'static str,
}

#[allow(dead_code, reason = "no single database needs all of them")]
pub(crate) enum Repair {
    /// Runs the statement if the table exists, but not this column or foreign key (`Table.name`).
    Missing(&'static str, &'static str),
    /// Runs the statement if the table exists.
    Table(&'static str, &'static str),
    /// Runs the statement.
    Always(&'static str),
    /// Runs the statements that this query returns, because they name the application's own objects.
    Generated(&'static str),
    /// Like [`Generated`](Repair::Generated), for statements that take longer the more rows their table has.
    Rows(&'static str),
    /// Runs the statements that the first query returns, and fails if the second one returns lines then.
    Reject(&'static str, &'static str),
    /// Applies the migrations of the series whose tables are missing, and records all migrations.
    Steps,
}

/// The tables, in the order of the migrations that create them. Later migrations create none of them, and are always
/// applied.
pub(crate) const TABLES: [&str; 5] = [
    "User",
    "Account",
    "Session",
    "VerificationToken",
    "Authenticator",
];

/// The end of the line about a trigger that runs when missing ids are filled in.
const RUN_BY_FILLING: &str = "will run for each row that gets an id";

/// The end of the line about a trigger of the whole database.
const RUN_BY_CHANGES: &str = "is run by statements that change the schema";

/// A file of a dialect's folder `adopt`, and what it needs.
macro_rules! check {
    ($dialect:literal, $name:literal $(, $needs:literal)* $(; unless $key:literal)?) => {
        $crate::sql::Check {
            needs: &[$($needs),*],
            unless: &[$($key)?],
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

    /// Runs SQL verbatim, one statement or several, without a time limit.
    fn run(&mut self, sql: &str) -> Result<()>;

    /// Lists the application's own objects that will be dropped and that no query can find.
    fn dropped(&mut self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Tries the adoption without changing the database, and adds what it would change and what would block it. Only
    /// where that is so cheap that a dry run can do it.
    fn simulate(&mut self, series: &Series, found: &mut Adoption) -> Result<()> {
        let _ = (series, found);
        Ok(())
    }

    /// Tries the changes of columns on empty copies of the tables, and returns what the server objects to. Only where a
    /// failure would stop the adoption half-way.
    fn rehearse(&mut self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Returns how many rows the last statement copied, if tables are copied in parts.
    fn copied_rows(&mut self) -> Option<u64> {
        None
    }

    /// Returns which of these migrations of the crate's own series have their table.
    fn existing_tables(&mut self, versions: &[i64]) -> Result<Vec<i64>>;

    /// Returns the pending migrations whose table something else created: see [`Lock::foreign_tables`].
    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        self.existing_tables(pending)
    }

    /// Records that a migration begins, if a killed run may leave half of it.
    fn begin_step(&mut self, _: &Migration) -> Result<()> {
        Ok(())
    }

    /// Returns the migrations in the history, whose table is created if `create` is true.
    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>>;

    /// Records a migration as applied.
    fn record(&mut self, series: &str, migration: &Migration) -> Result<()>;
}

/// Inspects the database. If `apply` is true and nothing blocks it, changes the schema to ours.
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
        return match headless(target, series, &present)? {
            None => Err(MigrationError::NothingToAdopt.into()),
            Some(line) if apply => Err(MigrationError::InTheWay {
                obstacles: vec![line],
            }
            .into()),
            Some(line) => Ok(Adoption {
                obstacles: vec![line],
                ..Adoption::default()
            }),
        };
    }
    let found = inspect(target, plan, series, &present)?;
    if !apply || found.is_empty() {
        return Ok(found);
    }
    let obstacles = match &found.obstacles[..] {
        [] => target.rehearse()?,
        found => found.to_vec(),
    };
    if !obstacles.is_empty() {
        return Err(MigrationError::InTheWay { obstacles }.into());
    }
    change(target, plan, series, &found, progress)?;
    let present = Present::ask(target, plan)?;
    let left = inspect(target, plan, series, &present)?;
    if !left.is_empty() {
        return Err(Error::backend(format!(
            "could not change the schema to what this program needs; {left}"
        )));
    }
    Ok(found)
}

/// Returns the obstacle of a database that has no users, but is not empty either, so that `migrate up` fails on it, too.
fn headless(
    target: &mut impl AdoptionTarget,
    series: &Series,
    present: &Present,
) -> Result<Option<String>> {
    let tables: Vec<&str> = TABLES
        .into_iter()
        .filter(|table| present.table(table))
        .collect();
    let history = target.applied(series.name(), false)?;
    Ok(if !tables.is_empty() {
        Some(format!(
            "there is no table User, but {}; restore User from a backup, or rename the others and run migrate up",
            tables.join(", ")
        ))
    } else if !history.is_empty() {
        let reason = "there is no table User, although the history of migrations records it; restore it from a backup";
        Some(reason.to_owned())
    } else {
        None
    })
}

/// Changes the schema, whatever may block that.
pub(crate) fn change(
    target: &mut impl AdoptionTarget,
    plan: &AdoptionPlan,
    series: &Series,
    found: &Adoption,
    progress: &mut dyn FnMut(AdoptionProgress),
) -> Result<()> {
    target.applied(series.name(), true)?;
    let mut run = Run {
        target,
        plan,
        series,
        found,
        step: 0,
        progress,
    };
    for repair in plan.repairs {
        run.step += 1;
        run.apply_repair(repair)?;
    }
    Ok(())
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
    found.differences.extend(target.dropped()?);
    let history = target.applied(series.name(), false)?;
    if !series
        .migrations()
        .iter()
        .all(|step| history.iter().any(|row| row.version == step.version()))
    {
        let line = "the migration history does not record the schema";
        found.differences.push(line.into());
    }
    let lost = lost_tables(target, series, &history)?;
    if found.is_empty() {
        found.obstacles = present.check(target, plan.drift)?;
        found.obstacles.extend(lost);
        return Ok(found);
    }
    found
        .differences
        .extend(present.check(target, plan.effects)?);
    found.obstacles = present.check(target, plan.objects)?;
    found.obstacles.extend(lost);
    found
        .obstacles
        .extend(foreign_tables(target, series, &history)?);
    if found.obstacles.is_empty() {
        target.simulate(series, &mut found)?;
    }
    if found.obstacles.is_empty() {
        found.obstacles = present.check(target, plan.rows)?;
        if let Some((statements, notes)) = plan.own_rows {
            found.obstacles.extend(notes_of(target, statements, notes)?);
        }
        for (table, sql) in plan.counts {
            if present.table(table) {
                let rows = target.connection().query_optional::<i64>(sql, &[])?;
                found.rows.push(TableRows {
                    table,
                    rows: rows.unwrap_or(0).unsigned_abs(),
                    work: TableWork::Unchanged,
                });
            }
        }
        estimate(target, plan, present, &mut found)?;
    }
    Ok(found)
}

/// Generates the statements of the repairs without running them. Repairs may depend on earlier ones, so the real run
/// may have a statement more or less, but none that rewrites a table.
fn estimate(
    target: &mut impl AdoptionTarget,
    plan: &AdoptionPlan,
    present: &Present,
    found: &mut Adoption,
) -> Result<()> {
    let mut work = Vec::new();
    for repair in plan.repairs {
        match *repair {
            Repair::Missing(name, _) if present.lacks(name) => {
                work.push((table_of(name).to_owned(), TableWork::Read));
            }
            Repair::Rows(sql) if !plan.cost.copies_all => {
                for statement in lines(target, sql)? {
                    if let Some(table) = changed_table(&statement) {
                        let kind = if (plan.cost.rewrites)(&statement) {
                            TableWork::Rewritten
                        } else {
                            TableWork::Read
                        };
                        work.push((table.to_owned(), kind));
                    }
                }
            }
            _ => {}
        }
    }
    for table in &mut found.rows {
        let kinds = work.iter().filter(|(name, _)| name == table.table);
        let most = kinds.map(|(_, kind)| *kind).max();
        table.work = if plan.cost.copies_all {
            TableWork::Copied
        } else {
            most.unwrap_or(TableWork::Unchanged)
        };
    }
    let changed = found.rows.iter();
    let changed = changed.filter(|table| table.work != TableWork::Unchanged);
    found.estimate = Some(AdoptionEstimate {
        rows: changed.map(|table| table.rows).sum(),
        rows_per_second: plan.cost.rate,
        locks: plan.cost.locks,
    });
    Ok(())
}

/// Returns the tables that something else created, but that a later migration would create.
fn foreign_tables(
    target: &mut impl AdoptionTarget,
    series: &Series,
    history: &[Applied],
) -> Result<Vec<String>> {
    let (_, pending) = later_versions(series, history);
    let found = target.foreign_tables(&pending)?;
    let tables = found.into_iter().map(embedded::table);
    Ok(tables
        .map(|table| {
            format!(
                "the table {table} exists, and the history of migrations does not record it; rename it first"
            )
        })
        .collect())
}

/// Returns the tables of later migrations that the history records, but that something else has dropped.
fn lost_tables(
    target: &mut impl AdoptionTarget,
    series: &Series,
    history: &[Applied],
) -> Result<Vec<String>> {
    let (recorded, _) = later_versions(series, history);
    let existing = target.existing_tables(&recorded)?;
    let lost = recorded
        .into_iter()
        .filter(|version| !existing.contains(version))
        .map(embedded::table);
    Ok(lost
        .map(|table| {
            format!(
                "the table {table} is missing, although the history of migrations records it; restore it from a backup"
            )
        })
        .collect())
}

/// Returns the versions of later migrations that the history records, and of those that are pending.
fn later_versions(series: &Series, history: &[Applied]) -> (Vec<i64>, Vec<i64>) {
    let later = series.migrations().iter().skip(TABLES.len());
    later
        .map(Migration::version)
        .partition(|version| history.iter().any(|row| row.version == *version))
}

/// Runs the statements that the first query returns, which take notes, and returns the lines of the notes.
fn notes_of(
    target: &mut impl AdoptionTarget,
    statements: &'static str,
    notes: &'static str,
) -> Result<Vec<String>> {
    for statement in lines(target, statements)? {
        target.run(&statement)?;
    }
    let notes = lines(target, notes)?;
    Ok(notes
        .iter()
        .flat_map(|note| note.lines().map(str::to_owned))
        .collect())
}

fn lines(target: &mut impl AdoptionTarget, sql: &'static str) -> Result<Vec<String>> {
    target.connection().query(sql, &[])
}

/// An adoption in progress.
struct Run<'a, T> {
    target: &'a mut T,
    plan: &'a AdoptionPlan,
    series: &'a Series,
    found: &'a Adoption,
    /// The repair that is being applied, from 1.
    step: usize,
    progress: &'a mut dyn FnMut(AdoptionProgress),
}

impl<T: AdoptionTarget> Run<'_, T> {
    /// Inspects again before each repair, which may no longer be needed: after the previous one, or, on MySQL and
    /// MariaDB, which commit every statement, after an interrupted run.
    fn apply_repair(&mut self, repair: &Repair) -> Result<()> {
        let present = Present::ask(self.target, self.plan)?;
        match *repair {
            Repair::Missing(name, sql) if present.lacks(name) => {
                self.run_on_rows(&[sql.to_owned()])
            }
            Repair::Table(table, sql) if present.table(table) => {
                self.run_on_rows(&[sql.to_owned()])
            }
            Repair::Always(sql) => self.run(sql),
            Repair::Generated(sql) => {
                for statement in lines(self.target, sql)? {
                    self.run(&statement)?;
                }
                Ok(())
            }
            Repair::Rows(sql) => {
                let statements = lines(self.target, sql)?;
                self.run_on_rows(&statements)
            }
            Repair::Reject(statements, notes) => self.reject(statements, notes),
            Repair::Steps => self.record_steps(&present),
            _ => Ok(()),
        }
    }

    fn reject(&mut self, statements: &'static str, notes: &'static str) -> Result<()> {
        let found = notes_of(self.target, statements, notes)?;
        if found.is_empty() {
            return Ok(());
        }
        Err(Error::backend(format!(
            "could not adopt the database; {}; {}",
            self.plan.after_failure,
            found.join("; ")
        )))
    }

    /// The first migrations create one table each, in the order of [`TABLES`]. If its table exists, a migration is
    /// recorded without being applied.
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
                self.target.begin_step(step)?;
                self.run(step.up())?;
            }
            if !is_recorded {
                self.target.record(self.series.name(), step)?;
            }
        }
        Ok(())
    }

    /// Runs a statement. An error quotes its beginning, which contains names of objects and no values.
    fn run(&mut self, sql: &str) -> Result<()> {
        self.target.run(sql).map_err(|error| {
            let statement = summary(sql);
            let triggers = self.triggers(sql);
            match error {
                Error::Unavailable { .. } | Error::OutcomeUnknown { .. } if self.plan.is_atomic => error,
                error => Error::backend(format!(
                    "could not adopt the database; {}; the statement that failed is {statement}{triggers}",
                    self.plan.after_failure
                ))
                .with_source(error),
            }
        })
    }

    /// Names the triggers that may have made a statement fail. A trigger of its table may reject a filled-in id, or
    /// silently drop it, so that a later statement fails. The server's error does not name the trigger.
    fn triggers(&self, sql: &str) -> String {
        let table = changed_table(sql);
        let end = table.map(|table| format!(" of {table} {RUN_BY_FILLING}"));
        let lines = self.found.differences.iter();
        lines
            .filter(|line| {
                line.ends_with(RUN_BY_CHANGES)
                    || end.as_deref().is_some_and(|end| line.ends_with(end))
            })
            .map(|line| format!("; {line}"))
            .collect()
    }

    /// Runs statements that take longer the more rows their tables have, and reports progress.
    fn run_on_rows(&mut self, statements: &[String]) -> Result<()> {
        let mut current = None;
        let mut rows = 0;
        for (index, statement) in statements.iter().enumerate() {
            let table = changed_table(statement);
            if current != table {
                (current, rows) = (table, 0);
                self.report(table, 0);
            }
            self.run(statement)?;
            // More parts of the same table may follow.
            let next = statements.get(index + 1);
            let has_more = next.is_some_and(|next| changed_table(next) == table);
            match self.target.copied_rows() {
                Some(copied) if has_more => {
                    rows += copied;
                    self.report(table, rows);
                }
                _ => {
                    self.report(table, u64::MAX);
                    current = None;
                }
            }
        }
        Ok(())
    }

    /// Reports that this step has done this many rows of a table.
    fn report(&mut self, table: Option<&'static str>, rows: u64) {
        let Some(table) = table else { return };
        let known = self.found.rows.iter().find(|known| known.table == table);
        let total = known.map_or(0, |known| known.rows);
        (self.progress)(AdoptionProgress {
            step: self.step,
            steps: self.plan.repairs.len(),
            table,
            rows: rows.min(total),
            total,
        });
    }
}

/// Returns the table whose rows this statement reads, rewrites or copies. Renaming takes no time.
pub(crate) fn changed_table(sql: &str) -> Option<&'static str> {
    if [" RENAME CONSTRAINT ", " RENAME TO "]
        .iter()
        .any(|clause| sql.contains(clause))
    {
        return None;
    }
    let is_on = |table: &str| {
        ["ALTER TABLE", "INSERT INTO", "UPDATE", " ON"]
            .iter()
            .any(|verb| {
                sql.split(verb).skip(1).any(|rest| {
                    let name = rest.trim_start().get(1..).unwrap_or_default();
                    name.get(..table.len())
                        .is_some_and(|name| name.eq_ignore_ascii_case(table))
                        && name[table.len()..].starts_with(['"', '`'])
                })
            })
    };
    TABLES.into_iter().find(|table| is_on(table))
}

/// Returns the beginning of a statement, without its comments.
fn summary(sql: &str) -> String {
    let code = sql.lines().filter(|line| !line.starts_with("--"));
    let text = code.collect::<Vec<_>>().join(" ");
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(120).collect()
}

/// The existing columns (`Table.column`) and unique keys (`Table(column,column)`).
struct Present {
    names: Vec<String>,
    is_same_name: fn(&str, &str) -> bool,
}

impl Present {
    fn ask(target: &mut impl AdoptionTarget, plan: &AdoptionPlan) -> Result<Self> {
        Ok(Present {
            names: lines(target, plan.present)?,
            is_same_name: plan.is_same_name,
        })
    }

    fn table(&self, table: &str) -> bool {
        self.names.iter().any(|column| table_of(column) == table)
    }

    fn lacks(&self, column: &str) -> bool {
        self.table(table_of(column)) && !self.has(column)
    }

    fn has(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|present| (self.is_same_name)(present, name))
    }

    /// Runs the queries whose columns all exist, and sorts what each one finds.
    fn check(&self, target: &mut impl AdoptionTarget, checks: &[Check]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for check in checks {
            let is_needless = check.unless.iter().any(|key| self.has(key));
            if !is_needless && check.needs.iter().all(|column| self.has(column)) {
                let mut lines = lines(target, check.sql)?;
                // A server may order the rows by another plan the next time.
                lines.sort_unstable();
                found.extend(lines);
            }
        }
        Ok(found)
    }
}

fn table_of(column: &str) -> &str {
    column.split_once('.').map_or(column, |(table, _)| table)
}
