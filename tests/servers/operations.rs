//! Every operation, by name, as repeatable calls.

use authstore::{
    AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge, Change,
    Error, NewAccount, NewSession, NewUser, Removal, SessionChanges, SessionDetailsChanges,
    UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const LATER: OffsetDateTime = datetime!(2100-01-01 0:00 UTC);
const EXPIRED: OffsetDateTime = datetime!(1971-01-01 0:00 UTC);

/// A user with one row of each kind. All keys are derived from `key`.
pub(crate) struct Person {
    /// The id of the user, and of the session that has not expired.
    pub(crate) user: Uuid,
    pub(crate) key: String,
}

/// Creates everything that an operation needs to find.
pub(crate) fn seed(store: &AuthStore) -> Person {
    let user = Uuid::now_v7();
    let key = user.simple().to_string();
    let made = || -> Result<(), Error> {
        store.create_user_with_account(
            NewUser {
                id: Some(user),
                name: Some("Ada".into()),
                email: Some(format!("{key}@example.org")),
                ..NewUser::default()
            },
            NewAccount::new("oauth", "github", &key),
        )?;
        store.create_session(NewSession {
            id: Some(user),
            ..NewSession::new(user, &key, LATER)
        })?;
        store.create_session(NewSession::new(user, format!("{key} expired"), EXPIRED))?;
        store.create_verification_token(token(&key, LATER))?;
        store.create_verification_token(token(&format!("{key} expired"), EXPIRED))?;
        store.create_authenticator(authenticator(user, &key))?;
        store.update_session_details(user, SessionDetailsChanges::default())?;
        store.update_authenticator_details(user, &key, AuthenticatorDetailsChanges::default())?;
        store.create_challenge(Challenge::new(&key, "payload", LATER))?;
        store.create_challenge(Challenge::new(format!("{key} expired"), "", EXPIRED))?;
        Ok(())
    };
    made().expect("a new person conflicts with no one");
    Person { user, key }
}

fn token(key: &str, expires: OffsetDateTime) -> VerificationToken {
    VerificationToken::new(format!("{key}@example.org"), key, expires)
}

pub(crate) fn authenticator(user_id: Uuid, key: &str) -> Authenticator {
    Authenticator {
        credential_id: key.replace(' ', "_"),
        user_id,
        provider_account_id: key.to_owned(),
        credential_public_key: "AAAA".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: Some("usb".into()),
    }
}

/// An operation's name, and a call that succeeds once for each person and finds or writes a row.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) writes: bool,
    pub(crate) call: fn(&AuthStore, &Person) -> Result<(), Error>,
}

const fn reads(
    name: &'static str,
    call: fn(&AuthStore, &Person) -> Result<(), Error>,
) -> Operation {
    Operation {
        name,
        writes: false,
        call,
    }
}

const fn writes(
    name: &'static str,
    call: fn(&AuthStore, &Person) -> Result<(), Error>,
) -> Operation {
    Operation {
        name,
        writes: true,
        call,
    }
}

/// `unlink_account_of_user`, unless it is the last way to sign in.
pub(crate) const UNLINK_KEEP_LAST: &str = "unlink_account_of_user (keep_last)";

/// `delete_authenticator_of_user`, unless it is the last way to sign in.
pub(crate) const DELETE_KEEP_LAST: &str = "delete_authenticator_of_user (keep_last)";

/// All operations.
pub(crate) const OPERATIONS: &[Operation] = &[
    writes("create_user", |store, person| {
        let user = NewUser {
            email: Some(format!("{} new", person.key)),
            ..NewUser::default()
        };
        store.create_user(user).map(drop)
    }),
    reads("get_user", |store, person| {
        assert!(store.get_user(person.user)?.is_some());
        Ok(())
    }),
    reads("get_user_by_email", |store, person| {
        let email = format!("{}@example.org", person.key);
        assert!(store.get_user_by_email(&email)?.is_some());
        Ok(())
    }),
    reads("get_user_by_account", |store, person| {
        assert!(store.get_user_by_account("github", &person.key)?.is_some());
        Ok(())
    }),
    reads("list_users", |store, person| {
        let before = Uuid::from_u128(person.user.as_u128() - 1);
        assert!(!store.list_users(Some(before), 10)?.is_empty());
        Ok(())
    }),
    writes("update_user", |store, person| {
        let changes = UserChanges {
            name: Change::set("Grace"),
            ..UserChanges::default()
        };
        let user = store.update_user(person.user, changes)?;
        assert_eq!(user.name.as_deref(), Some("Grace"));
        Ok(())
    }),
    writes("link_account", |store, person| {
        let account = NewAccount::new("oauth", "google", &person.key);
        store.link_account(person.user, account).map(drop)
    }),
    writes("create_user_with_account", |store, person| {
        let account = NewAccount::new("oauth", "gitlab", &person.key);
        store
            .create_user_with_account(NewUser::default(), account)
            .map(drop)
    }),
    writes("create_user_with_authenticator", |store, person| {
        let passkey = authenticator(person.user, &format!("{} new", person.key));
        store
            .create_user_with_authenticator(NewUser::default(), passkey)
            .map(drop)
    }),
    reads("get_account", |store, person| {
        assert!(store.get_account("github", &person.key)?.is_some());
        Ok(())
    }),
    writes("update_account", |store, person| {
        let changes = AccountChanges {
            access_token: Change::set("new"),
            ..AccountChanges::default()
        };
        let account = store.update_account("github", &person.key, changes)?;
        assert_eq!(account.access_token.as_deref(), Some("new"));
        Ok(())
    }),
    writes("refresh_account", |store, person| {
        let changes = AccountChanges {
            refresh_token: Change::set("new"),
            ..AccountChanges::default()
        };
        let account = store.refresh_account("github", &person.key, None, changes)?;
        assert!(account.is_some());
        Ok(())
    }),
    reads("list_accounts_by_user_id", |store, person| {
        assert!(!store.list_accounts_by_user_id(person.user)?.is_empty());
        Ok(())
    }),
    writes("unlink_account", |store, person| {
        assert!(store.unlink_account("github", &person.key)?);
        Ok(())
    }),
    writes("unlink_account_of_user", |store, person| {
        let removal = store.unlink_account_of_user(person.user, "github", &person.key, false)?;
        assert_eq!(removal, Removal::Done);
        Ok(())
    }),
    writes(UNLINK_KEEP_LAST, |store, person| {
        let removal = store.unlink_account_of_user(person.user, "github", &person.key, true)?;
        assert_eq!(removal, Removal::Done);
        Ok(())
    }),
    writes("create_session", |store, person| {
        let session = NewSession::new(person.user, format!("{} new", person.key), LATER);
        store.create_session(session).map(drop)
    }),
    reads("get_session_and_user", |store, person| {
        assert!(store.get_session_and_user(&person.key)?.is_some());
        Ok(())
    }),
    writes("update_session", |store, person| {
        let changes = SessionChanges {
            expires: Some(LATER - time::Duration::DAY),
            ..SessionChanges::default()
        };
        assert!(store.update_session(&person.key, changes)?.is_some());
        Ok(())
    }),
    reads("list_sessions_by_user_id", |store, person| {
        assert!(store.list_sessions_by_user_id(person.user)?.len() >= 2);
        Ok(())
    }),
    reads("list_sessions_with_details_by_user_id", |store, person| {
        let sessions = store.list_sessions_with_details_by_user_id(person.user)?;
        assert!(sessions.len() >= 2);
        Ok(())
    }),
    reads("get_session_details", |store, person| {
        store.get_session_details(person.user).map(drop)
    }),
    writes("update_session_details", |store, person| {
        let changes = SessionDetailsChanges {
            last_seen: Change::Set(EXPIRED),
            ..SessionDetailsChanges::default()
        };
        assert!(store.update_session_details(person.user, changes)?);
        Ok(())
    }),
    writes("delete_session_of_user", |store, person| {
        assert!(store.delete_session_of_user(person.user, person.user)?);
        Ok(())
    }),
    writes("delete_session", |store, person| {
        assert!(store.delete_session(&person.key)?);
        Ok(())
    }),
    writes("delete_sessions_by_user_id", |store, person| {
        assert!(store.delete_sessions_by_user_id(person.user, None)? > 0);
        Ok(())
    }),
    writes("create_verification_token", |store, person| {
        let token = token(&format!("{} new", person.key), LATER);
        store.create_verification_token(token).map(drop)
    }),
    writes("use_verification_token", |store, person| {
        let identifier = format!("{}@example.org", person.key);
        assert!(
            store
                .use_verification_token(&identifier, &person.key)?
                .is_some()
        );
        Ok(())
    }),
    writes(
        "delete_verification_tokens_by_identifier",
        |store, person| {
            let identifier = format!("{}@example.org", person.key);
            assert!(store.delete_verification_tokens_by_identifier(&identifier)? > 0);
            Ok(())
        },
    ),
    writes("create_authenticator", |store, person| {
        let authenticator = authenticator(person.user, &format!("{} new", person.key));
        store.create_authenticator(authenticator).map(drop)
    }),
    reads("get_authenticator", |store, person| {
        assert!(store.get_authenticator(&person.key)?.is_some());
        Ok(())
    }),
    reads("list_authenticators_by_user_id", |store, person| {
        assert!(
            !store
                .list_authenticators_by_user_id(person.user)?
                .is_empty()
        );
        Ok(())
    }),
    reads(
        "list_authenticators_with_details_by_user_id",
        |store, person| {
            let passkeys = store.list_authenticators_with_details_by_user_id(person.user)?;
            assert!(!passkeys.is_empty());
            Ok(())
        },
    ),
    writes("use_authenticator", |store, person| {
        let used = store.use_authenticator(&person.key, 7, true)?;
        assert!(used.credential_backed_up);
        Ok(())
    }),
    writes("update_authenticator_details", |store, person| {
        let changes = AuthenticatorDetailsChanges {
            name: Change::set("phone"),
            ..AuthenticatorDetailsChanges::default()
        };
        assert!(store.update_authenticator_details(person.user, &person.key, changes)?);
        Ok(())
    }),
    writes("delete_authenticator_of_user", |store, person| {
        let removal = store.delete_authenticator_of_user(person.user, &person.key, false)?;
        assert_eq!(removal, Removal::Done);
        Ok(())
    }),
    writes(DELETE_KEEP_LAST, |store, person| {
        let removal = store.delete_authenticator_of_user(person.user, &person.key, true)?;
        assert_eq!(removal, Removal::Done);
        Ok(())
    }),
    writes("create_challenge", |store, person| {
        let key = format!("{} new", person.key);
        store
            .create_challenge(Challenge::new(key, "payload", LATER))
            .map(drop)
    }),
    writes("use_challenge", |store, person| {
        assert!(store.use_challenge(&person.key)?.is_some());
        Ok(())
    }),
    writes("update_authenticator_counter", |store, person| {
        let updated = store.update_authenticator_counter(&person.key, 7)?;
        assert_eq!(updated.counter, 7);
        Ok(())
    }),
    writes("delete_authenticator", |store, person| {
        assert!(store.delete_authenticator(&person.key)?);
        Ok(())
    }),
    writes("delete_user", |store, person| {
        assert!(store.delete_user(person.user)?);
        Ok(())
    }),
    writes("delete_expired", |store, _| {
        store
            .delete_expired(EXPIRED + time::Duration::DAY, 1_000)
            .map(drop)
    }),
    reads("ping", |store, _| store.ping()),
];
