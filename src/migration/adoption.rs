use std::fmt;

/// What stands between a database that Auth.js's Kysely adapter works on and the schema of this crate, in words.
///
/// From [`Migrator::compare`](super::Migrator::compare) and [`Migrator::adopt`](super::Migrator::adopt). `Display` shows
/// all of it, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// What of the schema is not as it should be. Adopting the database makes it so.
    pub differences: Vec<String>,
    /// What has to be resolved by a person first: rows that the schema has no place for, and columns, triggers and
    /// indexes that would be lost. Rows are named by what is not secret.
    pub obstacles: Vec<String>,
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
            lines.push("in the way, to be resolved first:".to_owned());
            lines.extend(self.obstacles.iter().map(|line| format!("  {line}")));
        }
        f.write_str(&lines.join("\n"))
    }
}
