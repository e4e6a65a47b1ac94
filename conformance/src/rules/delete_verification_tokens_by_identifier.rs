use std::collections::BTreeSet;

use authstore::VerificationToken;

use crate::context::Context;
use crate::failure::{Verdict, ensure, equal, returns};
use crate::fixture::{millis, since_1970, token};
use crate::race::{Race, THREADS, all_succeed, create_many, overlapped};
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, keys_alike, longest_key, separators,
};

pub(crate) fn all_of_them(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_verification_tokens_by_identifier(..) on an empty storage",
        store.delete_verification_tokens_by_identifier("ada@x.org"),
        0,
    )?;
    for (token, expires) in [("a", millis(1)), ("b", since_1970(0)), ("c", millis(2))] {
        store.create_verification_token(VerificationToken::new("ada@x.org", token, expires))?;
    }
    for deleted in [3, 0] {
        returns(
            "delete_verification_tokens_by_identifier(..), twice",
            store.delete_verification_tokens_by_identifier("ada@x.org"),
            deleted,
        )?;
    }
    for token in ["a", "b", "c"] {
        returns(
            "use_verification_token(..) of a deleted token",
            store.use_verification_token("ada@x.org", token),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    let other = store.create_verification_token(token(1))?;
    // Its value is the identifier of the other token.
    let alike = VerificationToken::new("bob@x.org", "ada@x.org", millis(1));
    store.create_verification_token(alike.clone())?;
    store.create_verification_token(VerificationToken::new("ada@x.org", "a", millis(1)))?;
    store.delete_verification_tokens_by_identifier("ada@x.org")?;
    for token in [other, alike] {
        returns(
            "use_verification_token(..) of a token with another identifier",
            store.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_verification_token(VerificationToken::new(KEY, "token", millis(1)))?;
    for other in NEAR_MISSES {
        returns(
            format!("delete_verification_tokens_by_identifier({})", other.show()),
            store.delete_verification_tokens_by_identifier(other),
            0,
        )?;
    }
    returns(
        "delete_verification_tokens_by_identifier(..)",
        store.delete_verification_tokens_by_identifier(KEY),
        1,
    )?;
    // If a backend joins the two keys, the boundary between them must count.
    for separator in separators() {
        let longer = VerificationToken::new(format!("a{separator}b"), "c", millis(1));
        store.create_verification_token(longer.clone())?;
        let joined = format!("b{separator}c");
        store.create_verification_token(VerificationToken::new("a", joined, millis(1)))?;
        returns(
            format!(
                "delete_verification_tokens_by_identifier(\"a\") beside {}",
                longer.identifier.show()
            ),
            store.delete_verification_tokens_by_identifier("a"),
            1,
        )?;
        returns(
            "use_verification_token(..) of a token with a longer identifier",
            store.use_verification_token(&longer.identifier, &longer.token),
            Some(longer.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    for text in UNICODE.iter().chain(BLANKS).chain(HOSTILE) {
        store.create_verification_token(VerificationToken::new(*text, "token", millis(1)))?;
        returns(
            format!("delete_verification_tokens_by_identifier({})", text.show()),
            store.delete_verification_tokens_by_identifier(text),
            1,
        )?;
    }
    // The same with the other half of the key.
    let tokens: BTreeSet<String> = UNICODE
        .iter()
        .chain(BLANKS)
        .chain(HOSTILE)
        .map(|text| (*text).to_owned())
        .chain(keys_alike())
        .collect();
    for token in &tokens {
        let new = VerificationToken::new("ada@x.org", &**token, millis(1));
        store.create_verification_token(new)?;
    }
    returns(
        "delete_verification_tokens_by_identifier(..) with any text as token",
        store.delete_verification_tokens_by_identifier("ada@x.org"),
        tokens.len() as u64,
    )?;
    for token in &tokens {
        returns(
            format!("use_verification_token(.., {}), deleted", token.show()),
            store.use_verification_token("ada@x.org", token),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn each_counted_once(context: &Context) -> Verdict {
    const TOKENS: u64 = 12;
    let race = Race::new(context)?;
    race.rounds(|_| {
        for number in 0..TOKENS {
            let token = VerificationToken::new("ada@x.org", number.to_string(), millis(1));
            context.store().create_verification_token(token)?;
        }
        let ran = race.at_once(THREADS, |_, store| {
            store.delete_verification_tokens_by_identifier("ada@x.org")
        });
        let overlap = overlapped(&ran);
        let counted: u64 = all_succeed("delete_verification_tokens_by_identifier(..)", ran)?
            .into_iter()
            .sum();
        equal(
            "the number of tokens that the concurrent callers deleted in total",
            counted,
            TOKENS,
        )?;
        Ok(overlap)
    })
}

/// While all tokens of an identifier are deleted, two threads use them, the first and the last in turns. A token that was
/// gone was deleted with all others, so no later use may succeed.
pub(crate) fn never_half(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.few_rounds(|round| {
        // In every other round, more than a batch.
        let tokens = if round % 2 == 1 {
            race.many(round)
        } else {
            8
        };
        create_many(0..tokens, |number| {
            let token = VerificationToken::new("ada@x.org", number.to_string(), millis(1));
            context.store().create_verification_token(token)?;
            Ok(())
        })?;
        // The number of tokens that each thread has deleted or used.
        let ran = race.at_once(3, |thread, store| {
            if thread == 1 {
                let deleted = store.delete_verification_tokens_by_identifier("ada@x.org")?;
                return Ok((deleted, false));
            }
            let (mut used, mut gone, mut is_half) = (0, false, false);
            for first in (thread as u128 / 2..tokens / 2).step_by(2) {
                for number in [first, tokens - 1 - first] {
                    let found = store.use_verification_token("ada@x.org", &number.to_string())?;
                    is_half |= gone && found.is_some();
                    gone |= found.is_none();
                    used += u64::from(found.is_some());
                }
            }
            Ok((used, is_half))
        });
        let overlap = overlapped(&ran);
        let calls = "delete_verification_tokens_by_identifier(..) or use_verification_token(..)";
        let told = all_succeed(calls, ran)?;
        ensure(
            told.iter().all(|(_, is_half)| !is_half),
            "a caller used a token after another one was found deleted by delete_verification_tokens_by_identifier(..)",
        )?;
        equal(
            "the number of tokens that were deleted or used",
            told.iter().map(|(counted, _)| counted).sum(),
            tokens as u64,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn identifier_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    let keys = keys_alike();
    for (place, key) in keys.iter().enumerate() {
        store.create_verification_token(VerificationToken::new(
            &**key,
            format!("token {place}"),
            millis(1),
        ))?;
    }
    for key in &keys {
        returns(
            format!("delete_verification_tokens_by_identifier({})", key.show()),
            store.delete_verification_tokens_by_identifier(key),
            1,
        )?;
    }
    Ok(())
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    let rows = context.profile().many();
    // The longest strings, of which a page that ends after some bytes holds few.
    let (identifier, long) = (longest_key('i'), "\u{1f511}".repeat(250));
    let of_one = |number: u128| VerificationToken {
        identifier: identifier.clone(),
        token: format!("{long}{number:05}"),
        ..token(number)
    };
    for number in 1..=rows {
        store.create_verification_token(of_one(number.into()))?;
    }
    returns(
        format!("delete_verification_tokens_by_identifier(..) of {rows} tokens"),
        store.delete_verification_tokens_by_identifier(&identifier),
        rows.into(),
    )?;
    for number in 1..=rows {
        let token = of_one(number.into());
        returns(
            "use_verification_token(..) of a deleted token",
            store.use_verification_token(&token.identifier, &token.token),
            None,
        )?;
    }
    Ok(())
}
