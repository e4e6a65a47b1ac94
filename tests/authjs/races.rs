//! Both sides use the same token concurrently.

use std::collections::BTreeSet;
use std::thread;

use authstore::VerificationToken;
use authstore_test_databases::{Kind, Test};
use serde_json::{Value, json};

use crate::adapter::Both;
use crate::on_each;
use crate::values::{in_an_hour, verification_token};

/// Tokens in the first round. Each later round has twice as many, so that the faster side is still at work when the other
/// one has started.
const TOKENS: usize = 100;

/// The maximum number of rounds until both sides have won a token, which proves that they raced.
const ROUNDS: u32 = 8;

/// Callers on each side.
const CALLERS: usize = 4;

pub(crate) fn tests() -> Vec<Test> {
    on_each(
        "token_is_used_once_by_either_side",
        token_is_used_once_by_either_side,
    )
}

/// With `DELETE ... RETURNING` (SQLite, PostgreSQL) a token has one winner among all callers. On MySQL and MariaDB the
/// adapter reads, deletes, and always assumes that it won. There, every token is used, and at most one of *our* callers
/// gets it.
fn token_is_used_once_by_either_side(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for round in 0..ROUNDS {
        let count = TOKENS << round;
        let tokens: Vec<VerificationToken> = (0..count)
            .map(|number| {
                VerificationToken::new("ada@example.org", format!("{round}-{number}"), in_an_hour())
            })
            .collect();
        for token in &tokens {
            store.create_verification_token(token.clone()).unwrap();
        }
        // The sides meet in the middle: in the same order, the slower one would only find what the other has used.
        let request: Vec<Value> = tokens.iter().rev().map(verification_token).collect();
        let (by_js, by_rust) = thread::scope(|scope| {
            let theirs =
                scope.spawn(|| js.call("useVerificationTokens", &json!([request, CALLERS])));
            let ours: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        let won = tokens.iter().filter(|token| {
                            store
                                .use_verification_token(&token.identifier, &token.token)
                                .expect("an answer")
                                .is_some()
                        });
                        won.map(|token| token.token.clone()).collect::<Vec<_>>()
                    })
                })
                .collect();
            let ours: Vec<String> = ours
                .into_iter()
                .flat_map(|caller| caller.join().expect("no panic"))
                .collect();
            let theirs: Vec<String> =
                serde_json::from_value(theirs.join().expect("no panic")).expect("a list of tokens");
            (theirs, ours)
        });

        let distinct = |won: &[String]| won.iter().cloned().collect::<BTreeSet<_>>();
        assert_eq!(
            distinct(&by_rust).len(),
            by_rust.len(),
            "two of our callers won one token"
        );
        let winners = [by_js.clone(), by_rust.clone()].concat();
        assert_eq!(distinct(&winners).len(), count, "no one got a token");
        if matches!(kind, Kind::SqliteFile | Kind::Postgres) {
            assert_eq!(winners.len(), count, "two callers won one token");
        }
        if !by_js.is_empty() && !by_rust.is_empty() {
            return;
        }
    }
    panic!("in none of {ROUNDS} rounds, both sides won a token: they never raced");
}
