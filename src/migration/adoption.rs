use std::fmt;
use std::time::Duration;

/// The differences between a database that Auth.js's Kysely adapter uses and the schema of this crate, in words.
///
/// From [`Migrator::compare`](super::Migrator::compare) and [`Migrator::adopt`](super::Migrator::adopt). `Display` shows
/// everything, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// What is not as the schema says, and which objects of the application's own will change. Adopting the database
    /// makes it so.
    pub differences: Vec<String>,
    /// What someone has to resolve first: rows that the schema has no place for, and objects that would be lost or that
    /// block a change. At most 100 rows of each kind are listed. A row is identified by the ID of its user, never by an
    /// email address, a name or a token. Where objects block the adoption, rows are not looked at yet.
    pub obstacles: Vec<String>,
    /// How many rows each table has, and what the adoption does to them. Empty where there is nothing to do, or where
    /// objects block the adoption.
    pub rows: Vec<TableRows>,
    /// How long the adoption may take, and who waits. `None` where `rows` is empty.
    pub estimate: Option<AdoptionEstimate>,
}

/// The number of rows in a table, and what an adoption does to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRows {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// What is done to the table.
    pub work: TableWork,
}

/// What an adoption does to a table, in the order of the work that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TableWork {
    /// Nothing that depends on the number of its rows.
    Unchanged,
    /// Its rows are read: indexes are built, or keys and columns checked.
    Read,
    /// All its rows are written again.
    Rewritten,
    /// All its rows are copied to a new table.
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

/// How long an adoption may take: the number of rows, at a rate that was measured. It is a rough one, as no one knows the
/// machine, the size of the rows and what else the database does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptionEstimate {
    /// The rows of the tables that are read, rewritten or copied.
    pub rows: u64,
    /// The rate that was measured on a small machine: see `docs/authjs.md`.
    pub rows_per_second: u64,
    /// What is blocked while it runs.
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
            "estimate: {time}, for {rows} rows at {rows_per_second} rows per second, as measured on a small machine\n\
             while it runs: {locks}"
        )
    }
}

/// How far an adoption has come: reported when a step begins to work on a table, and when it has done so. While SQLite
/// copies a table, it is reported every 10,000 rows; the other databases change a table by single statements, and don't
/// tell how far these are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptionProgress {
    /// The step, from 1 to `steps`. Steps that have nothing to do are not reported, nor are those that take no time.
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// The table that the step works on.
    pub table: &'static str,
    /// The rows of the table that the step is done with.
    pub rows: u64,
    /// The rows of the table.
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
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty() && self.obstacles.is_empty()
    }
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the schema is as it should be");
        }
        let mut lines = Vec::new();
        if !self.differences.is_empty() {
            lines.push("different from the schema of this program:".to_owned());
            lines.extend(self.differences.iter().map(|line| format!("  {line}")));
        }
        if !self.obstacles.is_empty() {
            lines.push("blocking, to be resolved first:".to_owned());
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
