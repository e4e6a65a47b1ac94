//! Mutations of a statement: small changes of the kind that people make by mistake.

use std::collections::HashSet;

use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::tokenizer::{Token, Tokenizer};

/// A file of SQL with one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// The change, as text of the file.
    pub(crate) change: String,
    pub(crate) sql: String,
}

/// Returns all mutants of a file in this folder of `sql/`.
pub(crate) fn mutants(folder: &str, sql: &str) -> Vec<Mutant> {
    let dialect: &dyn Dialect = match folder {
        "sqlite" => &SQLiteDialect {},
        "postgres" => &PostgreSqlDialect {},
        _ => &MySqlDialect {},
    };
    let file = File::new(dialect, sql);
    let mut mutants = Vec::new();
    for change in CHANGES {
        change(&file, &mut mutants);
    }
    // A nested condition is found twice.
    let mut seen = HashSet::new();
    mutants.retain(|mutant| seen.insert(mutant.sql.clone()));
    mutants
}

type Change = fn(&File, &mut Vec<Mutant>);

const CHANGES: &[Change] = &[
    conditions,
    order,
    limits,
    swapped_columns,
    swapped_targets,
    kept_values,
    collations,
    cascades,
    uniqueness,
    types,
    locks,
    null_safety,
    settings,
    existence,
    nothing_at_all,
];

/// The words of a file, without comments, each with the spaces before it.
struct File {
    words: Vec<(String, String)>,
}

impl File {
    fn new(dialect: &dyn Dialect, sql: &str) -> Self {
        let tokens = Tokenizer::new(dialect, sql)
            .tokenize()
            .unwrap_or_else(|error| panic!("{error} in\n{sql}"));
        let (mut words, mut blanks) = (Vec::new(), String::new());
        for token in tokens {
            if let Token::Whitespace(_) = token {
                // A comment becomes a space. Otherwise it would swallow what a change adds after it.
                blanks.push(' ');
            } else {
                words.push((std::mem::take(&mut blanks), token.to_string()));
            }
        }
        File { words }
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    fn word(&self, place: usize) -> &str {
        self.words.get(place).map_or("", |(_, word)| word)
    }

    /// Returns whether these words are here. Keywords are in capitals.
    fn has(&self, place: usize, words: &[&str]) -> bool {
        (place..)
            .zip(words)
            .all(|(place, word)| self.word(place) == *word)
    }

    /// Returns all places with these words.
    fn all<'f>(&'f self, words: &'f [&str]) -> impl Iterator<Item = usize> + 'f {
        (0..self.len()).filter(move |place| self.has(*place, words))
    }

    fn is_quoted(&self, place: usize) -> bool {
        self.word(place).starts_with(['"', '`'])
    }

    fn is_placeholder(&self, place: usize) -> bool {
        self.word(place).starts_with(['?', '$'])
    }

    /// Returns where the part that begins here ends: at the first of these words outside of parentheses, or at the
    /// closing parenthesis.
    fn end(&self, from: usize, words: &[&str]) -> usize {
        let mut depth = 0;
        for place in from..self.len() {
            match self.word(place) {
                "(" => depth += 1,
                ")" if depth == 0 => return place,
                ")" => depth -= 1,
                word if depth == 0 && words.contains(&word) => return place,
                _ => {}
            }
        }
        self.len()
    }

    /// Splits this range at the separators outside of parentheses.
    fn parts(&self, from: usize, to: usize, separator: &str) -> Vec<(usize, usize)> {
        let (mut parts, mut start) = (Vec::new(), from);
        while start < to {
            let end = self.end(start, &[separator]).min(to);
            parts.push((start, end));
            start = end + 1;
        }
        parts
    }

    fn text(&self, from: usize, to: usize) -> String {
        let text: String = self.words[from..to]
            .iter()
            .flat_map(|(blanks, word)| [blanks.as_str(), word])
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the file with other words in this range.
    fn with(&self, from: usize, to: usize, words: &str) -> String {
        let mut sql = self.text(0, from);
        sql += &format!(" {words} ");
        sql += &self.text(to, self.len());
        sql
    }

    fn replaced(&self, from: usize, to: usize, words: &str) -> Mutant {
        let old = self.text(from, to);
        Mutant {
            change: if words.is_empty() {
                format!("without {old}")
            } else {
                format!("{old} -> {words}")
            },
            sql: self.with(from, to, words),
        }
    }

    fn swapped(&self, one: (usize, usize), other: (usize, usize)) -> Mutant {
        let (first, second) = (self.text(one.0, one.1), self.text(other.0, other.1));
        let between = self.text(one.1, other.0);
        Mutant {
            change: format!("{first} and {second} swapped"),
            sql: self.with(one.0, other.1, &format!("{second} {between} {first}")),
        }
    }
}

const AFTER_CONDITION: &[&str] = &[
    ";",
    "ORDER",
    "GROUP",
    "LIMIT",
    "RETURNING",
    "FOR",
    "WHERE",
    "JOIN",
];

/// Makes each term of a condition always true, or changes its comparison.
fn conditions(file: &File, mutants: &mut Vec<Mutant>) {
    for place in 0..file.len() {
        let is_condition = file.word(place) == "WHERE"
            || file.word(place) == "ON" && !file.has(place, &["ON", "DELETE"]);
        // In CREATE INDEX, ON is followed by a table.
        if !is_condition || file.has(0, &["CREATE"]) {
            continue;
        }
        for (from, to) in file.parts(place + 1, file.end(place + 1, AFTER_CONDITION), "AND") {
            let term = file.text(from, to);
            mutants.push(file.replaced(from, to, &format!("({term} OR TRUE)")));
            for compared in from..to {
                for (is, other) in [("=", "LIKE"), ("<=", "<"), ("<=", ">=")] {
                    // LIKE matches a UUID only to itself.
                    let column = file.word(compared - 1).trim_matches(['"', '`']);
                    let is_futile = other == "LIKE" && matches!(column, "id" | "userId");
                    if file.word(compared) == is && !is_futile {
                        let mut mutant = file.replaced(compared, compared + 1, other);
                        mutant.change = format!("{column} {}", mutant.change);
                        mutants.push(mutant);
                    }
                }
            }
        }
    }
}

/// Removes or reverses each key of an order.
fn order(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["ORDER", "BY"]) {
        let end = file.end(place, &[";", "LIMIT", "FOR"]);
        let keys = file.parts(place + 2, end, ",");
        for (number, (from, to)) in keys.iter().copied().enumerate() {
            mutants.push(match number {
                0 if keys.len() == 1 => file.replaced(place, end, ""),
                0 => file.replaced(from, to + 1, ""),
                _ => file.replaced(from - 1, to, ""),
            });
            mutants.push(if file.word(to - 1) == "DESC" {
                file.replaced(to - 1, to, "")
            } else {
                file.replaced(from, to, &format!("{} DESC", file.text(from, to)))
            });
        }
    }
}

/// Returns one more row. MySQL accepts no expression there.
fn limits(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["LIMIT"]) {
        if file.word(place + 1) != "?" {
            let limit = file.word(place + 1);
            mutants.push(file.replaced(place + 1, place + 2, &format!("{limit} + 1")));
        }
    }
}

/// Swaps adjacent columns of a list.
fn swapped_columns(file: &File, mutants: &mut Vec<Mutant>) {
    if file.has(0, &["CREATE"]) {
        return;
    }
    for comma in file.all(&[","]) {
        let from = if file.word(comma - 2) == "." {
            comma - 3
        } else {
            comma - 1
        };
        let to = if file.word(comma + 2) == "." {
            comma + 4
        } else {
            comma + 2
        };
        let ends = [
            "(",
            ")",
            ",",
            ";",
            "SELECT",
            "RETURNING",
            "BY",
            "FROM",
            "LIMIT",
        ];
        if file.is_quoted(comma - 1)
            && file.is_quoted(to - 1)
            && ends.contains(&file.word(from - 1))
            && (ends.contains(&file.word(to)) || file.len() == to)
        {
            mutants.push(file.swapped((from, comma), (comma + 1, to)));
        }
    }
}

/// Swaps adjacent columns that an update writes.
fn swapped_targets(file: &File, mutants: &mut Vec<Mutant>) {
    let targets: Vec<usize> = file.all(&["=", "CASE"]).map(|place| place - 1).collect();
    for pair in targets.windows(2) {
        mutants.push(file.swapped((pair[0], pair[0] + 1), (pair[1], pair[1] + 1)));
    }
}

/// Makes an update clear a column that it does not name, or write the value anyway.
fn kept_values(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["ELSE"]) {
        let value = file.word(place - 1);
        if file.is_placeholder(place - 1) && file.word(place + 2) == "END" {
            mutants.push(file.replaced(place + 1, place + 2, "NULL"));
            if value != "?" {
                mutants.push(file.replaced(place + 1, place + 2, value));
            }
        }
    }
}

fn collations(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["COLLATE"]) {
        let end = if file.word(place + 1) == "=" {
            place + 3
        } else {
            place + 2
        };
        mutants.push(file.replaced(place, end, ""));
    }
}

fn cascades(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["ON", "DELETE", "CASCADE"]) {
        mutants.push(file.replaced(place, place + 3, ""));
        mutants.push(file.replaced(place + 2, place + 3, "RESTRICT"));
    }
}

fn uniqueness(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["UNIQUE", "KEY"]) {
        mutants.push(file.replaced(place, place + 1, ""));
    }
    for (words, length) in [(&["UNIQUE", "("][..], 1), (&["PRIMARY", "KEY", "("], 2)] {
        for place in file.all(words) {
            let end = file.end(place + length + 1, &[]) + 1;
            let has_keys = file.all(&["UNIQUE", "KEY"]).next().is_some()
                || file.all(&["ENGINE"]).next().is_some();
            mutants.push(if has_keys {
                file.replaced(place, place + length, "KEY")
            } else {
                file.replaced(place, end, "CHECK (TRUE)")
            });
            // A key of one of the columns.
            for (from, to) in file.parts(place + length + 1, end - 1, ",") {
                if (from, to) != (place + length + 1, end - 1) {
                    mutants.push(file.replaced(place + length + 1, end - 1, &file.text(from, to)));
                }
            }
        }
    }
}

/// Makes types narrower.
fn types(file: &File, mutants: &mut Vec<Mutant>) {
    let narrower: &[(&[&str], &str)] = &[
        (&["bigint"], "int"),
        (&["mediumtext"], "text"),
        (&["datetime", "(", "3", ")"], "datetime"),
        (&["timestamptz", "(", "3", ")"], "timestamptz(0)"),
        (&["varchar", "(", "255", ")"], "varchar(254)"),
        (&["varchar", "(", "1364", ")"], "varchar(1363)"),
        (
            &[
                "CHARACTER",
                "SET",
                "=",
                "utf8mb4",
                "COLLATE",
                "=",
                "utf8mb4_0900_bin",
            ],
            "CHARACTER SET = utf8mb3",
        ),
        (
            &[
                "CHARACTER",
                "SET",
                "=",
                "utf8mb4",
                "COLLATE",
                "=",
                "utf8mb4_0900_bin",
            ],
            "CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin",
        ),
        (
            &[
                "CHARACTER",
                "SET",
                "=",
                "utf8mb4",
                "COLLATE",
                "=",
                "utf8mb4_nopad_bin",
            ],
            "CHARACTER SET = utf8mb3",
        ),
        (
            &[
                "CHARACTER",
                "SET",
                "=",
                "utf8mb4",
                "COLLATE",
                "=",
                "utf8mb4_nopad_bin",
            ],
            "CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin",
        ),
    ];
    for (words, other) in narrower {
        for place in file.all(words) {
            let column = file.word(place - 1);
            let mut mutant = file.replaced(place, place + words.len(), other);
            mutant.change = format!("{column} {}", mutant.change);
            mutants.push(mutant);
        }
    }
}

fn locks(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["SKIP", "LOCKED"]) {
        mutants.push(file.replaced(place, place + 2, ""));
        mutants.push(file.replaced(place - 2, place + 2, ""));
    }
    for place in file.all(&["GET_LOCK", "("]) {
        let end = file.end(place + 2, &[","]);
        mutants.push(file.replaced(place + 2, end, "UUID()"));
    }
    for place in file.all(&["IMMEDIATE"]) {
        mutants.push(file.replaced(place, place + 1, ""));
    }
}

/// Makes a comparison with NULL return NULL.
fn null_safety(file: &File, mutants: &mut Vec<Mutant>) {
    for (words, other) in [(&["IS", "DISTINCT", "FROM"][..], "<>"), (&["<=>"], "=")] {
        for place in file.all(words) {
            mutants.push(file.replaced(place, place + words.len(), other));
        }
    }
    for place in file.all(&["IS", "NOT"]) {
        if file.is_placeholder(place + 2) {
            mutants.push(file.replaced(place, place + 2, "<>"));
        }
    }
}

/// Removes each setting of a session that has no parameter.
fn settings(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["SET", "SESSION"]) {
        let items = file.parts(place + 2, file.end(place, &[";"]), ",");
        for (from, to) in items {
            if !(from..to).any(|place| file.is_placeholder(place)) {
                mutants.push(file.replaced(from, to + 1, ""));
            }
        }
    }
}

/// Makes a migration unrepeatable.
fn existence(file: &File, mutants: &mut Vec<Mutant>) {
    for place in file.all(&["IF"]) {
        let end = if file.word(place + 1) == "NOT" {
            place + 3
        } else {
            place + 2
        };
        mutants.push(file.replaced(place, end, ""));
    }
}

/// Replaces a statement with one that does nothing.
fn nothing_at_all(file: &File, mutants: &mut Vec<Mutant>) {
    let idle = [
        "BEGIN",
        "START",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
        "DROP",
        "DO",
    ];
    let is_lock = file.word(1).starts_with("pg_");
    if idle.contains(&file.word(0)) || is_lock {
        mutants.push(file.replaced(0, file.len(), "SELECT 1"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(folder: &str, sql: &str) -> Vec<String> {
        let changes = mutants(folder, sql).into_iter();
        changes.map(|mutant| mutant.change).collect()
    }

    #[test]
    fn each_mutant_has_one_change() {
        let sql = "-- Why.\nDELETE FROM \"T\"\nWHERE \"id\" = ?1 AND \"key\" = ?2;";
        let texts: Vec<String> = mutants("sqlite", sql)
            .into_iter()
            .map(|mutant| mutant.sql.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            texts,
            [
                r#"DELETE FROM "T" WHERE ("id" = ?1 OR TRUE) AND "key" = ?2;"#,
                r#"DELETE FROM "T" WHERE "id" = ?1 AND ("key" = ?2 OR TRUE) ;"#,
                r#"DELETE FROM "T" WHERE "id" = ?1 AND "key" LIKE ?2;"#,
            ]
        );
    }

    #[test]
    fn orders_limits_and_columns_are_changed() {
        assert_eq!(
            changes(
                "postgres",
                r#"SELECT "a", t."b" FROM "T" ORDER BY "a" COLLATE "C", "b" DESC LIMIT $1 FOR UPDATE SKIP LOCKED;"#
            ),
            [
                r#"without "a" COLLATE "C","#,
                r#""a" COLLATE "C" -> "a" COLLATE "C" DESC"#,
                r#"without , "b" DESC"#,
                "without DESC",
                "$1 -> $1 + 1",
                r#""a" and t."b" swapped"#,
                r#"without COLLATE "C""#,
                "without SKIP LOCKED",
                "without FOR UPDATE SKIP LOCKED",
            ]
        );
    }

    #[test]
    fn updates_are_changed() {
        assert_eq!(
            changes(
                "sqlite",
                r#"UPDATE "T" SET "a" = CASE WHEN ?1 THEN ?2 ELSE "a" END, "b" = CASE WHEN ?3 THEN ?4 ELSE "b" END;"#
            ),
            [
                r#""a" and "b" swapped"#,
                r#""a" -> NULL"#,
                r#""a" -> ?2"#,
                r#""b" -> NULL"#,
                r#""b" -> ?4"#,
            ]
        );
    }

    #[test]
    fn tables_are_changed() {
        assert_eq!(
            changes(
                "mysql",
                "CREATE TABLE IF NOT EXISTS `T` (
                    `id` bigint,
                    PRIMARY KEY (`id`),
                    UNIQUE KEY `T_key` (`id`),
                    FOREIGN KEY (`id`) REFERENCES `U` (`id`) ON DELETE CASCADE
                ) ENGINE = InnoDB COLLATE = utf8mb4_0900_bin;"
            ),
            [
                "without COLLATE = utf8mb4_0900_bin",
                "without ON DELETE CASCADE",
                "CASCADE -> RESTRICT",
                "without UNIQUE",
                "PRIMARY KEY -> KEY",
                "`id` bigint -> int",
                "without IF NOT EXISTS",
            ]
        );
    }

    #[test]
    fn sessions_and_transactions_are_changed() {
        assert_eq!(
            changes("mysql", "SET SESSION a = 1, b = ?, c = 'x,y', d = ?;"),
            ["without a = 1,", "without c = 'x,y',"]
        );
        assert_eq!(
            changes("sqlite", "BEGIN IMMEDIATE;"),
            ["without IMMEDIATE", "BEGIN IMMEDIATE; -> SELECT 1"]
        );
    }
}
