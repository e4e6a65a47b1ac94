use std::fmt;
use std::time::Duration;

/// The differences between a database that Auth.js's Kysely adapter uses and the schema of this crate, in words.
///
/// From [`Migrator::compare`](super::Migrator::compare) and [`Migrator::adopt`](super::Migrator::adopt). `Display`
/// shows everything, one item per line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// The differences from the schema, and the application's own objects that will change. Adopting the database
    /// resolves them.
    pub differences: Vec<String>,
    /// The obstacles that you have to resolve first: rows that do not fit the schema, and objects that would be lost or
    /// that block a change. At most 100 rows of each kind are listed. A row is identified by the ID of its user, never
    /// by an email address, a name or a token. While objects block the adoption, rows are not checked yet.
    pub obstacles: Vec<String>,
    /// The number of rows in each table, and what the adoption does to them. Empty if there is nothing to do, or if
    /// objects block the adoption.
    pub rows: Vec<TableRows>,
    /// An estimate of the duration, and what has to wait. `None` if `rows` is empty.
    pub estimate: Option<AdoptionEstimate>,
}

/// The number of rows in a table, and what an adoption does to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRows {
    /// The name of the table.
    pub table: &'static str,
    /// The number of rows in it.
    pub rows: u64,
    /// What the adoption does to the table.
    pub work: TableWork,
}

/// The work that an adoption does on a table, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TableWork {
    /// The work does not depend on the number of rows.
    Unchanged,
    /// The rows are read, to build indexes or to check keys and columns.
    Read,
    /// All rows are written again.
    Rewritten,
    /// All rows are copied to a new table.
    Copied,
}

impl fmt::Display for TableWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TableWork::Unchanged => "unchanged",
            TableWork::Read => "read",
            TableWork::Rewritten => "rewritten",
            TableWork::Copied => "copied",
        })
    }
}

/// An estimate of how long an adoption takes: the number of rows, divided by a measured rate. It is rough, because the
/// machine, the size of the rows and the load of the database are not taken into account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptionEstimate {
    /// The number of rows in the tables that are read, rewritten or copied.
    pub rows: u64,
    /// The rate, as measured on a small machine: see `docs/authjs.md`.
    pub rows_per_second: u64,
    /// Which reads and writes wait while it runs.
    pub locks: &'static str,
}

impl AdoptionEstimate {
    /// Returns the time that these rows take at this rate.
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.rows.saturating_mul(1_000) / self.rows_per_second.max(1))
    }
}

impl fmt::Display for AdoptionEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.duration().as_secs();
        let time = match seconds {
            0 => "less than a second".to_owned(),
            1 => "about a second".to_owned(),
            2..120 => format!("about {seconds} seconds"),
            120..7_200 => format!("about {} minutes", seconds.div_ceil(60)),
            _ => format!("about {} hours", seconds.div_ceil(3_600)),
        };
        let AdoptionEstimate {
            rows,
            rows_per_second,
            locks,
        } = self;
        write!(
            f,
            "estimate: {time}, for {rows} rows at {rows_per_second} rows per second, the rate of a small machine\n\
             while it runs: {locks}"
        )
    }
}

/// The progress of an adoption, reported before and after each step's work on a table. While SQLite copies a table,
/// progress is reported every 10,000 rows. The other databases change a table with single statements, whose progress is
/// not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptionProgress {
    /// The number of the step, from 1 to `steps`. Steps that have nothing to do or take no time are not reported.
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// The table that the step changes.
    pub table: &'static str,
    /// The number of rows done so far.
    pub rows: u64,
    /// The number of rows in the table.
    pub total: u64,
}

impl fmt::Display for AdoptionProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdoptionProgress {
            step,
            steps,
            table,
            rows,
            total,
        } = self;
        write!(f, "step {step} of {steps}: {table}, {rows} of {total} rows")
    }
}

impl Adoption {
    /// Returns true if there are no differences and no obstacles.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty() && self.obstacles.is_empty()
    }
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the schema matches this program");
        }
        let mut lines = Vec::new();
        if !self.differences.is_empty() {
            lines.push("differences from the schema of this program:".to_owned());
            lines.extend(self.differences.iter().map(|line| format!("  {line}")));
        }
        if !self.obstacles.is_empty() {
            lines.push("obstacles to resolve first:".to_owned());
            lines.extend(self.obstacles.iter().map(|line| format!("  {line}")));
        }
        if !self.rows.is_empty() {
            let rows = self.rows.iter();
            let rows: Vec<String> = rows
                .map(|TableRows { table, rows, work }| format!("{table} {rows} ({work})"))
                .collect();
            lines.push(format!("rows: {}", rows.join(", ")));
        }
        if let Some(estimate) = &self.estimate {
            lines.push(estimate.to_string());
        }
        f.write_str(&lines.join("\n"))
    }
}
