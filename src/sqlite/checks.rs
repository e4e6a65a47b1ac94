//! The CHECK constraints and other clauses of a table, as its CREATE TABLE spells them: no pragma lists them.

use std::ops::Range;

/// A CHECK constraint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TableCheck {
    /// The name after CONSTRAINT, if any.
    pub(super) name: Option<String>,
    /// The expression, on one line.
    pub(super) expression: String,
}

/// Returns the CHECK constraints of a table and of its columns, in their order.
///
/// CHECK is a reserved keyword, so no unquoted name can be mistaken for it.
pub(super) fn checks(create_table: &str) -> Vec<TableCheck> {
    let tokens = tokens(create_table);
    let text = |token: &Token| &create_table[token.range.clone()];
    let is_word = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| !token.is_quoted && text(token).eq_ignore_ascii_case(word))
    };
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if !is_word(at, "CHECK") || !is_word(at + 1, "(") {
            continue;
        }
        let mut depth = 0_usize;
        let end = (at + 1..tokens.len()).find(|&at| {
            if is_word(at, "(") {
                depth += 1;
            } else if is_word(at, ")") {
                depth -= 1;
            }
            depth == 0
        });
        let inside = tokens.get(at + 2..end.unwrap_or(tokens.len()));
        let mut expression = String::new();
        let mut previous_end = None;
        for token in inside.unwrap_or_default() {
            // A comment or a line break becomes a space.
            if previous_end.is_some_and(|end| end < token.range.start) {
                expression.push(' ');
            }
            expression.push_str(text(token));
            previous_end = Some(token.range.end);
        }
        let is_named = at >= 2 && is_word(at - 2, "CONSTRAINT");
        found.push(TableCheck {
            name: is_named.then(|| unquoted(text(&tokens[at - 1]))),
            expression,
        });
    }
    found
}

/// Returns whether these words are next to each other in a statement, outside comments, strings and quoted names.
pub(super) fn has_words(create_table: &str, words: &[&str]) -> bool {
    tokens(create_table).windows(words.len()).any(|tokens| {
        tokens.iter().zip(words).all(|(token, word)| {
            !token.is_quoted && create_table[token.range.clone()].eq_ignore_ascii_case(word)
        })
    })
}

fn unquoted(name: &str) -> String {
    let Some(quote) = name
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\'' | '`' | '['))
    else {
        return name.to_owned();
    };
    let inside = name.get(1..name.len() - 1).unwrap_or_default();
    if quote == '[' {
        return inside.to_owned();
    }
    let doubled: String = [quote, quote].iter().collect();
    inside.replace(&doubled, &quote.to_string())
}

struct Token {
    range: Range<usize>,
    is_quoted: bool,
}

/// Returns the words, quoted parts and other characters of a statement, without its comments and whitespace.
fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let is_comment = rest.starts_with("--") || rest.starts_with("/*");
        let is_quoted = matches!(first, '"' | '\'' | '`' | '[');
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.get(2..)
                .and_then(|inside| inside.find("*/"))
                .map_or(rest.len(), |end| end + 4)
        } else if is_quoted {
            quoted_length(rest, if first == '[' { ']' } else { first })
        } else if is_of_word(first) {
            rest.find(|character| !is_of_word(character))
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !is_comment && !first.is_whitespace() {
            tokens.push(Token {
                range: at..at + length,
                is_quoted,
            });
        }
        at += length;
    }
    tokens
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// A quote is escaped by doubling it, except for a bracket.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(end) = rest[from..].find(quote) {
        from += end + 1;
        if quote == ']' || !rest[from..].starts_with(quote) {
            return from;
        }
        from += 1;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{TableCheck, checks, has_words};

    #[test]
    fn words_in_strings_and_comments_are_none() {
        let sql = "CREATE TABLE t (a text DEFAULT 'ON CONFLICT', -- ON CONFLICT\n \"on\" \"conflict\", on_conflict, \
                   b /* on conflict */ text On/* */conFlict FAIL)";
        assert!(has_words(sql, &["ON", "CONFLICT", "FAIL"]));
        for words in [&["on", "conflict", "ignore"][..], &["COLLATE"], &["a", "b"]] {
            assert!(!has_words(sql, words), "{words:?}");
        }
        assert!(!has_words("on", &["ON", "CONFLICT"]));
    }

    #[test]
    fn every_check_is_found_by_name() {
        let found = checks(
            r#"CREATE TABLE "User" ("check" text DEFAULT 'CHECK (no)', -- CHECK (neither)
                a int CONSTRAINT positive check(a > (0)), [CHECK (x)] int,
                /* CONSTRAINT b CHECK (c) */ CONSTRAINT "it's ""quoted""" CHECK /* here */ (a <> ')' AND
                b IN (1, 2)), CHECK ("check" <> ''''), CONSTRAINT [in brackets]CHECK(a), CONSTRAINT 'text' CHECK (ä))"#,
        );
        let expected = [
            (Some("positive"), "a > (0)"),
            (Some("it's \"quoted\""), "a <> ')' AND b IN (1, 2)"),
            (None, "\"check\" <> ''''"),
            (Some("in brackets"), "a"),
            (Some("text"), "ä"),
        ];
        let expected = expected.map(|(name, expression)| TableCheck {
            name: name.map(str::to_owned),
            expression: expression.to_owned(),
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn unfinished_text_does_no_harm() {
        for sql in [
            "",
            "CHECK",
            "CHECK (",
            "CHECK ('",
            "CHECK (a /*",
            "CONSTRAINT \"",
            "CHECK )(",
        ] {
            checks(sql);
        }
    }
}
