//! Compares the acknowledged writes with the tables.

use std::collections::HashMap;

use authstore::uuid::Uuid;
use authstore_test_databases::{Client, Kind, TextRow};

use crate::ledger::{Next, Record};
use crate::writer::{STEPS, first_token, rotated_token};

/// The rows of each person, read with the bare driver, because the store is being tested.
#[derive(Default)]
pub(crate) struct Tables(HashMap<Uuid, Rows>);

#[derive(Default, Debug, PartialEq)]
struct Rows {
    users: usize,
    sessions: Vec<String>,
    verification_tokens: usize,
}

/// Whether each acknowledged write was done exactly once.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Kept,
    Lost,
    Twice,
}

/// How many people's writes were lost, done twice, or had an unknown outcome.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    pub(crate) unknown: u64,
}

impl Tables {
    pub(crate) fn on_server(kind: Kind, url: &str) -> Result<Self, String> {
        let mut client = Client::connect(url)?;
        Self::read(|sql| client.try_query(&kind.quoted(sql)))
    }

    /// `query` runs SQL in which double quotes enclose names.
    pub(crate) fn read(
        mut query: impl FnMut(&str) -> Result<Vec<TextRow>, String>,
    ) -> Result<Self, String> {
        let mut tables = Tables::default();
        for row in query(r#"SELECT "id" FROM "User""#)? {
            tables.rows_of(&row)?.users += 1;
        }
        for row in query(r#"SELECT "userId", "sessionToken" FROM "Session""#)? {
            let token = row
                .get(1)
                .cloned()
                .flatten()
                .ok_or("a session has no token")?;
            tables.rows_of(&row)?.sessions.push(token);
        }
        for row in query(r#"SELECT "token" FROM "VerificationToken""#)? {
            tables.rows_of(&row)?.verification_tokens += 1;
        }
        Ok(tables)
    }

    /// Returns the rows of the person whose ID is in the first column.
    fn rows_of(&mut self, row: &TextRow) -> Result<&mut Rows, String> {
        let id = row.first().cloned().flatten().ok_or("a row has no ID")?;
        let id = id.parse().map_err(|error| format!("a row's ID: {error}"))?;
        Ok(self.0.entry(id).or_default())
    }

    /// Compares them with the reports.
    pub(crate) fn check(mut self, records: &HashMap<Uuid, Record>) -> Counts {
        let mut counts = Counts::default();
        for (&person, record) in records {
            let rows = self.0.remove(&person).unwrap_or_default();
            let verdict = judge(person, record, &rows);
            if verdict != Verdict::Kept {
                eprintln!("{verdict:?}: {record:?}, but there is {rows:?}");
            }
            match verdict {
                Verdict::Kept => {}
                Verdict::Lost => counts.lost += 1,
                Verdict::Twice => counts.twice += 1,
            }
            let is_complete = record.acknowledged == STEPS.len();
            if !is_complete && matches!(record.next, Next::Unheard | Next::Unknown) {
                counts.unknown += 1;
            }
        }
        // The remaining rows belong to no reported write.
        for rows in self.0.values() {
            eprintln!("Twice: no one wrote {rows:?}");
            counts.twice += 1;
        }
        counts
    }
}

/// Returns the rows after this many steps.
fn rows_after(steps: usize, person: Uuid) -> Rows {
    Rows {
        users: usize::from(steps >= 1),
        sessions: match steps {
            0 | 1 => Vec::new(),
            2 => vec![first_token(person)],
            _ => vec![rotated_token(person)],
        },
        verification_tokens: usize::from(steps == 4),
    }
}

fn judge(person: Uuid, record: &Record, rows: &Rows) -> Verdict {
    let done = record.acknowledged;
    if rows.users > 1 || rows.sessions.len() > 1 || rows.verification_tokens > 1 {
        Verdict::Twice
    } else if *rows == rows_after(done, person) {
        // A contradiction without a second write: a row is missing, or was missing when it was read.
        match record.next {
            Next::Contradicted => Verdict::Lost,
            _ => Verdict::Kept,
        }
    } else if done < STEPS.len() && *rows == rows_after(done + 1, person) {
        match record.next {
            Next::Unheard | Next::Unknown => Verdict::Kept,
            // Done, although the caller was told to retry.
            Next::Unavailable | Next::Contradicted => Verdict::Twice,
        }
    } else {
        Verdict::Lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deviation_is_noticed() {
        use Next::{Contradicted, Unavailable, Unheard, Unknown};
        use Verdict::{Kept, Lost, Twice};
        // The acknowledged steps, what is known about the next one, and the steps in the tables.
        for (acknowledged, next, found, wanted) in [
            (3, Unknown, 3, Kept),
            (3, Unknown, 4, Kept),
            (3, Unheard, 4, Kept),
            (3, Unknown, 2, Lost),
            (3, Unavailable, 3, Kept),
            (3, Unavailable, 4, Twice),
            (0, Unavailable, 1, Twice),
            (0, Unheard, 0, Kept),
            (0, Unheard, 2, Lost),
            (1, Contradicted, 1, Lost),
            (1, Contradicted, 2, Twice),
            (4, Contradicted, 5, Twice),
            (4, Unheard, 2, Lost),
            (5, Unheard, 5, Kept),
            (5, Unheard, 4, Lost),
            (5, Unheard, 0, Lost),
        ] {
            let person = Uuid::now_v7();
            let record = Record { acknowledged, next };
            let verdict = judge(person, &record, &rows_after(found, person));
            assert_eq!(verdict, wanted, "{record:?}, {found} steps found");
        }
        let person = Uuid::now_v7();
        let mut rows = rows_after(3, person);
        rows.sessions.push(first_token(person));
        let record = Record {
            acknowledged: 3,
            next: Unknown,
        };
        assert_eq!(judge(person, &record, &rows), Twice, "two sessions");
    }

    #[test]
    fn rows_that_no_one_wrote_are_noticed() {
        let person = Uuid::now_v7();
        let tables = Tables(HashMap::from([(person, rows_after(1, person))]));
        assert_eq!(tables.check(&HashMap::new()).twice, 1);
    }
}
