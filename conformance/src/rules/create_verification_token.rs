use authstore::{Constraint, Error, VerificationToken};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, returns, succeeds};
use crate::fixture::{look, millis, populate, token, token_until};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, UNICODE, keys_alike, longest_key};

/// Creates a verification token, and checks that using it returns it unchanged.
#[track_caller]
fn round_trips(context: &Context, new: VerificationToken) -> Verdict {
    let store = context.store();
    let call = format!("create_verification_token({})", new.show());
    returns(
        &call,
        store.create_verification_token(new.clone()),
        new.clone(),
    )?;
    returns(
        format!("use_verification_token(..) after {call}"),
        store.use_verification_token(&new.identifier, &new.token),
        Some(new.clone()),
    )
}

pub(crate) fn stored(context: &Context) -> Verdict {
    round_trips(context, token(1))
}

pub(crate) fn several_for_one(context: &Context) -> Verdict {
    let store = context.store();
    let tokens: Vec<VerificationToken> = (1..=5)
        .map(|number| VerificationToken {
            identifier: "ada@example.org".to_owned(),
            ..token(number)
        })
        .collect();
    for token in &tokens {
        succeeds(
            "create_verification_token(..)",
            store.create_verification_token(token.clone()),
        )?;
    }
    for token in tokens {
        returns(
            "use_verification_token(..) of one of several tokens of one identifier",
            store.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for text in UNICODE.iter().chain(BLANKS).chain(HOSTILE) {
        round_trips(context, VerificationToken::new(*text, *text, millis(1)))?;
        round_trips(context, VerificationToken::new(*text, "token", millis(1)))?;
        round_trips(
            context,
            VerificationToken::new("ada@example.org", *text, millis(1)),
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn long_keys(context: &Context) -> Verdict {
    let store = context.store();
    let tokens: Vec<VerificationToken> = [
        ('a', 'a'),
        ('a', 'b'),
        ('b', 'c'),
        ('\u{1f512}', '\u{1f512}'),
    ]
    .into_iter()
    .map(|(identifier, token)| {
        VerificationToken::new(longest_key(identifier), longest_key(token), millis(1))
    })
    .collect();
    for token in &tokens {
        succeeds(
            "create_verification_token(..)",
            store.create_verification_token(token.clone()),
        )?;
    }
    for token in tokens {
        returns(
            "use_verification_token(..) with 255 characters of four bytes",
            store.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn token_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    let tokens: Vec<VerificationToken> = (0..)
        .zip(keys_alike())
        .map(|(number, key)| VerificationToken::new("ada@example.org", key, millis(number)))
        .collect();
    for token in &tokens {
        succeeds(
            format!("create_verification_token({})", token.show()),
            store.create_verification_token(token.clone()),
        )?;
    }
    for token in tokens {
        returns(
            format!("use_verification_token(.., {})", token.token.show()),
            store.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn every_millisecond(context: &Context) -> Verdict {
    for number in 0..1_000 {
        round_trips(context, token_until(1, millis(number)))?;
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    for time in crate::times::all() {
        round_trips(context, token_until(1, time))?;
    }
    Ok(())
}

pub(crate) fn unique_token(context: &Context) -> Verdict {
    let store = context.store();
    let first = store.create_verification_token(token(1))?;
    for identifier in [first.identifier.as_str(), "somebody@example.org"] {
        conflicts(
            format!(
                "create_verification_token(..) for {}, with a taken token",
                identifier.show()
            ),
            store.create_verification_token(VerificationToken::new(
                identifier,
                &first.token,
                millis(9),
            )),
            Constraint::VerificationToken,
        )?;
    }
    conflicts(
        "create_verification_token(..) of the same token again",
        store.create_verification_token(first.clone()),
        Constraint::VerificationToken,
    )?;
    returns(
        "use_verification_token(..) with the rejected identifier",
        store.use_verification_token("somebody@example.org", &first.token),
        None,
    )?;
    returns(
        "use_verification_token(..) of the existing token",
        store.use_verification_token(&first.identifier, &first.token),
        Some(first.clone()),
    )
}

pub(crate) fn again_after_use(context: &Context) -> Verdict {
    for number in 0..3 {
        round_trips(context, token_until(1, millis(number)))?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let new = |thread: usize| {
            VerificationToken::new(
                format!("person-{thread}@example.org"),
                round.to_string(),
                millis(thread as i64),
            )
        };
        let ran = race.at_once(THREADS, |thread, store| {
            store.create_verification_token(new(thread))
        });
        let won = winners(
            "create_verification_token(..) of one token",
            &ran,
            |error| {
                matches!(
                    error,
                    Error::Conflict {
                        constraint: Constraint::VerificationToken
                    }
                )
            },
        )?;
        equal("the number of callers that created the token", won, 1)?;
        for (thread, one) in ran.iter().enumerate() {
            let token = new(thread);
            returns(
                "use_verification_token(..) of the token that all callers wanted",
                context
                    .store()
                    .use_verification_token(&token.identifier, &token.token),
                one.value.as_ref().ok().cloned(),
            )?;
        }
        Ok(overlapped(&ran))
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    for key in crate::strings::keys_of_every_length() {
        round_trips(context, VerificationToken::new(&*key, "token", millis(1)))?;
        round_trips(
            context,
            VerificationToken::new("identifier", &*key, millis(1)),
        )?;
    }
    Ok(())
}
