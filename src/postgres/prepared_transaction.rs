//! Transactions that a step of a migration would leave prepared. They belong to no session. Until someone ends them by
//! name, they hold their locks and keep the server from cleaning up.

/// Returns whether a step prepares a transaction (`PREPARE TRANSACTION`) that it does not end afterwards. Within the
/// runner's transaction (`in_transaction`), it cannot end one, because it prepares that very transaction.
///
/// No function can do this, and the server does not report which session prepared what, so this looks at the step's
/// text.
pub(super) fn leaves_prepared_transaction(sql: &str, in_transaction: bool) -> bool {
    let words = words(sql);
    let mut prepared = 0_usize;
    for statement in words.split(|word| word == ";") {
        let begins = |first: &str, second: &str| {
            statement.first().is_some_and(|word| word == first)
                && statement.get(1).is_some_and(|word| word == second)
        };
        if begins("PREPARE", "TRANSACTION") {
            prepared += 1;
        } else if begins("COMMIT", "PREPARED") || begins("ROLLBACK", "PREPARED") {
            prepared = prepared.saturating_sub(usize::from(!in_transaction));
        }
    }
    prepared > 0
}

/// Returns the words and semicolons of a script in upper case, without its comments, strings and quoted names.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_length(rest)
        } else if matches!(first, '\'' | '"') {
            // In a string that begins with E, a backslash is an escape.
            let before = &sql[..sql.len() - rest.len()];
            let name = before.trim_end_matches(is_of_word);
            let escapes = first == '\'' && before[name.len()..].eq_ignore_ascii_case("E");
            quoted_length(rest, first, escapes)
        } else if let Some(length) = dollar_quoted_length(rest) {
            length
        } else if is_of_word(first) {
            let length = rest
                .find(|character| !is_of_word(character) && character != '$')
                .unwrap_or(rest.len());
            words.push(rest[..length].to_uppercase());
            length
        } else {
            if first == ';' {
                words.push(";".to_owned());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii()
}

/// Comments nest.
fn comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted_length(rest: &str, quote: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if escapes && character == '\\' {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

/// Returns the length of `$tag$ ... $tag$`, if that comes next.
fn dollar_quoted_length(rest: &str) -> Option<usize> {
    let tag = rest.strip_prefix('$')?;
    let end = tag.find(|character| !is_of_word(character))?;
    if !tag[end..].starts_with('$') || tag.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mark = &rest[..end + 2];
    let inside = &rest[mark.len()..];
    Some(
        inside
            .find(mark)
            .map_or(rest.len(), |at| at + 2 * mark.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepared_transactions_are_found() {
        for sql in [
            "PREPARE TRANSACTION 'a'",
            "begin; insert into a values (1);\nprepare /* /* now */ */ transaction 'a';",
            "BEGIN; PREPARE TRANSACTION 'a'; BEGIN; PREPARE TRANSACTION 'b'; COMMIT PREPARED 'a';",
            "SELECT E'\\'', '\\'; PREPARE TRANSACTION 'a'",
            "DO $$ BEGIN END $$; -- then\nPREPARE TRANSACTION $x$a$x$",
            "ROLLBACK PREPARED 'old'; BEGIN; PREPARE TRANSACTION 'a'",
        ] {
            assert!(leaves_prepared_transaction(sql, false), "{sql}");
            assert!(leaves_prepared_transaction(sql, true), "{sql}");
        }
        let ended = "BEGIN; PREPARE TRANSACTION 'a'; COMMIT PREPARED 'a'";
        assert!(!leaves_prepared_transaction(ended, false));
        assert!(leaves_prepared_transaction(ended, true));
    }

    #[test]
    fn other_statements_are_not_found() {
        for sql in [
            "",
            "PREPARE p AS SELECT 1; COMMIT; BEGIN TRANSACTION",
            "SELECT '; PREPARE TRANSACTION ''a'''",
            "SELECT 1 AS \"; PREPARE TRANSACTION\"",
            "DO $a$ ; PREPARE TRANSACTION 'a'; $b$ $a$",
            "-- ; PREPARE TRANSACTION 'a'\n/* ; PREPARE /* */ TRANSACTION */ SELECT $1",
            "SELECT E'\\'; PREPARE TRANSACTION ''a''', a$b$c FROM prepare; ROLLBACK PREPARED 'old'",
            "COMMIT PREPARED 'old'",
            "'",
            "$a$",
            "/*",
            "\"",
            "E'\\",
        ] {
            assert!(!leaves_prepared_transaction(sql, false), "{sql}");
            assert!(!leaves_prepared_transaction(sql, true), "{sql}");
        }
    }
}
