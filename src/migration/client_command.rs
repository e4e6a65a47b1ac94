//! Lines of a step that a command-line client or another tool would carry out itself, and no server understands, and
//! statements that need the header for a step without a transaction.

/// What to do about the first such line, if there is one. Asked only when a step has failed: in a string such a line is
/// fine.
pub(super) fn advice(sql: &str, without_transaction: bool) -> Option<String> {
    sql.lines().zip(1..).find_map(|(line, number)| {
        let line = line.trim();
        let advice = of_line(line).or_else(|| {
            (!without_transaction && refuses_transaction(line)).then_some(
                "this may refuse to run in a transaction; if so, make it a step of its own whose first line is \
                 `-- authstore: no-transaction`",
            )
        })?;
        Some(format!("line {number} of the step: {advice}"))
    })
}

fn of_line(line: &str) -> Option<&'static str> {
    let mut words = line.split_whitespace().map(str::to_ascii_uppercase);
    match words.next()?.as_str() {
        "DELIMITER" => Some(
            "`DELIMITER` is a command of the client mysql, not SQL; leave it out, and end the statement with `;`",
        ),
        "COPY" if line.to_ascii_uppercase().contains("FROM STDIN") => Some(
            "`COPY ... FROM stdin` reads what psql sends after it; use INSERT, as pg_dump --inserts writes it",
        ),
        word if word.starts_with('\\') => {
            Some("a line that begins with `\\` is a command of psql, not SQL; leave it out")
        }
        word if word.starts_with('.') && word.len() > 1 => Some(
            "a line that begins with `.` is a command of the sqlite3 shell, not SQL; leave it out",
        ),
        _ => None,
    }
}

/// Statements that run outside a transaction only, and the headers by which other tools are told so.
fn refuses_transaction(line: &str) -> bool {
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
                "line 2 of the step: `DELIMITER`",
            ),
            (
                "\\restrict abc\n",
                "line 1 of the step: a line that begins with `\\`",
            ),
            (
                "COPY public.t (id) FROM stdin;\n1\n\\.\n",
                "line 1 of the step: `COPY",
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
