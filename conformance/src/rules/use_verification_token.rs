use std::thread;
use std::time::Duration;

use authstore::{AuthStore, VerificationToken};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns, succeeds};
use crate::fixture::{millis, since_1970, token, token_until};
use crate::race::{Race, THREADS, all_succeed, overlapped, timed};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn once(context: &Context) -> Verdict {
    let store = context.store();
    let created = store.create_verification_token(token(1))?;
    let (identifier, token) = (&created.identifier, &created.token);
    returns(
        "use_verification_token(..)",
        store.use_verification_token(identifier, token),
        Some(created.clone()),
    )?;
    for _ in 0..2 {
        returns(
            "use_verification_token(..), again",
            store.use_verification_token(identifier, token),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "use_verification_token(..) on an empty storage",
        store.use_verification_token("ada@example.org", "token 1"),
        None,
    )?;
    let created = store.create_verification_token(token(1))?;
    returns(
        "use_verification_token(..) with another token",
        store.use_verification_token(&created.identifier, "token 2"),
        None,
    )?;
    returns(
        "use_verification_token(..) with identifier and token swapped",
        store.use_verification_token(&created.token, &created.identifier),
        None,
    )
}

pub(crate) fn wrong_identifier(context: &Context) -> Verdict {
    let store = context.store();
    let first = store.create_verification_token(token(1))?;
    let second = store.create_verification_token(token(2))?;
    for (identifier, token) in [
        (&first.identifier, &second.token),
        (&second.identifier, &first.token),
        (&first.identifier, &first.identifier),
        (&first.token, &first.token),
    ] {
        returns(
            "use_verification_token(..) with another identifier",
            store.use_verification_token(identifier, token),
            None,
        )?;
    }
    for created in [first, second] {
        returns(
            "use_verification_token(..) after an attempt with another identifier",
            store.use_verification_token(&created.identifier, &created.token),
            Some(created.clone()),
        )?;
    }
    // If a backend joins the two keys, the boundary between them must count.
    for (first, second) in [
        (("a", "bc"), ("ab", "c")),
        (("1", "12"), ("11", "2")),
        (("a:", "b"), ("a", ":b")),
        (("a|", "b"), ("a", "|b")),
        (("a/", "b"), ("a", "/b")),
        (("a\u{1}", "b"), ("a", "\u{1}b")),
    ] {
        let new = |(identifier, token)| VerificationToken::new(identifier, token, millis(1));
        store.create_verification_token(new(first))?;
        returns(
            "use_verification_token(..) with keys that are joined to the same",
            store.use_verification_token(second.0, second.1),
            None,
        )?;
        succeeds(
            "create_verification_token(..) with keys that are joined to the same",
            store.create_verification_token(new(second)),
        )?;
        for (identifier, token) in [first, second] {
            returns(
                format!(
                    "use_verification_token({}, {})",
                    identifier.show(),
                    token.show()
                ),
                store.use_verification_token(identifier, token),
                Some(new((identifier, token))),
            )?;
        }
    }
    Ok(())
}

pub(crate) fn expired_too(context: &Context) -> Verdict {
    let store = context.store();
    for expires in [since_1970(0), since_1970(1), millis(-86_400_000)] {
        let created = store.create_verification_token(token_until(1, expires))?;
        returns(
            "use_verification_token(..) of an expired token",
            store.use_verification_token(&created.identifier, &created.token),
            Some(created.clone()),
        )?;
        returns(
            "use_verification_token(..) of an expired token, again",
            store.use_verification_token(&created.identifier, &created.token),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    let tokens: Vec<VerificationToken> = (1..=6)
        .map(|number| VerificationToken {
            identifier: format!("person-{}@example.org", number % 2),
            ..token(number)
        })
        .collect();
    for token in &tokens {
        store.create_verification_token(token.clone())?;
    }
    let used = &tokens[2];
    store.use_verification_token(&used.identifier, &used.token)?;
    for token in tokens.iter().filter(|token| *token != used) {
        returns(
            "use_verification_token(..) after another one was used",
            store.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let created = store.create_verification_token(VerificationToken::new(KEY, KEY, millis(1)))?;
    for other in NEAR_MISSES {
        for (identifier, token) in [(KEY, *other), (*other, KEY), (*other, *other)] {
            returns(
                format!(
                    "use_verification_token({}, {})",
                    identifier.show(),
                    token.show()
                ),
                store.use_verification_token(identifier, token),
                None,
            )?;
        }
    }
    returns(
        "use_verification_token(..)",
        store.use_verification_token(KEY, KEY),
        Some(created),
    )
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let created = context.store().create_verification_token(token(round))?;
        let ran = race.at_once(THREADS, |_, store| {
            store.use_verification_token(&created.identifier, &created.token)
        });
        let overlap = overlapped(&ran);
        let used: Vec<VerificationToken> = all_succeed("use_verification_token(..)", ran)?
            .into_iter()
            .flatten()
            .collect();
        equal(
            "the results of concurrent calls of use_verification_token(..)",
            used,
            vec![created.clone()],
        )?;
        returns(
            "use_verification_token(..), again",
            context
                .store()
                .use_verification_token(&created.identifier, &created.token),
            None,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn each_creation_once(context: &Context) -> Verdict {
    const TURNS: usize = 8;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let first = context
            .store()
            .create_verification_token(token_until(round, millis(0)))?;
        // The caller that gets the token creates it again, with a unique expiry.
        let use_and_create = |store: &AuthStore, expires| {
            let used = store.use_verification_token(&first.identifier, &first.token)?;
            if used.is_some() {
                store.create_verification_token(token_until(round, expires))?;
            }
            Ok(used.map(|used| (used.expires, expires)))
        };
        let ran: Vec<_> = race
            .at_once_untimed(THREADS, |thread, store| {
                (1..=TURNS)
                    .map(|turn| millis((thread * TURNS + turn) as i64))
                    .map(|expires| timed(|| use_and_create(store, expires)))
                    .collect::<Vec<_>>()
            })
            .into_iter()
            .flatten()
            .collect();
        let overlap = overlapped(&ran);
        let turns = all_succeed(
            "use_verification_token(..), then create_verification_token(..)",
            ran,
        )?;
        let (mut given_back, mut created): (Vec<_>, Vec<_>) = turns.into_iter().flatten().unzip();
        created.push(first.expires);
        let left = context
            .store()
            .use_verification_token(&first.identifier, &first.token)?;
        given_back.extend(left.map(|left| left.expires));
        given_back.sort();
        created.sort();
        equal(
            "the expiry times of the tokens that use_verification_token(..) returned, of all that were created",
            given_back,
            created,
        )?;
        Ok(overlap)
    })
}

/// A token is used, and then created again for another identifier, while others use it or delete it for the first one.
pub(crate) fn spares_another_identifier(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    race.rounds(|round| {
        let first = store.create_verification_token(token(round))?;
        let second = VerificationToken {
            identifier: format!("other-{round}@example.org"),
            ..first.clone()
        };
        let ran = race.at_once(3, |thread, store| match thread {
            0 => {
                // In most rounds, not before the others have found the token.
                thread::sleep(Duration::from_micros(200) * (round % 4) as u32);
                store.use_verification_token(&first.identifier, &first.token)?;
                store.create_verification_token(second.clone()).map(drop)
            }
            1 => store
                .use_verification_token(&first.identifier, &first.token)
                .map(drop),
            _ => store
                .delete_verification_tokens_by_identifier(&first.identifier)
                .map(drop),
        });
        let overlap = overlapped(&ran);
        all_succeed("using, deleting or creating a verification token", ran)?;
        returns(
            "use_verification_token(..) of a token that was created for another identifier while it was used for the first",
            store.use_verification_token(&second.identifier, &second.token),
            Some(second.clone()),
        )?;
        Ok(overlap)
    })
}

pub(crate) fn one_winner_against_delete_expired(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let created = context
            .store()
            .create_verification_token(token_until(round, millis(0)))?;
        let ran = race.at_once(THREADS, |thread, store| {
            // The last to arrive at the barrier runs first, so alternate between them.
            if (thread as u128 + round).is_multiple_of(2) {
                let used = store.use_verification_token(&created.identifier, &created.token)?;
                Ok(u64::from(used.is_some()))
            } else {
                Ok(store.delete_expired(millis(0), 10)?.verification_tokens)
            }
        });
        let overlap = overlapped(&ran);
        let taken: u64 = all_succeed("use_verification_token(..) or delete_expired(..)", ran)?
            .into_iter()
            .sum();
        equal(
            "the number of times that one token was used or counted as deleted",
            taken,
            1,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn identifier_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    let keys = crate::strings::keys_alike();
    let new =
        |place: usize| VerificationToken::new(&*keys[place], format!("token {place}"), millis(1));
    for place in 0..keys.len() {
        store.create_verification_token(new(place))?;
    }
    for place in 0..keys.len() {
        let VerificationToken {
            identifier, token, ..
        } = new(place);
        // The most similar tokens exist, too.
        let beside = [place.checked_sub(1), Some(place + 1)];
        for other in beside
            .into_iter()
            .flatten()
            .filter_map(|place| keys.get(place))
        {
            returns(
                format!(
                    "use_verification_token({}, ..) of another identifier",
                    other.show()
                ),
                store.use_verification_token(other, &token),
                None,
            )?;
        }
        returns(
            format!("use_verification_token({}, ..)", identifier.show()),
            store.use_verification_token(&identifier, &token),
            Some(new(place)),
        )?;
    }
    Ok(())
}
