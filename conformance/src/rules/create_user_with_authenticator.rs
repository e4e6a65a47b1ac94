use authstore::{AuthStore, Authenticator, Constraint, NewUser};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, returns, succeeds};
use crate::fixture::{
    at, authenticator, authenticator_with_id, bare_user, full_user, id, look, populate,
    user_with_email,
};
use crate::race::Race;
use crate::rules::create_user::finds_address_of;
use crate::rules::create_user_with_account::{Rival, SecondRow, one_sign_up, user_of};
use crate::strings::{BLANKS, HOSTILE, UNICODE, longest_credential_id, longest_key, longest_text};

pub(crate) fn stored(context: &Context) -> Verdict {
    let store = context.store();
    // The operation sets the passkey's user, whatever the argument has.
    let (user, passkey) =
        store.create_user_with_authenticator(full_user(1), authenticator(1, 99))?;
    equal("the passkey's user", passkey.user_id, user.id)?;
    equal("the passkey", passkey.clone(), authenticator(1, 1))?;
    returns("get_user(..)", store.get_user(id(1)), Some(user))?;
    returns(
        "list_authenticators_by_user_id(..)",
        store.list_authenticators_by_user_id(id(1)),
        vec![passkey],
    )
}

/// Signs up, and checks that both rows are read as they were returned, and are as they were given.
#[track_caller]
fn round_trips(context: &Context, user: NewUser, passkey: Authenticator) -> Verdict {
    let store = context.store();
    let (user, created) = succeeds(
        "create_user_with_authenticator(..)",
        store.create_user_with_authenticator(user, passkey.clone()),
    )?;
    let user_id = user.id;
    let passkey = Authenticator { user_id, ..passkey };
    equal("the passkey", created, passkey.clone())?;
    returns("get_user(..)", store.get_user(user_id), Some(user.clone()))?;
    finds_address_of(store, &user)?;
    returns(
        "get_authenticator(..)",
        store.get_authenticator(&passkey.credential_id),
        Some(passkey),
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    let passkey_of = |number: u128, text: &str| Authenticator {
        credential_public_key: text.to_owned(),
        credential_device_type: text.to_owned(),
        transports: Some(text.to_owned()),
        ..authenticator(number, number)
    };
    for (number, text) in (1..).zip(UNICODE.iter().chain(BLANKS).chain(HOSTILE)) {
        let passkey = Authenticator {
            provider_account_id: (*text).to_owned(),
            ..passkey_of(number, text)
        };
        round_trips(context, user_of(number, text, text), passkey)?;
    }
    // All strings of both rows have their maximum length, and the keys of two differ by their last character.
    for (number, last) in [(1_000, '1'), (1_001, '2')] {
        let text = longest_text();
        round_trips(
            context,
            user_of(number, &longest_key(last), &text),
            Authenticator {
                credential_id: longest_credential_id(last),
                provider_account_id: longest_credential_id(last),
                ..passkey_of(number, &text)
            },
        )?;
    }
    let empty = || Some(String::new());
    let user = NewUser {
        name: empty(),
        image: empty(),
        ..bare_user(1_003)
    };
    round_trips(context, user, passkey_of(1_003, ""))?;
    round_trips(
        context,
        NewUser::default(),
        Authenticator {
            transports: None,
            ..passkey_of(1_002, "")
        },
    )
}

pub(crate) fn numbers_and_times(context: &Context) -> Verdict {
    let numbers = crate::times::seconds().into_iter().cycle();
    let counters = numbers.filter(|number| *number >= 0);
    for (number, (time, counter)) in (1..).zip(crate::times::FAR.iter().zip(counters)) {
        round_trips(
            context,
            NewUser {
                email_verified: Some(at(time)),
                ..bare_user(number)
            },
            Authenticator {
                counter,
                ..authenticator(number, number)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn user_conflicts(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 0..=10)?;
    for (user, constraint) in [
        (bare_user(1), Constraint::UserId),
        (
            user_with_email(9, "user-1@example.org"),
            Constraint::UserEmail,
        ),
    ] {
        conflicts(
            "create_user_with_authenticator(..) of a user that exists",
            store.create_user_with_authenticator(user, authenticator(9, 9)),
            constraint,
        )?;
        returns(
            "get_authenticator(..) after it",
            store.get_authenticator("credential-9"),
            None,
        )?;
    }
    returns("the rows that existed before", look(store, 0..=10), before)
}

pub(crate) fn authenticator_conflicts(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 0..=10)?;
    conflicts(
        "create_user_with_authenticator(..) with a taken credential id",
        store.create_user_with_authenticator(full_user(9), authenticator(11, 9)),
        Constraint::AuthenticatorCredentialId,
    )?;
    returns("the rows that existed before", look(store, 0..=10), before)?;
    returns(
        "get_user_by_email(..) of the user that was not created",
        store.get_user_by_email("user-9@example.org"),
        None,
    )?;
    succeeds(
        "create_user(..) of the user that was not created",
        store.create_user(full_user(9)),
    )?;
    Ok(())
}

impl SecondRow for Authenticator {
    const SIGN_UP: &str = "create_user_with_authenticator(..)";

    fn sign_up(self, store: &AuthStore, user: NewUser) -> authstore::Result<()> {
        store.create_user_with_authenticator(user, self).map(drop)
    }

    fn add(self, store: &AuthStore) -> authstore::Result<()> {
        let user_id = id(0);
        let passkey = Authenticator { user_id, ..self };
        store.create_authenticator(passkey).map(drop)
    }

    fn exists(&self, store: &AuthStore) -> authstore::Result<bool> {
        let found = store.get_authenticator(&self.credential_id)?;
        Ok(found.is_some_and(|found| found.credential_public_key == self.credential_public_key))
    }
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::AuthenticatorCredentialId;
    one_sign_up(context, constraint, &[Rival::Add], |round, number| {
        let credential_id = format!("credential-{round}");
        let passkey = authenticator_with_id(number, number, &credential_id);
        (bare_user(number), passkey)
    })
}

pub(crate) fn one_user_id_one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::UserId;
    one_sign_up(
        context,
        constraint,
        &[Rival::CreateUser],
        |round, number| (bare_user(round), authenticator(number, round)),
    )
}

pub(crate) fn one_email_one_winner(context: &Context) -> Verdict {
    let rivals = [Rival::CreateUser, Rival::UpdateUser];
    one_sign_up(context, Constraint::UserEmail, &rivals, |round, number| {
        let email = format!("round-{round}@example.org");
        (
            user_with_email(number, &email),
            authenticator(number, number),
        )
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let passkey = authenticator(round, round);
        race.look_on(
            "create_user_with_authenticator(..)",
            |store| store.create_user_with_authenticator(full_user(round), passkey.clone()),
            |thread, store| {
                // Whichever row is read first, the other one must exist when it is read next.
                let half = if thread % 2 == 0 {
                    let user = store.get_user(id(round))?.is_some();
                    (user && store.list_authenticators_by_user_id(id(round))?.is_empty())
                        .then_some("the user without the passkey")
                } else {
                    let found = store.get_authenticator(&passkey.credential_id)?.is_some();
                    (found && store.get_user(id(round))?.is_none())
                        .then_some("the passkey without the user")
                };
                Ok(half.map(str::to_owned))
            },
        )
    })
}
