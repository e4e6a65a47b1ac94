use authstore::{AuthStore, Challenge};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{challenge_until, millis, since_1970};
use crate::race::{Race, THREADS, all_succeed, overlapped, timed};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn once(context: &Context) -> Verdict {
    let store = context.store();
    let created = store.create_challenge(challenge_until(1, millis(1)))?;
    for found in [Some(created), None, None] {
        returns(
            "use_challenge(..), repeatedly",
            store.use_challenge("challenge 1"),
            found,
        )?;
    }
    Ok(())
}

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "use_challenge(..) on an empty storage",
        store.use_challenge("challenge 1"),
        None,
    )?;
    store.create_challenge(challenge_until(1, millis(1)))?;
    returns(
        "use_challenge(..) by the payload",
        store.use_challenge("payload 1"),
        None,
    )
}

pub(crate) fn expired_too(context: &Context) -> Verdict {
    let store = context.store();
    for expires in [since_1970(0), since_1970(1), millis(-86_400_000)] {
        let created = store.create_challenge(challenge_until(1, expires))?;
        for found in [Some(created), None] {
            returns(
                "use_challenge(..) of an expired challenge, twice",
                store.use_challenge("challenge 1"),
                found,
            )?;
        }
    }
    Ok(())
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    for number in 1..=4 {
        // All with the same payload and expiry.
        let challenge = Challenge::new(format!("challenge {number}"), "payload", millis(1));
        store.create_challenge(challenge)?;
    }
    store.use_challenge("challenge 2")?;
    for number in [1, 3, 4] {
        let key = format!("challenge {number}");
        returns(
            "use_challenge(..) after another one was used",
            store.use_challenge(&key),
            Some(Challenge::new(&key, "payload", millis(1))),
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let created = store.create_challenge(Challenge::new(KEY, "payload", millis(1)))?;
    for other in NEAR_MISSES {
        returns(
            format!("use_challenge({})", other.show()),
            store.use_challenge(other),
            None,
        )?;
    }
    returns("use_challenge(..)", store.use_challenge(KEY), Some(created))
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let created = context
            .store()
            .create_challenge(challenge_until(round, millis(1)))?;
        let ran = race.at_once(THREADS, |_, store| store.use_challenge(&created.key));
        let overlap = overlapped(&ran);
        let used: Vec<Challenge> = all_succeed("use_challenge(..)", ran)?
            .into_iter()
            .flatten()
            .collect();
        equal(
            "the results of concurrent calls of use_challenge(..)",
            used,
            vec![created.clone()],
        )?;
        Ok(overlap)
    })
}

pub(crate) fn each_creation_once(context: &Context) -> Verdict {
    const TURNS: usize = 8;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let key = format!("challenge {round}");
        let create = |store: &AuthStore, payload: usize| {
            // All expire together, so only the payload distinguishes them.
            store.create_challenge(Challenge::new(&key, payload.to_string(), millis(1)))
        };
        create(context.store(), 0)?;
        // The caller that gets the challenge creates it again, with a unique payload.
        let use_and_create = |store: &AuthStore, payload| {
            let used = store.use_challenge(&key)?;
            if used.is_some() {
                create(store, payload)?;
            }
            Ok(used.map(|used| (used.payload, payload.to_string())))
        };
        let ran: Vec<_> = race
            .at_once_untimed(THREADS, |thread, store| {
                (1..=TURNS)
                    .map(|turn| timed(|| use_and_create(store, thread * TURNS + turn)))
                    .collect::<Vec<_>>()
            })
            .into_iter()
            .flatten()
            .collect();
        let overlap = overlapped(&ran);
        let turns = all_succeed("use_challenge(..), then create_challenge(..)", ran)?;
        let (mut used, mut created): (Vec<_>, Vec<_>) = turns.into_iter().flatten().unzip();
        created.push("0".to_owned());
        let left = context.store().use_challenge(&key)?;
        used.extend(left.map(|left| left.payload));
        used.sort();
        created.sort();
        equal(
            "the payloads that use_challenge(..) returned, of all that were created",
            used,
            created,
        )?;
        Ok(overlap)
    })
}
