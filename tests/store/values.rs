//! Accepted values are returned unchanged. Others fail with `Invalid`, which names the field, and change nothing.

use authstore::{
    AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge, Change,
    Error, NewAccount, NewSession, NewUser, Removal, SessionChanges, SessionDetailsChanges, User,
    UserChanges, VerificationToken,
};
use proptest::prelude::*;
use time::macros::{datetime, offset};
use time::{Duration, OffsetDateTime, UtcOffset};

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const FIRST: OffsetDateTime = datetime!(1970-01-01 00:00 UTC);
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999 UTC);

fn store() -> AuthStore {
    let store = AuthStore::connect("sqlite::memory:").expect("a store");
    store.migrate().expect("a schema");
    store
}

/// A store with a user, an account, a session and a passkey to change.
fn store_with_user() -> (AuthStore, User) {
    let store = store();
    let (user, _) = store
        .create_user_with_account(
            NewUser {
                email: Some("ada@example.org".into()),
                ..NewUser::default()
            },
            NewAccount::new("oauth", "github", "1"),
        )
        .expect("a user");
    store
        .create_session(NewSession::new(user.id, "session", EXPIRES))
        .expect("a session");
    store
        .create_authenticator(authenticator(&user))
        .expect("a passkey");
    (store, user)
}

fn authenticator(user: &User) -> Authenticator {
    Authenticator {
        credential_id: "Y3JlZGVudGlhbA".into(),
        user_id: user.id,
        provider_account_id: "1".into(),
        credential_public_key: "key".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    }
}

type Call = Box<dyn Fn(&AuthStore, &User, &str) -> Result<(), Error>>;

fn call<T>(call: impl Fn(&AuthStore, &User, &str) -> Result<T, Error> + 'static) -> Call {
    Box::new(move |store, user, value| call(store, user, value).map(drop))
}

fn account(kind: &str, provider: &str, id: &str) -> NewAccount {
    NewAccount::new(kind, provider, id)
}

/// Every place that stores a key, with the name by which an error calls it.
fn keys() -> Vec<(&'static str, Call)> {
    vec![
        (
            "email",
            call(|store, _, value| {
                store.create_user(NewUser {
                    email: Some(value.into()),
                    ..NewUser::default()
                })
            }),
        ),
        (
            "email",
            call(|store, user, value| {
                store.update_user(
                    user.id,
                    UserChanges {
                        email: Change::set(value),
                        ..UserChanges::default()
                    },
                )
            }),
        ),
        (
            "kind",
            call(|store, user, value| store.link_account(user.id, account(value, "gitlab", "1"))),
        ),
        (
            "provider",
            call(|store, user, value| store.link_account(user.id, account("oauth", value, "1"))),
        ),
        (
            "email",
            call(|store, _, value| {
                store.create_user_with_account(
                    NewUser {
                        email: Some(value.into()),
                        ..NewUser::default()
                    },
                    account("oauth", "gitlab", "1"),
                )
            }),
        ),
        (
            "kind",
            call(|store, _, value| {
                store.create_user_with_account(NewUser::default(), account(value, "gitlab", "1"))
            }),
        ),
        (
            "provider",
            call(|store, _, value| {
                store.create_user_with_account(NewUser::default(), account("oauth", value, "1"))
            }),
        ),
        (
            "kind",
            call(|store, _, value| {
                store.update_account(
                    "github",
                    "1",
                    AccountChanges {
                        kind: Some(value.into()),
                        ..AccountChanges::default()
                    },
                )
            }),
        ),
        (
            "session_token",
            call(|store, user, value| {
                store.create_session(NewSession::new(user.id, value, EXPIRES))
            }),
        ),
        (
            "identifier",
            call(|store, _, value| {
                store.create_verification_token(VerificationToken::new(value, "token", EXPIRES))
            }),
        ),
        (
            "token",
            call(|store, _, value| {
                store.create_verification_token(VerificationToken::new("ada", value, EXPIRES))
            }),
        ),
        (
            "session_token",
            call(|store, _, value| {
                store.update_session(
                    "session",
                    SessionChanges {
                        session_token: Some(value.into()),
                        ..SessionChanges::default()
                    },
                )
            }),
        ),
        (
            "key",
            call(|store, _, value| store.create_challenge(Challenge::new(value, "", EXPIRES))),
        ),
    ]
}

/// Every place that stores a provider account id.
fn provider_account_ids() -> Vec<(&'static str, Call)> {
    vec![
        (
            "provider_account_id",
            call(|store, user, value| {
                store.link_account(user.id, account("oauth", "gitlab", value))
            }),
        ),
        (
            "provider_account_id",
            call(|store, _, value| {
                store
                    .create_user_with_account(NewUser::default(), account("oauth", "gitlab", value))
            }),
        ),
        (
            "provider_account_id",
            call(|store, user, value| {
                store.create_authenticator(Authenticator {
                    credential_id: "b3RoZXI".into(),
                    provider_account_id: value.into(),
                    ..authenticator(user)
                })
            }),
        ),
    ]
}

fn credential_ids() -> Vec<(&'static str, Call)> {
    vec![
        (
            "credential_id",
            call(|store, user, value| {
                store.create_authenticator(Authenticator {
                    credential_id: value.into(),
                    ..authenticator(user)
                })
            }),
        ),
        (
            "credential_id",
            call(|store, user, value| {
                store.create_user_with_authenticator(
                    NewUser::default(),
                    Authenticator {
                        credential_id: value.into(),
                        ..authenticator(user)
                    },
                )
            }),
        ),
    ]
}

/// Every lookup, deletion and use by a key, each with what it finds.
fn lookups(store: &AuthStore, key: &str) -> Vec<(&'static str, Result<bool, Error>)> {
    let user = uuid::Uuid::nil();
    let changes = AccountChanges::default;
    let is_missing = |result: Result<(), Error>| match result {
        Err(Error::NotFound { .. }) => Ok(false),
        result => result.map(|()| true),
    };
    let removed = |result: Result<Removal, Error>| result.map(|done| done != Removal::Absent);
    vec![
        (
            "email",
            store.get_user_by_email(key).map(|found| found.is_some()),
        ),
        (
            "provider",
            store
                .get_user_by_account(key, "1")
                .map(|found| found.is_some()),
        ),
        ("provider", store.unlink_account(key, "1")),
        (
            "provider",
            removed(store.unlink_account_of_user(user, key, "1", true)),
        ),
        (
            "provider",
            store.get_account(key, "1").map(|found| found.is_some()),
        ),
        (
            "provider",
            is_missing(store.update_account(key, "1", changes()).map(drop)),
        ),
        (
            "provider",
            store
                .refresh_account(key, "1", None, changes())
                .map(|found| found.is_some()),
        ),
        (
            "session token",
            store.get_session_and_user(key).map(|found| found.is_some()),
        ),
        (
            "session token",
            store
                .update_session(key, SessionChanges::default())
                .map(|found| found.is_some()),
        ),
        ("session token", store.delete_session(key)),
        (
            "identifier",
            store
                .use_verification_token(key, "1")
                .map(|found| found.is_some()),
        ),
        (
            "token",
            store
                .use_verification_token("1", key)
                .map(|found| found.is_some()),
        ),
        (
            "identifier",
            store
                .delete_verification_tokens_by_identifier(key)
                .map(|count| count > 0),
        ),
        (
            "challenge",
            store.use_challenge(key).map(|found| found.is_some()),
        ),
    ]
}

/// Like [`lookups`], but by a key that may be a credential id.
fn credential_lookups(store: &AuthStore, id: &str) -> Vec<(&'static str, Result<bool, Error>)> {
    let is_missing = |result: Result<Authenticator, Error>| match result {
        Err(Error::NotFound { .. }) => Ok(false),
        result => result.map(|_| true),
    };
    let removed = |result: Result<Removal, Error>| result.map(|done| done != Removal::Absent);
    let user = uuid::Uuid::nil();
    vec![
        (
            "get",
            store.get_authenticator(id).map(|found| found.is_some()),
        ),
        (
            "counter",
            is_missing(store.update_authenticator_counter(id, 1)),
        ),
        ("use", is_missing(store.use_authenticator(id, 1, true))),
        ("delete", store.delete_authenticator(id)),
        (
            "of user",
            removed(store.delete_authenticator_of_user(user, id, true)),
        ),
        (
            "details",
            store.update_authenticator_details(user, id, AuthenticatorDetailsChanges::default()),
        ),
    ]
}

/// Like [`lookups`], but by a key that may be a provider account id.
fn account_lookups(store: &AuthStore, id: &str) -> Vec<(&'static str, Result<bool, Error>)> {
    let user = uuid::Uuid::nil();
    let changes = AccountChanges::default;
    let update = match store.update_account("github", id, changes()) {
        Err(Error::NotFound { .. }) => Ok(false),
        result => result.map(|_| true),
    };
    let removal = store.unlink_account_of_user(user, "github", id, true);
    vec![
        (
            "user",
            store
                .get_user_by_account("github", id)
                .map(|found| found.is_some()),
        ),
        (
            "get",
            store.get_account("github", id).map(|found| found.is_some()),
        ),
        ("update", update),
        (
            "refresh",
            store
                .refresh_account("github", id, None, changes())
                .map(|found| found.is_some()),
        ),
        ("unlink", store.unlink_account("github", id)),
        ("of user", removal.map(|done| done != Removal::Absent)),
    ]
}

/// Every place that accepts a string.
fn texts() -> Vec<(&'static str, Call)> {
    let mut places = vec![
        (
            "name",
            call(|store, _, value| {
                store.create_user(NewUser {
                    name: Some(value.into()),
                    ..NewUser::default()
                })
            }),
        ),
        (
            "image",
            call(|store, _, value| {
                store.create_user(NewUser {
                    image: Some(value.into()),
                    ..NewUser::default()
                })
            }),
        ),
        (
            "name",
            call(|store, user, value| {
                store.update_user(
                    user.id,
                    UserChanges {
                        name: Change::set(value),
                        ..UserChanges::default()
                    },
                )
            }),
        ),
        (
            "image",
            call(|store, user, value| {
                store.update_user(
                    user.id,
                    UserChanges {
                        image: Change::set(value),
                        ..UserChanges::default()
                    },
                )
            }),
        ),
        (
            "credential_public_key",
            call(|store, user, value| {
                store.create_authenticator(Authenticator {
                    credential_public_key: value.into(),
                    ..authenticator(user)
                })
            }),
        ),
        (
            "credential_device_type",
            call(|store, user, value| {
                store.create_authenticator(Authenticator {
                    credential_device_type: value.into(),
                    ..authenticator(user)
                })
            }),
        ),
        (
            "transports",
            call(|store, user, value| {
                store.create_authenticator(Authenticator {
                    transports: Some(value.into()),
                    ..authenticator(user)
                })
            }),
        ),
    ];
    macro_rules! account_texts {
        ($($field:ident)*) => {
            $(
                places.push((stringify!($field), call(|store, user, value| store.link_account(user.id, NewAccount { $field: Some(value.into()), ..NewAccount::new("oauth", "gitlab", "1") }))));
                places.push((stringify!($field), call(|store, _, value| store.create_user_with_account(NewUser::default(), NewAccount { $field: Some(value.into()), ..NewAccount::new("oauth", "gitlab", "1") }))));
                places.push((stringify!($field), call(|store, _, value| store.update_account("github", "1", AccountChanges { $field: Change::set(value), ..AccountChanges::default() }))));
            )*
        };
    }
    places.push((
        "payload",
        call(|store, _, value| store.create_challenge(Challenge::new("key", value, EXPIRES))),
    ));
    macro_rules! details {
        ($changes:ident: $($field:ident)*; $update:expr) => {
            $(places.push((stringify!($field), call(|store, _, value| {
                let update: fn(&AuthStore, $changes) -> authstore::Result<bool> = $update;
                update(store, $changes { $field: Change::set(value), ..$changes::default() })
            })));)*
        };
    }
    details!(SessionDetailsChanges: ip user_agent; |store, changes| store.update_session_details(uuid::Uuid::nil(), changes));
    details!(AuthenticatorDetailsChanges: name; |store, changes| store.update_authenticator_details(uuid::Uuid::nil(), "a", changes));
    account_texts!(refresh_token access_token token_type scope id_token session_state oauth_token_secret oauth_token);
    places
}

/// Everything that belongs to the user, to check that nothing changed.
fn state(store: &AuthStore, user: &User) -> String {
    // `Debug` hides the tokens, so look them up by value.
    let accounts = store.list_accounts_by_user_id(user.id).expect("accounts");
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        store.get_user(user.id).expect("a user"),
        accounts,
        accounts
            .iter()
            .map(|account| &account.access_token)
            .collect::<Vec<_>>(),
        store.list_sessions_by_user_id(user.id).expect("sessions"),
        store
            .list_authenticators_by_user_id(user.id)
            .expect("passkeys"),
    )
}

fn refuses(places: Vec<(&'static str, Call)>, values: &[String]) {
    let (store, user) = store_with_user();
    let before = state(&store, &user);
    for (number, (field, call)) in places.iter().enumerate() {
        for value in values {
            match call(&store, &user, value) {
                Err(Error::Invalid {
                    field: named,
                    reason,
                }) => {
                    assert_eq!(named, *field, "place {number}");
                    assert!(
                        value.len() < 8 || !reason.contains(value.as_str()),
                        "{reason}"
                    );
                }
                other => panic!(
                    "{field}, place {number}, took {} bytes: {other:?}",
                    value.len()
                ),
            }
        }
    }
    assert_eq!(state(&store, &user), before);
}

fn invalid_keys() -> [String; 5] {
    [
        String::new(),
        "a".repeat(256),
        "🦀".repeat(256),
        "a\0b".into(),
        "\0".into(),
    ]
}

fn invalid_credential_ids() -> [String; 6] {
    let space_in_the_middle = "a b".to_owned();
    let too_long = "a".repeat(1_365);
    [
        String::new(),
        space_in_the_middle,
        "é".into(),
        "a\0".into(),
        "a\u{7f}".into(),
        too_long,
    ]
}

fn invalid_provider_account_ids() -> [String; 5] {
    [
        String::new(),
        "🦀".repeat(256),
        "a ".repeat(128),
        "a".repeat(1_365),
        "a\0".into(),
    ]
}

#[test]
fn invalid_keys_are_rejected_wherever_they_are_stored() {
    refuses(keys(), &invalid_keys());
    refuses(credential_ids(), &invalid_credential_ids());
    refuses(provider_account_ids(), &invalid_provider_account_ids());
}

/// The store has no schema, so whatever was sent would be an error.
#[test]
fn lookups_by_invalid_keys_find_nothing() {
    let store = AuthStore::connect("sqlite::memory:").expect("a store");
    for (name, found) in lookups(&store, "valid") {
        assert!(
            matches!(found, Err(Error::Migration(_))),
            "{name}: {found:?}"
        );
    }
    for key in invalid_keys() {
        for (name, found) in lookups(&store, &key) {
            assert!(matches!(found, Ok(false)), "{name}, {key:?}: {found:?}");
        }
    }
    for id in invalid_credential_ids() {
        for (name, found) in credential_lookups(&store, &id) {
            assert!(matches!(found, Ok(false)), "{name}, {id:?}: {found:?}");
        }
    }
    for id in invalid_provider_account_ids() {
        for (name, found) in account_lookups(&store, &id) {
            assert!(matches!(found, Ok(false)), "{name}, {id:?}: {found:?}");
        }
    }
    let seen = store.refresh_account("github", "1", Some("a\0"), AccountChanges::default());
    assert!(matches!(seen, Ok(None)), "{seen:?}");
}

#[test]
fn unknown_session_to_keep_keeps_nothing() {
    for keep in invalid_keys() {
        let (store, user) = store_with_user();
        let deleted = store.delete_sessions_by_user_id(user.id, Some(&keep));
        assert_eq!(deleted.expect("a count"), 1, "{keep:?}");
    }
}

#[test]
fn invalid_text_is_rejected_everywhere() {
    refuses(
        texts(),
        &["a".repeat(1_048_577), "é".repeat(524_289), "a\0b".into()],
    );
}

#[test]
fn longest_key_and_text_are_accepted() {
    for (number, (field, call)) in keys().iter().enumerate() {
        let (store, user) = store_with_user();
        match call(&store, &user, &"🦀".repeat(255)) {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            other => panic!("{field}, place {number}: {other:?}"),
        }
    }
    let (store, user) = store_with_user();
    let longest = Authenticator {
        credential_id: "a+/=".repeat(341),
        provider_account_id: "a+/=".repeat(341),
        credential_public_key: "a".repeat(1_048_576),
        ..authenticator(&user)
    };
    store
        .create_authenticator(longest.clone())
        .expect("a passkey");
    assert_eq!(
        store
            .get_authenticator(&longest.credential_id)
            .expect("an answer"),
        Some(longest)
    );
}

#[test]
fn times_out_of_range_are_rejected_everywhere() {
    let (store, user) = store_with_user();
    let before = state(&store, &user);
    let session = |expires| NewSession::new(user.id, "another", expires);
    let changes = |expires| SessionChanges {
        expires: Some(expires),
        ..SessionChanges::default()
    };
    for time in [
        FIRST - Duration::NANOSECOND,
        // Year 9999 where it was written, 10000 in UTC.
        datetime!(9999-12-31 23:59:59.999 -01:00),
        datetime!(1970-01-01 00:59:59.999 +01:00),
    ] {
        for (field, refused) in [
            (
                "email_verified",
                store
                    .create_user(NewUser {
                        email_verified: Some(time),
                        ..NewUser::default()
                    })
                    .map(drop),
            ),
            (
                "email_verified",
                store
                    .update_user(
                        user.id,
                        UserChanges {
                            email_verified: Change::Set(time),
                            ..UserChanges::default()
                        },
                    )
                    .map(drop),
            ),
            ("expires", store.create_session(session(time)).map(drop)),
            (
                "expires",
                store.update_session("session", changes(time)).map(drop),
            ),
            (
                "expires",
                store
                    .create_verification_token(VerificationToken::new("ada", "token", time))
                    .map(drop),
            ),
            ("now", store.delete_expired(time, 1).map(drop)),
        ] {
            match refused {
                Err(Error::Invalid { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field} took {time}: {other:?}"),
            }
        }
    }
    assert_eq!(state(&store, &user), before);
}

#[test]
fn negative_counter_is_rejected() {
    let (store, user) = store_with_user();
    for refused in [
        store.create_authenticator(Authenticator {
            counter: -1,
            credential_id: "a".into(),
            ..authenticator(&user)
        }),
        store.update_authenticator_counter("Y3JlZGVudGlhbA", i64::MIN),
    ] {
        assert!(
            matches!(
                refused,
                Err(Error::Invalid {
                    field: "counter",
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn times_are_truncated_to_milliseconds() {
    let (store, user) = store_with_user();
    let time = datetime!(2026-11-24 23:59:59.999_999_999 +5:30);
    let session = store
        .create_session(NewSession::new(user.id, "cut", time))
        .expect("a session");
    assert_eq!(session.expires, datetime!(2026-11-24 18:29:59.999 UTC));
    assert_eq!(session.expires.offset(), UtcOffset::UTC);
    let (found, _) = store
        .get_session_and_user("cut")
        .expect("an answer")
        .expect("the session");
    assert_eq!(found, session);
}

fn any_key() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        any::<char>().prop_filter("NUL", |character| *character != '\0'),
        1..=255,
    )
    .prop_map(String::from_iter)
}

fn any_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[^\0]{0,300}")
}

fn any_time() -> impl Strategy<Value = OffsetDateTime> {
    let milliseconds = (LAST - FIRST).whole_milliseconds();
    (0..=i64::try_from(milliseconds).expect("within range"))
        .prop_map(|milliseconds| FIRST + Duration::milliseconds(milliseconds))
}

proptest! {
    #[test]
    fn every_accepted_user_round_trips(
        name in any_text(),
        email in proptest::option::of(any_key()),
        email_verified in proptest::option::of(any_time()),
        image in any_text(),
    ) {
        let store = store();
        let user = store.create_user(NewUser {
            id: None,
            name: name.clone(),
            email: email.clone(),
            email_verified: email_verified.map(|time| time.to_offset(offset!(-7))),
            image: image.clone(),
        })?;
        prop_assert_eq!(
            (&user.name, &user.email, user.email_verified, &user.image),
            (&name, &email, email_verified, &image)
        );
        prop_assert_eq!(store.get_user(user.id)?, Some(user.clone()));
        if let Some(email) = email {
            prop_assert_eq!(store.get_user_by_email(&email)?, Some(user));
        }
    }

    #[test]
    fn every_accepted_account_round_trips(
        keys in [any_key(), any_key(), any_key()],
        texts in [any_text(), any_text(), any_text(), any_text(), any_text(), any_text(), any_text(), any_text()],
        expires_at in proptest::option::of(any::<i64>()),
    ) {
        let store = store();
        let [kind, provider, provider_account_id] = keys;
        let [refresh_token, access_token, token_type, scope, id_token, session_state, oauth_token_secret, oauth_token] = texts;
        let new = NewAccount {
            refresh_token, access_token, expires_at, token_type, scope, id_token, session_state, oauth_token_secret, oauth_token,
            ..NewAccount::new(kind, provider, provider_account_id)
        };
        let (user, account) = store.create_user_with_account(NewUser::default(), new.clone())?;
        let found = store.get_account(&new.provider, &new.provider_account_id)?;
        prop_assert_eq!(found.as_ref(), Some(&account));
        prop_assert_eq!(store.get_user_by_account(&new.provider, &new.provider_account_id)?, Some(user));
        prop_assert_eq!(
            (new.refresh_token, new.access_token, new.expires_at, new.token_type, new.scope, new.id_token, new.session_state, new.oauth_token_secret, new.oauth_token),
            (account.refresh_token, account.access_token, account.expires_at, account.token_type, account.scope, account.id_token, account.session_state, account.oauth_token_secret, account.oauth_token)
        );
    }

    #[test]
    fn accepted_sessions_and_tokens_round_trip(
        token in any_key(),
        identifier in any_key(),
        expires in any_time(),
        counter in 0..=i64::MAX,
    ) {
        let (store, user) = store_with_user();
        let session = store.create_session(NewSession::new(user.id, &*token, expires))?;
        prop_assert_eq!(session.expires, expires);
        prop_assert_eq!(store.get_session_and_user(&token)?, Some((session, user)));

        let verification_token = VerificationToken::new(identifier, token, expires);
        store.create_verification_token(verification_token.clone())?;
        let VerificationToken { identifier, token, .. } = &verification_token;
        let used = store.use_verification_token(identifier, token)?;
        prop_assert_eq!(used.as_ref(), Some(&verification_token));

        let passkey = store.update_authenticator_counter("Y3JlZGVudGlhbA", counter)?;
        prop_assert_eq!(passkey.counter, counter);
        prop_assert_eq!(store.get_authenticator("Y3JlZGVudGlhbA")?, Some(passkey));
    }
}
