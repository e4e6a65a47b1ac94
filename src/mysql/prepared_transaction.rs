//! Transactions that a migration would leave prepared. The server then treats them as neither open in the session nor
//! finished: they hold their locks until someone ends them by name, even after the session has ended.

/// Returns true if a migration prepares a transaction (`XA PREPARE`) that it does not end afterwards.
///
/// A session does not report it, and listing prepared transactions needs a privilege, so this looks at the SQL. The
/// effect of a procedure call cannot be seen in the SQL.
pub(super) fn leaves_prepared_transaction(sql: &str) -> bool {
    let words = words(sql);
    if words.iter().any(|word| word == "PROCEDURE") {
        return false;
    }
    let mut prepared = 0_usize;
    for statement in words.split(|word| word == ";") {
        match statement.get(..2) {
            Some([xa, verb]) if xa == "XA" => match verb.as_str() {
                "PREPARE" => prepared += 1,
                "COMMIT" | "ROLLBACK" => prepared = prepared.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
    }
    prepared > 0
}

/// Returns the words and semicolons of a script in upper case, without its comments, strings and quoted names.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let is_comment = rest.starts_with('#')
            || rest.strip_prefix("--").is_some_and(|rest| {
                rest.chars()
                    .next()
                    .is_none_or(|next| next.is_whitespace() || next.is_control())
            });
        let length = if is_comment {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*!") || rest.starts_with("/*M!") {
            // The server runs the content of such a comment, after a version.
            let mark = rest.find('!').map_or(rest.len(), |at| at + 1);
            let version = rest[mark..].find(|character: char| !character.is_ascii_digit());
            version.map_or(rest.len(), |length| mark + length)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if matches!(first, '\'' | '"' | '`') {
            quoted_length(rest, first)
        } else if is_of_word(first) {
            let length = rest
                .find(|character| !is_of_word(character))
                .unwrap_or(rest.len());
            words.push(rest[..length].to_ascii_uppercase());
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
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// A doubled quote is read as two strings, one after the other, which makes no difference here.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote != '`' {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::leaves_prepared_transaction;

    #[test]
    fn prepared_transactions_are_found() {
        for sql in [
            "XA START 'a'; INSERT INTO b VALUES (1); XA END 'a'; XA PREPARE 'a';",
            "xa begin 'a';xa end 'a';xa\n-- why\nprepare 'a'",
            "XA PREPARE 'a'; XA COMMIT 'a'; XA /* x */ PREPARE 'b'",
            "XA COMMIT 'c'; XA PREPARE 'a'",
            "SELECT 'it\\'s; '; XA PREPARE 'a'",
            "/*!50000 XA PREPARE 'a' */",
        ] {
            assert!(leaves_prepared_transaction(sql), "{sql}");
        }
        for sql in [
            "",
            "XA START 'a'; XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a'",
            "XA PREPARE 'a'; XA ROLLBACK 'a';",
            "XA START 'a'; XA END 'a'; XA COMMIT 'a' ONE PHASE",
            "SELECT '; XA PREPARE ''a'''; -- ; XA PREPARE 'a'\n# ; XA PREPARE 'a'",
            "/* ; XA PREPARE 'a' */ SELECT \"; XA PREPARE \\\"a\", `; XA PREPARE 'a'",
            "PREPARE p FROM 'XA'; SELECT xa FROM prepare_",
            "CREATE PROCEDURE p() BEGIN XA START 'a'; XA END 'a'; XA PREPARE 'a'; END",
        ] {
            assert!(!leaves_prepared_transaction(sql), "{sql}");
        }
    }
}
