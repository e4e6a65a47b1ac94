//! Advice on a failed migration: finds commands that only a command-line client or another tool understands, and
//! statements that cannot run in a transaction.

/// Returns what to do about the first such line, if there is one. Called only after a migration has failed, because
/// such a line may also be part of a string.
pub(super) fn advice(sql: &str, without_transaction: bool) -> Option<String> {
    sql.lines().zip(1..).find_map(|(line, number)| {
        let line = line.trim();
        let advice = of_line(line).or_else(|| {
            (!without_transaction && runs_only_outside_transaction(line)).then_some(
                "this statement may not be allowed in a transaction; if so, move it to a separate migration whose \
                 first line is `-- authstore: no-transaction`",
            )
        })?;
        Some(format!("line {number} of the migration: {advice}"))
    })
}

fn of_line(line: &str) -> Option<&'static str> {
    let mut words = line.split_whitespace().map(str::to_ascii_uppercase);
    match words.next()?.as_str() {
        "DELIMITER" => Some(
            "`DELIMITER` is a command of the mysql client, not SQL; omit it, and end the statement with `;`",
        ),
        "COPY" if line.to_ascii_uppercase().contains("FROM STDIN") => Some(
            "`COPY ... FROM stdin` reads data that psql sends after it; use INSERT, as pg_dump --inserts writes it",
        ),
        word if word.starts_with('\\') => {
            Some("a line that begins with `\\` is a psql command, not SQL; omit it")
        }
        word if word.starts_with('.') && word.len() > 1 => {
            Some("a line that begins with `.` is a command of the sqlite3 shell, not SQL; omit it")
        }
        _ => None,
    }
}

/// Returns true for a statement that only runs outside a transaction, and for the headers by which other tools mark
/// one.
fn runs_only_outside_transaction(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    if let Some(comment) = line.strip_prefix("--") {
        let words: String = comment
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        return ["notransaction", "transactionfalse", "txmodenone"]
            .iter()
            .any(|header| words.contains(header));
    }
    line.starts_with("vacuum")
        || line.starts_with("create database")
        || line.starts_with("alter system")
        || line.split_whitespace().any(|word| word == "concurrently")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_clients_are_explained() {
        for (sql, word) in [
            (
                "CREATE TABLE t (id int);\n  delimiter //\n",
                "line 2 of the migration: `DELIMITER`",
            ),
            (
                "\\restrict abc\n",
                "line 1 of the migration: a line that begins with `\\`",
            ),
            (
                "COPY public.t (id) FROM stdin;\n1\n\\.\n",
                "line 1 of the migration: `COPY",
            ),
            (".mode csv", "sqlite3"),
        ] {
            let advice = advice(sql, false).unwrap_or_default();
            assert!(advice.contains(word), "{sql}: {advice}");
        }
        for sql in [
            "",
            "SELECT 1;",
            "-- DELIMITER\nSELECT 1",
            "COPY t TO STDOUT",
            ".",
        ] {
            assert_eq!(advice(sql, false), None, "{sql}");
        }
    }

    #[test]
    fn statements_without_transaction_are_explained() {
        for sql in [
            "VACUUM",
            "CREATE INDEX CONCURRENTLY a ON b (c);",
            "-- no-transaction\nVACUUM",
            "-- +goose NO TRANSACTION",
            "-- migrate:up transaction:false",
            "-- atlas:txmode none",
        ] {
            let advised = advice(sql, false).unwrap_or_default();
            assert!(advised.contains("authstore: no-transaction"), "{sql}");
            assert_eq!(advice(sql, true), None, "{sql}");
        }
    }
}
