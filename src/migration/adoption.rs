use std::fmt;

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
    /// How many rows each table has: the larger of them are rewritten or copied. Empty where there is nothing to do, or
    /// where objects block the adoption.
    pub rows: Vec<TableRows>,
}

/// The number of rows in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRows {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// How far an adoption has come: reported each time that a table has been brought to the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptionProgress {
    /// The table.
    pub table: &'static str,
    /// The rows of the tables that are done, this one included.
    pub rows: u64,
    /// The rows of all tables.
    pub total: u64,
}

impl fmt::Display for AdoptionProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdoptionProgress { table, rows, total } = self;
        write!(f, "{table} done ({rows} of {total} rows)")
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
                .map(|TableRows { table, rows }| format!("{table} {rows}"))
                .collect();
            lines.push(format!("rows: {}", rows.join(", ")));
        }
        f.write_str(&lines.join("\n"))
    }
}
