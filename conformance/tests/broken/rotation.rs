//! Faults with what is rotated: the tokens of sessions, and the refresh tokens of accounts.

use std::sync::Mutex;

use super::fault::*;
use super::values::*;

/// An operation that rotates a session's token in the model, when its row is taken from there.
fn rotate(db: &Reference, old: &str, session: &Session) -> Result<Option<Session>> {
    db.with(|model| {
        model.sessions.remove(old);
        model
            .sessions
            .insert(session.session_token.clone(), session.clone());
        Some(session.clone())
    })
}

/// Refreshes an account if the token that was seen is alike to the stored one.
fn refresh_if_alike<T: PartialEq>(
    db: &Reference,
    provider: &str,
    account: &str,
    seen: Option<&str>,
    changes: &AccountChanges,
    of: impl Fn(&str) -> T,
) -> Result<Option<Account>> {
    let stored = db.get_account(provider, account)?;
    let stored = stored.and_then(|account| account.refresh_token);
    let is_alike = stored.as_deref().map(&of) == seen.map(&of);
    let seen = if is_alike { stored.as_deref() } else { seen };
    db.refresh_account(provider, account, seen, changes)
}

/// Held by those who refresh an account.
static REFRESH: Mutex<()> = Mutex::new(());

/// Compares the refresh token, and writes the account in a second step.
fn compare_then_refresh(
    db: &Reference,
    provider: &str,
    account: &str,
    seen: Option<&str>,
    changes: &AccountChanges,
) -> Result<Option<Account>> {
    let found = db.get_account(provider, account)?;
    if found.is_none_or(|found| found.refresh_token.as_deref() != seen) {
        return Ok(None);
    }
    pause();
    match db.update_account(provider, account, changes) {
        Err(Error::NotFound { .. }) => Ok(None),
        updated => updated.map(Some),
    }
}

faults! {
    RefreshesThroughFloats "refresh_account.every_expires_at": "Converts the expiry of a refresh to a floating-point number." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let mut changes = changes.clone();
            if let Change::Set(expires_at) = &mut changes.expires_at {
                *expires_at = *expires_at as f64 as i64;
            }
            db.refresh_account(provider, account, seen, &changes)
        }
    }

    ComparesTheStart "refresh_account.every_length": "Compares the first 4,096 bytes of the refresh token that was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let start = |text: &str| text.as_bytes().get(..4_096).map(<[u8]>::to_vec);
            let stored = db.get_account(provider, account)?.and_then(|account| account.refresh_token);
            let is_alike = stored.as_deref().and_then(start).is_some_and(|stored| seen.and_then(start) == Some(stored));
            let seen = if is_alike { stored.as_deref() } else { seen };
            db.refresh_account(provider, account, seen, changes)
        }
    }

    ComparesTheEnd "refresh_account.every_length": "Compares the last 4,096 bytes of the refresh token that was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let end = |text: &str| text.len().checked_sub(4_096).map(|start| text.as_bytes()[start..].to_vec());
            let stored = db.get_account(provider, account)?.and_then(|account| account.refresh_token);
            let is_alike = stored.as_deref().and_then(end).is_some_and(|stored| seen.and_then(end) == Some(stored));
            let seen = if is_alike { stored.as_deref() } else { seen };
            db.refresh_account(provider, account, seen, changes)
        }
    }

    KeepsToken "update_session.rotates_the_token": "Does not change a session's token." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(token, &SessionChanges { session_token: None, ..changes.clone() })
        }
    }

    OldTokenStillWorks "update_session.rotates_the_token": "Lets the old token of a session work as well." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let before = db.get_session_and_user(token)?;
            let updated = db.update_session(token, changes)?;
            if let (Some((before, _)), Some(_)) = (before, &changes.session_token) {
                db.with(|model| model.sessions.insert(token.to_owned(), before))?;
            }
            Ok(updated)
        }
    }

    TakesTheToken "update_session.unique_token": "Ends the session that has the new token." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            if let Some(new) = changes.session_token.as_deref().filter(|new| *new != token) {
                db.delete_session(new)?;
            }
            db.update_session(token, changes)
        }
    }

    WritesTheRest "update_session.unique_token": "Writes the other fields when the new token is taken." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(token, changes).inspect_err(|_| {
                let rest = SessionChanges { session_token: None, ..changes.clone() };
                let _ = db.update_session(token, &rest);
            })
        }
    }

    CutsNewToken "update_session.text_of_new_token": "Truncates a new token to 191 characters." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let session_token = changes.session_token.as_deref().map(head);
            db.update_session(token, &SessionChanges { session_token, ..changes.clone() })
        }
    }

    ReservesOldToken "update_session.old_token_is_free": "Does not let a token be used again that was rotated away." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let updated = db.update_session(token, changes)?;
            if let (Some(session), Some(_)) = (&updated, &changes.session_token) {
                let id = Uuid::from_u128(session.id.as_u128() + 7_000);
                let reserved = Session { id, session_token: token.to_owned(), ..session.clone() };
                db.with(|model| model.sessions.insert(token.to_owned(), reserved))?;
            }
            Ok(updated)
        }
    }

    RotatesForNobody "update_session.unknown_user": "Changes a session's token, although the user to move it to does not exist." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(token, changes).inspect_err(|error| {
                if matches!(error, Error::NotFound { .. }) && changes.session_token.is_some() {
                    let rest = SessionChanges { user_id: None, ..changes.clone() };
                    let _ = db.update_session(token, &rest);
                }
            })
        }
    }

    ReadsThenRotates "update_session.rotation_has_one_winner": "Reads a session, then writes it under its new token." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let (Some((mut session, _)), Some(new)) = (db.get_session_and_user(token)?, &changes.session_token) else {
                return db.update_session(token, changes);
            };
            pause();
            session.session_token.clone_from(new);
            rotate(db, token, &session)
        }
    }

    LooksThenRotates "update_session.rotation_to_one_token": "Checks whether the new token is free, then rotates." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let (Some((mut session, _)), Some(new)) = (db.get_session_and_user(token)?, &changes.session_token) else {
                return db.update_session(token, changes);
            };
            if db.get_session_and_user(new)?.is_some() {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            pause();
            session.session_token.clone_from(new);
            rotate(db, token, &session)
        }
    }

    RefreshesNothing "refresh_account.still_the_same": "Returns the account as it was before it was refreshed." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let before = db.get_account(provider, account)?;
            Ok(db.refresh_account(provider, account, seen, changes)?.and(before))
        }
    }

    RefreshesAnyway "refresh_account.meanwhile_another": "Does not compare the refresh token that was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, _: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match db.update_account(provider, account, changes) {
                Ok(account) => Ok(Some(account)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        }
    }

    ComparesComposed "refresh_account.meanwhile_another": "Compares the refresh token that was seen after composing its accents." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            refresh_if_alike(db, provider, account, seen, changes, |text| text.replace("e\u{301}", "é"))
        }
    }

    ComparesVisibly "refresh_account.meanwhile_another": "Ignores invisible characters when it compares the refresh token that was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            refresh_if_alike(db, provider, account, seen, changes, |text| text.replace(['\u{ad}', '\u{200b}'], ""))
        }
    }

    ComparesHashes "refresh_account.meanwhile_another": "Compares the CRC-32 of the refresh token that was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            refresh_if_alike(db, provider, account, seen, changes, crc32)
        }
    }

    NoneMatchesAll "refresh_account.meanwhile_another": "Compares nothing when no token was seen." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match (seen, db.get_account(provider, account)?) {
                (None, Some(found)) => db.refresh_account(provider, account, found.refresh_token.as_deref(), changes),
                _ => db.refresh_account(provider, account, seen, changes),
            }
        }
    }

    NullEqualsNothing "refresh_account.without_a_token": "Compares with = although the value is NULL." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match seen {
                None => Ok(None),
                Some(_) => db.refresh_account(provider, account, seen, changes),
            }
        }
    }

    NoAccountIsError "refresh_account.missing": "Returns an error when there is no such account." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match db.get_account(provider, account)? {
                None => Err(Error::not_found(Entity::Account)),
                Some(_) => db.refresh_account(provider, account, seen, changes),
            }
        }
    }

    RefreshesAllOfUser "refresh_account.leaves_others_unchanged": "Writes the new tokens to all accounts of the user." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let refreshed = db.refresh_account(provider, account, seen, changes)?;
            if let Some(refreshed) = &refreshed {
                for other in db.list_accounts_by_user_id(refreshed.user_id)? {
                    db.update_account(&other.provider, &other.provider_account_id, changes)?;
                }
            }
            Ok(refreshed)
        }
    }

    RefreshesInOtherCase "refresh_account.exact": "Refreshes an account by its id in a different case." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let own = db.with(|model| model.accounts.keys().find(|own| own.1.to_lowercase() == account.to_lowercase()).cloned())?;
            db.refresh_account(provider, own.as_ref().map_or(account, |own| &own.1), seen, changes)
        }
    }

    ComparesBeginnings "refresh_account.text": "Compares the first 65,535 bytes of a refresh token, as it stored it." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let mut changes = changes.clone();
            if let Change::Set(token) = &mut changes.refresh_token {
                *token = cut(token);
            }
            db.refresh_account(provider, account, seen.map(cut).as_deref(), &changes)
        }
    }

    ComparesThenRefreshes "refresh_account.one_winner": "Compares the refresh token, then writes the new one." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let found = db.get_account(provider, account)?;
            if found.is_none_or(|found| found.refresh_token.as_deref() != seen) {
                return Ok(None);
            }
            pause();
            db.update_account(provider, account, changes).map(Some)
        }
    }

    RefreshesTokenFirst "refresh_account.never_half": "Compares and writes the refresh token, then the other fields." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let first = AccountChanges { refresh_token: changes.refresh_token.clone(), ..AccountChanges::default() };
            if db.refresh_account(provider, account, seen, &first)?.is_none() {
                return Ok(None);
            }
            pause();
            db.update_account(provider, account, changes).map(Some)
        }
    }

    RotatesThenMoves "update_session.never_half": "Writes the new token of a session, then its user and expiry." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let (Some(new), true) = (&changes.session_token, changes.user_id.is_some() || changes.expires.is_some()) else {
                return db.update_session(token, changes);
            };
            let first = SessionChanges { session_token: Some(new.clone()), ..SessionChanges::default() };
            db.update_session(token, &first)?;
            pause();
            db.update_session(new, changes)
        }
    }

    DeletesByItsToken "delete_session_of_user.spares_none_that_rotates": "Reads the token of the session with this id, then deletes the session with the token." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            let listed = db.list_sessions_by_user_id(user_id)?;
            pause();
            match listed.iter().find(|session| session.id == session_id) {
                Some(session) => db.delete_session(&session.session_token),
                None => Ok(false),
            }
        }
    }

    ComparesNullThenRefreshes "refresh_account.one_winner": "Checks that there is no refresh token, then writes one, although it compares any other as it writes." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            match seen {
                None => compare_then_refresh(db, provider, account, seen, changes),
                Some(_) => db.refresh_account(provider, account, seen, changes),
            }
        }
    }

    RefreshesBesideUpdates "refresh_account.one_winner": "Compares the refresh token, then writes the new one, under a lock that updates of accounts do not take." {
        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let _alone = REFRESH.lock().expect("no panic while held");
            compare_then_refresh(db, provider, account, seen, changes)
        }
    }
}
