//! Lines of a step that a command-line client would carry out itself, and no server understands.

/// What to do about the first such line, if there is one. Asked only when a step has failed: in a string such a line is
/// fine.
pub(super) fn advice(sql: &str) -> Option<String> {
    sql.lines().zip(1..).find_map(|(line, number)| {
        let advice = of_line(line.trim())?;
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
            let advice = advice(sql).unwrap_or_default();
            assert!(advice.contains(word), "{sql}: {advice}");
        }
        for sql in [
            "",
            "SELECT 1;",
            "-- DELIMITER\nSELECT 1",
            "COPY t TO STDOUT",
            ".",
        ] {
            assert_eq!(advice(sql), None, "{sql}");
        }
    }
}
