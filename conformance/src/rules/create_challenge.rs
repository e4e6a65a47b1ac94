use authstore::{Challenge, Constraint};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, returns};
use crate::fixture::{challenge_until, millis, since_1970};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, UNICODE, longest_key, longest_text};

/// Creates a challenge, and checks that using it returns it unchanged.
fn round_trips(context: &Context, challenge: Challenge) -> Verdict {
    let store = context.store();
    returns(
        "create_challenge(..)",
        store.create_challenge(challenge.clone()),
        challenge.clone(),
    )?;
    returns(
        format!("use_challenge({})", challenge.key.show()),
        store.use_challenge(&challenge.key),
        Some(challenge),
    )
}

pub(crate) fn stored(context: &Context) -> Verdict {
    for number in 1..=3 {
        round_trips(context, challenge_until(number, millis(1)))?;
    }
    round_trips(context, Challenge::new("key", "", millis(1)))
}

pub(crate) fn text(context: &Context) -> Verdict {
    for text in UNICODE.iter().chain(BLANKS).chain(HOSTILE) {
        round_trips(context, Challenge::new(*text, *text, millis(1)))?;
    }
    Ok(())
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    let store = context.store();
    let first = Challenge::new(longest_key('1'), longest_text(), millis(1));
    let second = Challenge::new(longest_key('2'), "another", millis(1));
    store.create_challenge(first.clone())?;
    round_trips(context, second)?;
    returns(
        "use_challenge(..) of the longest key",
        store.use_challenge(&first.key),
        Some(first.clone()),
    )
}

pub(crate) fn key_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    let keys = crate::strings::keys_alike();
    for (number, key) in keys.iter().enumerate() {
        store.create_challenge(Challenge::new(key, number.to_string(), millis(1)))?;
    }
    for (number, key) in keys.iter().enumerate() {
        let challenge = Challenge::new(key, number.to_string(), millis(1));
        // The second time, only others are left.
        for found in [Some(challenge), None] {
            returns(
                format!("use_challenge({}), twice", key.show()),
                store.use_challenge(key),
                found,
            )?;
        }
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    for time in crate::times::all() {
        round_trips(context, challenge_until(1, time))?;
    }
    Ok(())
}

pub(crate) fn unique_key(context: &Context) -> Verdict {
    let store = context.store();
    // One that expires far in the future, and one that has expired long ago.
    for (key, expires) in [("key", millis(1)), ("expired key", since_1970(1))] {
        let first = store.create_challenge(Challenge::new(key, "first", expires))?;
        for payload in ["second", "first"] {
            conflicts(
                "create_challenge(..) with a taken key",
                store.create_challenge(Challenge::new(key, payload, millis(2))),
                Constraint::ChallengeKey,
            )?;
        }
        returns(
            "use_challenge(..) after it",
            store.use_challenge(key),
            Some(first),
        )?;
    }
    Ok(())
}

pub(crate) fn again_after_use(context: &Context) -> Verdict {
    for number in 1..=3 {
        round_trips(
            context,
            Challenge::new("key", number.to_string(), millis(number)),
        )?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let key = format!("challenge {round}");
        let ran = race.at_once(THREADS, |thread, store| {
            store.create_challenge(Challenge::new(&key, thread.to_string(), millis(1)))
        });
        let overlap = overlapped(&ran);
        let won = winners("create_challenge(..)", &ran, |error| {
            matches!(
                error,
                authstore::Error::Conflict {
                    constraint: Constraint::ChallengeKey,
                    ..
                }
            )
        })?;
        equal(
            "the number of concurrent callers that created the challenge",
            won,
            1,
        )?;
        let created = ran.into_iter().find_map(|ran| ran.value.ok());
        returns(
            "use_challenge(..) after it",
            context.store().use_challenge(&key),
            created,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    for length in crate::strings::text_lengths() {
        round_trips(
            context,
            Challenge::new("key", "p".repeat(length), millis(1)),
        )?;
    }
    for key in crate::strings::keys_of_every_length() {
        round_trips(context, Challenge::new(key, "payload", millis(1)))?;
    }
    Ok(())
}
