//! Faults that no single call shows: in what several callers do, in sequences of calls, and in values that no one
//! thought of.

use std::collections::BTreeMap;
use std::sync::Mutex;

use authstore_conformance::Runner;

use super::fault::*;
use super::values::*;

/// Remembers what was read of a key, and returns what was read the time before.
fn stale<K: Ord + ToOwned + ?Sized, T: Clone>(
    seen: &Mutex<BTreeMap<K::Owned, T>>,
    key: &K,
    found: T,
) -> T
where
    K::Owned: Ord,
{
    let before = seen
        .lock()
        .expect("no panic while held")
        .insert(key.to_owned(), found.clone());
    before.unwrap_or(found)
}

/// Whether the passkey `c` was ever there, and whether everything was deleted since.
#[derive(Default)]
struct LeftBehind {
    was_there: bool,
    is_left: bool,
}

/// Takes off characters of planes that are assigned to nothing.
fn assigned(text: &str) -> String {
    text.replace(
        |character| ('\u{40000}'..='\u{dffff}').contains(&character),
        "",
    )
}

fn assigned_to(change: Change<String>) -> Change<String> {
    match change {
        Change::Set(text) => Change::Set(assigned(&text)),
        other => other,
    }
}

faults! {
    LeavesSomethingBehind (Mutex<LeftBehind>) "model.sequences": "Deletes everything but the entry of a passkey in an index, which a later user meets." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            let mut left = self.0.lock().expect("no panic while held");
            if left.is_left {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            db.create_authenticator(authenticator)?;
            left.was_there |= authenticator.credential_id == "c";
            Ok(())
        }

        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let mut left = self.0.lock().expect("no panic while held");
            // The suite's rows are live for two days. Only between two sequences is everything deleted that expires later.
            let end = OffsetDateTime::now_utc() + Duration::from_secs(2 * 86_400 + 10);
            left.is_left |= left.was_there && now > end;
            db.delete_expired(now, limit)
        }
    }

    DropsControls "values.any_row": "Drops control characters that no one uses from a name." {
        stores!(create_user |user: User| some(&mut user.name, |name| {
            name.replace(|character| ('\u{e}'..='\u{19}').contains(&character), "")
        }));
    }

    SignsOutOnNewEmail "model.sequences": "Deletes a user's sessions when the email address changes." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let before = db.get_user(id)?.and_then(|user| user.email);
            let user = db.update_user(id, changes)?;
            if user.email != before {
                db.delete_sessions_by_user_id(id, None)?;
            }
            Ok(user)
        }
    }

    Caches (Mutex<BTreeMap<String, (Session, User)>>) "storage.handles_agree": "Keeps the sessions that it has read, and does not see what other handles write." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let mut cache = self.0.lock().expect("no panic while held");
            if let Some(found) = cache.get(session_token) {
                return Ok(Some(found.clone()));
            }
            let found = db.get_session_and_user(session_token)?;
            cache.extend(found.clone().map(|found| (session_token.to_owned(), found)));
            Ok(found)
        }
    }

    OldUsers (Mutex<BTreeMap<Uuid, Option<User>>>) "linearizable.users": "Returns a user as it was at the previous read." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            Ok(stale(&self.0, &id, db.get_user(id)?))
        }
    }

    OldAccounts (Mutex<BTreeMap<String, Option<Account>>>) "linearizable.accounts": "Returns an account as it was at the previous read." {
        fn get_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<Account>> {
            Ok(stale(&self.0, id_there, db.get_account(provider, id_there)?))
        }
    }

    OldSessions (Mutex<BTreeMap<String, Option<(Session, User)>>>) "linearizable.sessions": "Returns a session as it was at the previous read." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            Ok(stale(&self.0, session_token, db.get_session_and_user(session_token)?))
        }
    }

    UsedTwice "linearizable.verification_tokens": "Reads a token, then deletes it, without checking whether it still exists." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.get(token).cloned())?;
            pause();
            db.use_verification_token(identifier, token)?;
            Ok(found.filter(|found| found.identifier == identifier))
        }
    }

    OldAuthenticators (Mutex<BTreeMap<String, Option<Authenticator>>>) "linearizable.authenticators": "Returns an authenticator as it was at the previous read." {
        fn get_authenticator(&self, db: &Reference, credential_id: &str) -> Result<Option<Authenticator>> {
            Ok(stale(&self.0, credential_id, db.get_authenticator(credential_id)?))
        }
    }

    BusyUnderLoad (Mutex<()>) "load.no_busy_error": "Gives up when another caller is creating a session." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let Ok(_alone) = self.0.try_lock() else {
                return Err(Error::unavailable("the database is locked"));
            };
            pause();
            db.create_session(session)
        }
    }

    LocksTheTable (Mutex<()>) "load.unrelated_rows": "Gives up when another caller is updating a user." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let Ok(_alone) = self.0.try_lock() else {
                return Err(Error::unavailable("a deadlock was found"));
            };
            pause();
            db.update_user(id, changes)
        }
    }

    GivesUpOnOneRow (Mutex<()>) "load.one_row": "Gives up when another caller is updating a session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let Ok(_alone) = self.0.try_lock() else {
                return Err(Error::unavailable("too many retries"));
            };
            pause();
            db.update_session(session_token, changes)
        }
    }

    GivesUpOnDetails (Mutex<()>) "load.one_row": "Gives up when another caller is updating the details of a session." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let Ok(_alone) = self.0.try_lock() else {
                return Err(Error::unavailable("too many retries"));
            };
            pause();
            db.update_session_details(session_id, changes)
        }
    }

    RevivesTheMoved "linearizable.sessions": "Moves a session by writing it again, even if it was deleted with its user since." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let Some(to) = changes.user_id else {
                return db.update_session(session_token, changes);
            };
            let Some((session, _)) = db.get_session_and_user(session_token)? else {
                return Ok(None);
            };
            pause();
            if db.get_user(to)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            db.with(|model| {
                let moved = Session { user_id: to, ..session };
                model.sessions.insert(session_token.to_owned(), moved.clone());
                Some(moved)
            })
        }
    }

    DropsFromPayload "values.any_row": "Drops characters that are assigned to nothing from the payload of a challenge." {
        stores!(create_challenge |challenge: Challenge| challenge.payload = assigned(&challenge.payload));
    }

    DropsFromNewEmail "values.any_row": "Drops characters that are assigned to nothing from a new email address." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            changes.email = assigned_to(changes.email);
            db.update_user(id, &changes)
        }
    }

    DropsFromNewToken "values.any_row": "Drops characters that are assigned to nothing from the new token of a session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let new = changes.session_token.as_deref().map(assigned);
            db.update_session(session_token, &SessionChanges { session_token: new, ..changes.clone() })
        }
    }

    DropsFromUserAgent "values.any_row": "Drops characters that are assigned to nothing from the user agent of a session." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let mut changes = changes.clone();
            changes.user_agent = assigned_to(changes.user_agent);
            db.update_session_details(session_id, &changes)
        }
    }

    DropsFromNameOfPasskey "values.any_row": "Drops characters that are assigned to nothing from the name of a passkey." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, credential_id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let mut changes = changes.clone();
            changes.name = assigned_to(changes.name);
            db.update_authenticator_details(user_id, credential_id, &changes)
        }
    }

    DropsFromSignUp "values.any_row": "Drops characters that are assigned to nothing from the ID token of a sign-up." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let mut account = account.clone();
            some(&mut account.id_token, assigned);
            db.create_user_with_account(user, &account)
        }
    }

    DropsFromSignUpByPasskey "values.any_row": "Drops characters that are assigned to nothing from the name of a user who signs up with a passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let mut user = user.clone();
            some(&mut user.name, assigned);
            db.create_user_with_authenticator(&user, authenticator)
        }
    }

    DropsFromRefresh "values.any_row": "Drops characters that are assigned to nothing from the access token of a refresh." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let mut changes = changes.clone();
            changes.access_token = assigned_to(changes.access_token);
            db.refresh_account(provider, account, seen, &changes)
        }
    }

    UsesByDecodedId "values.any_key": "Reads a plus in a credential ID as a space when a passkey is used." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            db.use_authenticator(&credential_id.replace('+', " "), counter, backed_up)
        }
    }

    CountsByStartOfId "values.any_key": "Finds the passkey whose counter it updates by the first 1,023 bytes of its credential ID." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            db.update_authenticator_counter(&credential_id[..credential_id.len().min(1_023)], counter)
        }
    }

    DeletesNoPath "values.any_key": "Finds no passkey for a user to delete if there is a slash in its credential ID." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            match credential_id.contains('/') {
                true => Ok(Removal::Absent),
                false => db.delete_authenticator_of_user(user_id, credential_id, keep_last),
            }
        }
    }

    RefreshesNoEmoji "values.any_key": "Finds no account to refresh if there is a character of four bytes in its ID." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match account == three_bytes(account) {
                true => db.refresh_account(provider, account, seen, changes),
                false => Ok(None),
            }
        }
    }

    UnlinksNoBlank "values.any_key": "Finds no account to unlink if its ID begins or ends with whitespace." {
        fn unlink_account(&self, db: &Reference, provider: &str, account: &str) -> Result<bool> {
            Ok(account == trimmed(account) && db.unlink_account(provider, account)?)
        }
    }

    UnlinksNoQuote "values.any_key": "Finds no account for a user to unlink if there is a quote in its provider." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            match provider.contains('\'') {
                true => Ok(Removal::Absent),
                false => db.unlink_account_of_user(user_id, provider, account, keep_last),
            }
        }
    }
}

#[test]
fn rows_of_an_earlier_sequence_are_shown() {
    let certificate = Runner::new(Broken::<LeavesSomethingBehind>::new())
        .seed(1)
        .only("model.sequences")
        .run();
    let report = certificate
        .rules
        .iter()
        .find(|report| report.id == "model.sequences");
    let detail = report
        .and_then(|report| report.detail.as_deref())
        .expect("it is caught");
    assert!(detail.contains("It fails after an earlier one"), "{detail}");
    let calls: Vec<&str> = detail
        .lines()
        .filter(|line| line.contains("store."))
        .collect();
    // A user and the passkey, four calls that delete everything, and one that meets what is left.
    assert_eq!(calls.len(), 7, "{detail}");
    assert!(
        calls[1].contains("create_authenticator(Authenticator"),
        "{detail}"
    );
    assert!(
        calls[6].contains("create_authenticator(Authenticator"),
        "{detail}"
    );
}
