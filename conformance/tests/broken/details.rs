//! Faults with the details of sessions and of passkeys.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Mutex;

use authstore_conformance::Model;

use super::fault::*;
use super::values::*;

/// An operation that writes details, after something has happened to them.
macro_rules! writes {
    ($operation:ident($($key:ident: $type:ty),+) |$changes:ident: $kind:ty| $change:expr) => {
        fn $operation(&self, db: &Reference, $($key: $type,)+ given: &$kind) -> Result<bool> {
            let mut $changes = given.clone();
            $change;
            db.$operation($($key,)+ &$changes)
        }
    };
}

/// Does something to a value that is set.
fn set<T>(change: &mut Change<T>, with: impl FnOnce(&T) -> T) {
    if let Change::Set(value) = change {
        *value = with(value);
    }
}

/// Deletes rows, and the details that they had a moment before.
fn with_earlier_details<T>(db: &Reference, delete: impl FnOnce(&mut Model) -> T) -> Result<T> {
    let earlier = db.with(|model| model.clone())?;
    pause();
    db.with(|model| {
        let before = model.clone();
        let deleted = delete(model);
        for (id, details) in before.session_details {
            if !earlier.session_details.contains_key(&id) {
                model.session_details.insert(id, details);
            }
        }
        for (id, details) in before.authenticator_details {
            if !earlier.authenticator_details.contains_key(&id) {
                model.authenticator_details.insert(id, details);
            }
        }
        deleted
    })
}

/// Deletes rows, and their details in a second step.
fn details_last<T>(db: &Reference, delete: impl FnOnce(&mut Model) -> T) -> Result<T> {
    let (before, deleted, after) = db.with(|model| {
        let before = model.clone();
        let deleted = delete(model);
        let after = model.clone();
        model.session_details.clone_from(&before.session_details);
        (before, deleted, after)
    })?;
    pause();
    db.with(|model| {
        let gone = before
            .session_details
            .keys()
            .filter(|id| !after.session_details.contains_key(id));
        gone.for_each(|id| drop(model.session_details.remove(id)));
    })?;
    Ok(deleted)
}

/// Deletes rows, and their details in an earlier step.
fn details_first<T>(db: &Reference, delete: impl FnOnce(&mut Model) -> T + Clone) -> Result<T> {
    db.with(|model| {
        let mut after = model.clone();
        delete.clone()(&mut after);
        model.session_details = after.session_details;
        model.authenticator_details = after.authenticator_details;
    })?;
    pause();
    db.with(delete)
}

/// The sessions of a model, with what a fault leaves of their details when a session is gone.
type Kept = Mutex<BTreeMap<Uuid, SessionDetails>>;

/// The details of passkeys that a fault keeps when a passkey is gone.
type KeptOfPasskeys = Mutex<BTreeMap<String, AuthenticatorDetails>>;

/// Writes the details of a passkey, and of those that a fault takes for the same by their ids.
fn share_with_passkeys(
    db: &Reference,
    user_id: Uuid,
    id: &str,
    changes: &AuthenticatorDetailsChanges,
    key: fn(&str) -> Vec<u8>,
) -> Result<bool> {
    db.with(|model| {
        let found = model.update_authenticator_details(user_id, id, changes);
        if let Some(details) = model.authenticator_details.get(id).cloned() {
            let alike = model
                .authenticators
                .keys()
                .filter(|other| key(other) == key(id));
            let shared: Vec<_> = alike.map(|id| (id.clone(), details.clone())).collect();
            model.authenticator_details.extend(shared);
        }
        found
    })
}

/// Writes the details of a session, and of those that a fault takes for the same by their tokens.
fn share_with_sessions(
    db: &Reference,
    id: Uuid,
    changes: &SessionDetailsChanges,
    key: fn(&str) -> String,
) -> Result<bool> {
    db.with(|model| {
        let found = model.update_session_details(id, changes);
        let sessions = model.sessions.values();
        if let Some(own) = sessions.clone().find(|session| session.id == id) {
            let alike =
                sessions.filter(|other| key(&other.session_token) == key(&own.session_token));
            let details = model.get_session_details(id);
            let shared: Vec<_> = alike.map(|other| (other.id, details.clone())).collect();
            model.session_details.extend(shared);
        }
        found
    })
}

faults! {
    DetailsInOrderOfTokens "list_sessions_with_details_by_user_id.the_same_list": "Lists sessions that expire together by their tokens." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut sessions = db.list_sessions_with_details_by_user_id(user_id)?;
            sessions.sort_by_key(|(session, _)| (Reverse(session.expires), session.session_token.clone()));
            Ok(sessions)
        }
    }

    DetailsByLowerHalf "update_session_details.session_unchanged": "Finds the session by the lower half of its id." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let half = |id: Uuid| id.as_u64_pair().1;
            let twins: Vec<Uuid> = db.with(|model| {
                let ids = model.sessions.values().map(|session| session.id);
                ids.filter(|id| half(*id) == half(session_id)).collect()
            })?;
            for twin in &twins {
                db.update_session_details(*twin, changes)?;
            }
            Ok(!twins.is_empty())
        }
    }

    DetailsOfAPage "list_sessions_with_details_by_user_id.no_page_limit": "Returns the details of only the first 256 sessions." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut sessions = db.list_sessions_with_details_by_user_id(user_id)?;
            for (_, details) in sessions.iter_mut().skip(256) {
                *details = SessionDetails::default();
            }
            Ok(sessions)
        }
    }

    PasskeyDetailsOfAPage "list_authenticators_with_details_by_user_id.no_page_limit": "Returns the details of only the first 256 passkeys." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut passkeys = db.list_authenticators_with_details_by_user_id(user_id)?;
            for (_, details) in passkeys.iter_mut().skip(256) {
                *details = AuthenticatorDetails::default();
            }
            Ok(passkeys)
        }
    }

    FourMebibytesOfSessions "list_sessions_with_details_by_user_id.large_rows": "Ends a list of sessions and details at 4 MiB." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let sessions = db.list_sessions_with_details_by_user_id(user_id)?;
            Ok(four_mebibytes(sessions, |(_, details)| details.user_agent.as_ref()))
        }
    }

    FourMebibytesOfPasskeys "list_authenticators_with_details_by_user_id.large_rows": "Ends a list of passkeys at 4 MiB." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            let passkeys = db.list_authenticators_by_user_id(user_id)?;
            Ok(four_mebibytes(passkeys, |passkey| passkey.transports.as_ref()))
        }
    }

    ClearsWhatIsKept "update_session_details.every_combination": "Clears the details that an update does not name." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| if changes.ip.is_keep() { changes.ip = Change::Clear });
    }

    IgnoresClear "update_session_details.every_combination": "Does not clear a detail." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| if changes.began == Change::Clear { changes.began = Change::Keep });
    }

    CountsChangedSessions "update_session_details.every_combination": "Finds no session when its details are set to the present values, as MySQL counts rows." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let before = db.get_session_details(id)?;
            let found = db.update_session_details(id, changes)?;
            Ok(found && (db.get_session_details(id)? != before || *changes == SessionDetailsChanges::default()))
        }
    }

    InsertsOnce "update_session_details.every_combination": "Writes details only the first time." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            if db.with(|model| model.session_details.contains_key(&id))? {
                return Ok(true);
            }
            db.update_session_details(id, changes)
        }
    }

    DetailsOfNothing "update_session_details.missing": "Keeps the details of a session that does not exist." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            if !db.update_session_details(id, changes)? {
                db.with(|model| model.session_details.insert(id, SessionDetails { ip: changes.ip.value().cloned(), ..SessionDetails::default() }))?;
                return Ok(false);
            }
            Ok(true)
        }

        // A reference forgets them with the next session that is deleted; until then they are there.
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session)
        }
    }

    ExtendsSeenSession "update_session_details.session_unchanged": "Extends a session when it was seen." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            db.with(|model| {
                for session in model.sessions.values_mut().filter(|session| session.id == id) {
                    session.expires += Duration::from_secs(1);
                }
            })?;
            db.update_session_details(id, changes)
        }
    }

    DetailsByToken "update_session_details.outlive_updates": "Loses the details of a session when its token is rotated." {
        fn update_session(&self, db: &Reference, token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let updated = db.update_session(token, changes)?;
            if let (Some(session), Some(_)) = (&updated, &changes.session_token) {
                db.with(|model| model.session_details.remove(&session.id))?;
            }
            Ok(updated)
        }
    }

    KeepsDetails (Kept) "update_session_details.deleted_with_the_session": "Keeps the details of a session that has expired." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let done = db.update_session_details(id, changes)?;
            self.0.lock().expect("no panic while held").insert(id, db.get_session_details(id)?);
            Ok(done)
        }

        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let done = db.delete_expired(now, limit)?;
            let kept = self.0.lock().expect("no panic while held").clone();
            db.with(|model| model.session_details.extend(kept))?;
            Ok(done)
        }
    }

    ThreeBytesInAgent "update_session_details.text": "Replaces four-byte characters in a user agent with question marks." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| set(&mut changes.user_agent, |text| three_bytes(text)));
    }

    CutsAgent "update_session_details.text": "Truncates a user agent to 65,535 bytes." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| set(&mut changes.user_agent, |text| cut(text)));
    }

    AgentOfAPage "update_session_details.text": "Loses the last byte of a user agent of 4,096 bytes." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| set(&mut changes.user_agent, |text| {
            text[..text.len() - usize::from(text.len() == 4_096)].to_owned()
        }));
    }

    IpWithoutPort "update_session_details.text": "Removes the port from an IP address." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| set(&mut changes.ip, |text| without_port(text)));
    }

    SeenInSeconds "update_session_details.times": "Stores the time of a session's last use in seconds." {
        writes!(update_session_details(id: Uuid) |changes: SessionDetailsChanges| set(&mut changes.last_seen, |time| seconds(*time)));
    }

    WritesAllDetails "update_session_details.all_survive": "Reads the details of a session, and writes them all back." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let mut details = db.get_session_details(id)?;
            pause();
            let changes = changes.clone();
            details.began = changes.began.apply(details.began);
            details.last_seen = changes.last_seen.apply(details.last_seen);
            details.ip = changes.ip.apply(details.ip);
            details.user_agent = changes.user_agent.apply(details.user_agent);
            db.with(|model| {
                let exists = model.sessions.values().any(|session| session.id == id);
                if exists {
                    model.session_details.insert(id, details);
                }
                exists
            })
        }
    }

    OrphanedDetails "update_session_details.no_orphan": "Checks whether there is such a session, then writes its details." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let exists = db.with(|model| model.sessions.values().any(|session| session.id == id))?;
            pause();
            if exists {
                let ip = changes.ip.value().cloned();
                db.with(|model| model.session_details.insert(id, SessionDetails { ip, ..SessionDetails::default() }))?;
            }
            Ok(exists)
        }
    }

    SharedDetailsOfTwins "update_authenticator_details.authenticator_unchanged": "Writes the details of every passkey with the same account at its provider." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let Some(found) = db.get_authenticator(id)? else {
                return Ok(false);
            };
            for twin in db.list_authenticators_by_user_id(user)? {
                if twin.provider_account_id == found.provider_account_id {
                    db.update_authenticator_details(user, &twin.credential_id, changes)?;
                }
            }
            Ok(found.user_id == user)
        }
    }

    SharedDetailsOfAUser "update_session_details.session_unchanged": "Writes the details of all sessions of a user that expire together." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let twins = db.with(|model| {
                let sessions: Vec<_> = model.sessions.values().cloned().collect();
                let found = sessions.iter().find(|session| session.id == id).cloned();
                sessions.into_iter().filter(|twin| found.as_ref().is_some_and(|found| (twin.user_id, twin.expires) == (found.user_id, found.expires))).map(|twin| twin.id).collect::<Vec<_>>()
            })?;
            for twin in &twins {
                db.update_session_details(*twin, changes)?;
            }
            Ok(!twins.is_empty())
        }
    }

    OrphanedAuthenticatorDetails "update_authenticator_details.no_orphan": "Checks whether the user has such an authenticator, then writes its details." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let exists = db.with(|model| model.authenticators.get(id).is_some_and(|authenticator| authenticator.user_id == user))?;
            pause();
            if exists {
                let name = changes.name.value().cloned();
                db.with(|model| model.authenticator_details.insert(id.to_owned(), AuthenticatorDetails { name, ..AuthenticatorDetails::default() }))?;
            }
            Ok(exists)
        }
    }

    OldDetails (Kept) "linearizable.details": "Returns details as they were at the previous read." {
        fn get_session_details(&self, db: &Reference, id: Uuid) -> Result<SessionDetails> {
            let found = db.get_session_details(id)?;
            let before = self.0.lock().expect("no panic while held").insert(id, found.clone());
            Ok(before.unwrap_or(found))
        }
    }

    NoDetailsIsError "get_session_details.absent": "Returns an error where no details were stored." {
        fn get_session_details(&self, db: &Reference, id: Uuid) -> Result<SessionDetails> {
            db.with(|model| model.session_details.get(&id).cloned())?.ok_or(Error::backend("no row"))
        }
    }

    ListsNobodysSessions "list_sessions_with_details_by_user_id.absent": "Lists all sessions for a user that does not have any." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            match db.get_user(user_id)? {
                Some(_) => db.list_sessions_with_details_by_user_id(user_id),
                None => Err(Error::not_found(Entity::User)),
            }
        }
    }

    ListsDetailed "list_sessions_with_details_by_user_id.the_same_list": "Leaves out sessions that have no details." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut list = db.list_sessions_with_details_by_user_id(user_id)?;
            list.retain(|(_, details)| *details != SessionDetails::default());
            Ok(list)
        }
    }

    OrdersByTextOfTime "list_sessions_with_details_by_user_id.the_same_list": "Orders sessions by the text of their expiry, which has no trailing zeros." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut list = db.list_sessions_with_details_by_user_id(user_id)?;
            let text = |time: OffsetDateTime| (time.unix_timestamp(), short_fraction(time));
            list.sort_by_key(|(session, _)| (Reverse(text(session.expires)), session.id));
            Ok(list)
        }
    }

    ListsAHundredSessions "list_sessions_with_details_by_user_id.no_page_limit": "Lists a hundred sessions at most." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut list = db.list_sessions_with_details_by_user_id(user_id)?;
            list.truncate(100);
            Ok(list)
        }
    }

    ClearsOtherNames "update_authenticator_details.every_combination": "Clears the name of a passkey when it was used." {
        writes!(update_authenticator_details(user_id: Uuid, id: &str) |changes: AuthenticatorDetailsChanges| if changes.name.is_keep() { changes.name = Change::Clear });
    }

    CountsChangedPasskeys "update_authenticator_details.every_combination": "Finds no passkey when its details are set to the present values, as MySQL counts rows." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let details = || db.with(|model| model.authenticator_details.get(id).cloned());
            let before = details()?;
            let found = db.update_authenticator_details(user_id, id, changes)?;
            Ok(found && (details()? != before || *changes == AuthenticatorDetailsChanges::default()))
        }
    }

    NamesNothing "update_authenticator_details.missing": "Reports details as stored, although the passkey does not exist." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            db.update_authenticator_details(user_id, id, changes).map(|_| true)
        }
    }

    NamesInOtherCase "update_authenticator_details.exact": "Stores the details of a passkey by its id in a different case." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let own = db.with(|model| model.authenticators.keys().find(|own| own.eq_ignore_ascii_case(id)).cloned())?;
            db.update_authenticator_details(user_id, own.as_deref().unwrap_or(id), changes)
        }
    }

    NamesAnyones "update_authenticator_details.of_the_user_only": "Stores the details of a passkey, whoever asks for it." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let own = db.with(|model| model.authenticators.get(id).map(|own| own.user_id))?;
            db.update_authenticator_details(own.unwrap_or(user_id), id, changes)
        }
    }

    NamesAllOfUser "update_authenticator_details.authenticator_unchanged": "Sets the name of all passkeys." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let done = db.update_authenticator_details(user_id, id, changes)?;
            db.with(|model| {
                for details in model.authenticator_details.values_mut() {
                    details.name = changes.name.clone().apply(details.name.take());
                }
            })?;
            Ok(done)
        }
    }

    KeepsNames (KeptOfPasskeys) "update_authenticator_details.deleted_with_the_authenticator": "Keeps the details of a passkey that is deleted, for when it is created again." {
        fn delete_authenticator(&self, db: &Reference, id: &str) -> Result<bool> {
            if let Some(details) = db.with(|model| model.authenticator_details.get(id).cloned())? {
                self.0.lock().expect("no panic while held").insert(id.to_owned(), details);
            }
            db.delete_authenticator(id)
        }

        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            db.create_authenticator(authenticator)?;
            let kept = self.0.lock().expect("no panic while held").clone();
            db.with(|model| model.authenticator_details.extend(kept))
        }
    }

    NameOf255 "update_authenticator_details.text": "Loses the last byte of a passkey's name of 256 bytes." {
        writes!(update_authenticator_details(user_id: Uuid, id: &str) |changes: AuthenticatorDetailsChanges| set(&mut changes.name, |text| {
            text[..text.len() - usize::from(text.len() == 256)].to_owned()
        }));
    }

    TrimsNames "update_authenticator_details.text": "Trims the name of a passkey." {
        writes!(update_authenticator_details(user_id: Uuid, id: &str) |changes: AuthenticatorDetailsChanges| set(&mut changes.name, |text| trimmed(text)));
    }

    UsedAsFloat "update_authenticator_details.times": "Stores the time of a passkey's last use as a float in seconds." {
        writes!(update_authenticator_details(user_id: Uuid, id: &str) |changes: AuthenticatorDetailsChanges| set(&mut changes.last_used, |time| float_seconds(*time)));
    }

    UsedUntil2038 "update_authenticator_details.times": "Stores the time of a passkey's last use as 32-bit seconds." {
        writes!(update_authenticator_details(user_id: Uuid, id: &str) |changes: AuthenticatorDetailsChanges| set(&mut changes.last_used, |time| until_2038(*time)));
    }

    WritesAllOfPasskey "update_authenticator_details.all_survive": "Reads the details of a passkey, and writes them all back." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let mut details = db.with(|model| model.authenticator_details.get(id).cloned().unwrap_or_default())?;
            pause();
            let changes = changes.clone();
            details.name = changes.name.apply(details.name);
            details.created = changes.created.apply(details.created);
            details.last_used = changes.last_used.apply(details.last_used);
            db.with(|model| {
                let exists = model.authenticators.get(id).is_some_and(|own| own.user_id == user_id);
                if exists {
                    model.authenticator_details.insert(id.to_owned(), details);
                }
                exists
            })
        }
    }

    ListsNobodysPasskeys "list_authenticators_with_details_by_user_id.absent": "Returns an error for a user that does not exist." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            match db.get_user(user_id)? {
                Some(_) => db.list_authenticators_with_details_by_user_id(user_id),
                None => Err(Error::not_found(Entity::User)),
            }
        }
    }

    ListsNamed "list_authenticators_with_details_by_user_id.the_same_list": "Leaves out passkeys that have no details." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut list = db.list_authenticators_with_details_by_user_id(user_id)?;
            list.retain(|(_, details)| *details != AuthenticatorDetails::default());
            Ok(list)
        }
    }

    ListsAHundredPasskeys "list_authenticators_with_details_by_user_id.no_page_limit": "Lists a hundred passkeys at most." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut list = db.list_authenticators_with_details_by_user_id(user_id)?;
            list.truncate(100);
            Ok(list)
        }
    }

    DetailsInASecondTrip "list_sessions_with_details_by_user_id.one_moment": "Reads the sessions, then their details." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let sessions = db.list_sessions_by_user_id(user_id)?;
            pause();
            sessions.into_iter().map(|session| Ok((session.clone(), db.get_session_details(session.id)?))).collect()
        }
    }

    PasskeyDetailsInASecondTrip "list_authenticators_with_details_by_user_id.one_moment": "Reads the passkeys, then their details." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let passkeys = db.list_authenticators_by_user_id(user_id)?;
            pause();
            let with_details = |passkey: Authenticator| {
                let details = db.with(|model| model.authenticator_details.get(&passkey.credential_id).cloned())?;
                Ok((passkey, details.unwrap_or_default()))
            };
            passkeys.into_iter().map(with_details).collect()
        }
    }

    ChecksWhosePasskey "update_authenticator_details.spares_what_moves_away": "Checks whose passkey it is, then writes the details of the passkey with its id." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            if db.get_authenticator(id)?.is_none_or(|passkey| passkey.user_id != user) {
                return Ok(false);
            }
            pause();
            db.with(|model| match model.get_authenticator(id) {
                Some(found) => model.update_authenticator_details(found.user_id, id, changes),
                None => false,
            })
        }
    }

    OldPasskeyDetails (Mutex<Option<Vec<(Authenticator, AuthenticatorDetails)>>>) "linearizable.authenticators": "Returns passkeys with their details as they were at the previous read." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let found = db.list_authenticators_with_details_by_user_id(user_id)?;
            let before = self.0.lock().expect("no panic while held").replace(found.clone());
            Ok(before.unwrap_or(found))
        }
    }

    DetailsByStartOfCredential "create_authenticator.long_credential_id": "Keeps the details of passkeys by the first 255 bytes of their credential ids." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            share_with_passkeys(db, user, id, changes, |id| id.bytes().take(255).collect())
        }
    }

    DetailsByHashOfCredential "create_authenticator.credential_id_by_bytes": "Keeps the details of passkeys by the CRC-32 of their credential ids." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            share_with_passkeys(db, user, id, changes, |id| crc32(id).to_be_bytes().into())
        }
    }

    ForgetsDetailsInOtherCase "create_authenticator.credential_id_by_bytes": "Deletes the details of passkeys whose credential ids differ in case from that of the deleted one." {
        fn delete_authenticator(&self, db: &Reference, id: &str) -> Result<bool> {
            db.with(|model| {
                model.authenticator_details.retain(|other, _| !other.eq_ignore_ascii_case(id));
                model.delete_authenticator(id)
            })
        }
    }

    ForgetsDetailsByStart "create_authenticator.long_credential_id": "Deletes the details of passkeys whose credential ids have the same first 255 bytes as that of the deleted one." {
        fn delete_authenticator(&self, db: &Reference, id: &str) -> Result<bool> {
            let start = |id: &str| id.bytes().take(255).collect::<Vec<_>>();
            db.with(|model| {
                model.authenticator_details.retain(|other, _| start(other) != start(id));
                model.delete_authenticator(id)
            })
        }
    }

    DetailsByStartOfToken "create_session.long_token": "Keeps the details of sessions by the first 191 characters of their tokens." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            share_with_sessions(db, id, changes, head)
        }
    }

    DetailsByTokenInOtherCase "create_session.token_by_bytes": "Keeps the details of sessions by their tokens in lower case." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            share_with_sessions(db, id, changes, str::to_lowercase)
        }
    }

    CutsListedPasskeys "list_authenticators_with_details_by_user_id.large_rows": "Truncates the transports in a list of passkeys and details to 65,535 bytes." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut passkeys = db.list_authenticators_with_details_by_user_id(user_id)?;
            passkeys.iter_mut().for_each(|(passkey, _)| some(&mut passkey.transports, cut));
            Ok(passkeys)
        }
    }

    SortsPasskeysAndDetailsByPage "list_authenticators_with_details_by_user_id.no_page_limit": "Reads passkeys and details in pages of 100 in no order, and sorts each page." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut passkeys = db.list_authenticators_with_details_by_user_id(user_id)?;
            passkeys.sort_by_key(|(passkey, _)| crc32(&passkey.credential_id));
            passkeys.chunks_mut(100).for_each(|page| page.sort_by_key(|(passkey, _)| passkey.credential_id.clone()));
            Ok(passkeys)
        }
    }

    SortsSessionsAndDetailsByPage "list_sessions_with_details_by_user_id.no_page_limit": "Reads sessions and details in pages of 100 in the order of their ids, and sorts each page." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut sessions = db.list_sessions_with_details_by_user_id(user_id)?;
            sessions.sort_by_key(|(session, _)| session.id);
            sessions.chunks_mut(100).for_each(|page| page.sort_by_key(|(session, _)| (Reverse(session.expires), session.id)));
            Ok(sessions)
        }
    }

    DetailsBeforeTheUser "delete_user.never_half": "Deletes the details of a user's sessions and passkeys, then the user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            details_first(db, |model| model.delete_user(id))
        }
    }

    DetailsBeforeTheSweep "delete_expired.never_half": "Deletes the details of sessions that have expired, then the sessions." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            details_first(db, |model| model.delete_expired(now, limit))
        }
    }

    DetailsBeforeTheSessions "delete_sessions_by_user_id.never_half": "Deletes the details of a user's sessions, then the sessions." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            details_first(db, |model| model.delete_sessions_by_user_id(user_id, keep))
        }
    }

    DetailsAfterTheUser "delete_user.never_half": "Deletes a user, then the details of the user's sessions." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            details_last(db, |model| model.delete_user(id))
        }
    }

    DetailsAfterTheSweep "delete_expired.never_half": "Deletes sessions that have expired, then their details." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            details_last(db, |model| model.delete_expired(now, limit))
        }
    }

    DetailsAfterTheSessions "delete_sessions_by_user_id.never_half": "Deletes a user's sessions, then their details." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            details_last(db, |model| model.delete_sessions_by_user_id(user_id, keep))
        }
    }

    EarlierDetailsOfAUser "update_session_details.no_orphan": "Reads what has details, then deletes the user with these details." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            with_earlier_details(db, |model| model.delete_user(id))
        }
    }

    EarlierDetailsOfASweep "update_session_details.no_orphan": "Reads what has details, then deletes sessions that have expired with these details." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            with_earlier_details(db, |model| model.delete_expired(now, limit))
        }
    }

    EarlierDetailsOfAll "update_session_details.no_orphan": "Reads what has details, then deletes a user's sessions with these details." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            with_earlier_details(db, |model| model.delete_sessions_by_user_id(user_id, keep))
        }
    }

    EarlierDetailsOfOne "update_session_details.no_orphan": "Reads what has details, then deletes one session of a user with these details." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            with_earlier_details(db, |model| model.delete_session_of_user(user_id, session_id))
        }
    }

    EarlierDetailsOfAUsersPasskeys "update_authenticator_details.no_orphan": "Reads what has details, then deletes the user with these details." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            with_earlier_details(db, |model| model.delete_user(id))
        }
    }

    EarlierDetailsOfAPasskey "update_authenticator_details.no_orphan": "Reads what has details, then deletes a passkey of a user with these details." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            with_earlier_details(db, |model| model.delete_authenticator_of_user(user_id, credential_id, keep_last))
        }
    }

    UpdatesDetailByDetail "update_session_details.never_half": "Writes the times of a session's details, then the texts." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let times = SessionDetailsChanges { ip: Change::Keep, user_agent: Change::Keep, ..changes.clone() };
            db.update_session_details(id, &times)?;
            pause();
            db.update_session_details(id, changes)
        }
    }

    UpdatesPasskeyDetailByDetail "update_authenticator_details.never_half": "Writes the name of a passkey, then the times of its details." {
        fn update_authenticator_details(&self, db: &Reference, user: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            let name = AuthenticatorDetailsChanges { name: changes.name.clone(), ..AuthenticatorDetailsChanges::default() };
            db.update_authenticator_details(user, id, &name)?;
            pause();
            db.update_authenticator_details(user, id, changes)
        }
    }

    SweepsOthersDetails "delete_expired.limit": "Chooses anew which of the sessions of one age lose their details in a sweep." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.with(|model| {
                let before = model.session_details.clone();
                let counts = model.delete_expired(now, limit);
                let swept = before.len() - model.session_details.len();
                model.session_details = before.into_iter().rev().skip(swept).collect();
                counts
            })
        }
    }

    RemembersEndedDetails (Mutex<[BTreeMap<Uuid, SessionDetails>; 2]>) "storage.reads_are_current": "Returns the details of a session that were read before delete_session_of_user deleted it." {
        fn get_session_details(&self, db: &Reference, session_id: Uuid) -> Result<SessionDetails> {
            let [read, ended] = &mut *self.0.lock().expect("no panic while held");
            if let Some(details) = ended.get(&session_id) {
                return Ok(details.clone());
            }
            let details = db.get_session_details(session_id)?;
            read.insert(session_id, details.clone());
            Ok(details)
        }

        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, id: Uuid) -> Result<bool> {
            let is_deleted = db.delete_session_of_user(user_id, id)?;
            let [read, ended] = &mut *self.0.lock().expect("no panic while held");
            ended.extend(read.remove_entry(&id).filter(|_| is_deleted));
            Ok(is_deleted)
        }
    }

    ListsWithoutCase "list_authenticators_with_details_by_user_id.the_same_list": "Lists passkeys with their details in an order without regard to case." {
        fn list_authenticators_with_details_by_user_id(
            &self,
            db: &Reference,
            user_id: Uuid,
        ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let mut list = db.list_authenticators_with_details_by_user_id(user_id)?;
            list.sort_by_key(|(passkey, _)| passkey.credential_id.to_lowercase());
            Ok(list)
        }
    }

    DetailsInAFirstTrip "list_sessions_with_details_by_user_id.one_moment": "Reads the details of all sessions, then the sessions." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let details = db.with(|model| model.session_details.clone())?;
            pause();
            let sessions = db.list_sessions_by_user_id(user_id)?.into_iter();
            Ok(sessions.map(|session| (session.clone(), details.get(&session.id).cloned().unwrap_or_default())).collect())
        }
    }

    PasskeyDetailsInAFirstTrip "list_authenticators_with_details_by_user_id.one_moment": "Reads the details of all passkeys, then the passkeys." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            let details = db.with(|model| model.authenticator_details.clone())?;
            pause();
            let passkeys = db.list_authenticators_by_user_id(user_id)?.into_iter();
            Ok(passkeys.map(|passkey| (passkey.clone(), details.get(&passkey.credential_id).cloned().unwrap_or_default())).collect())
        }
    }

    NothingForNoSession "update_session_details.missing": "Does not look for the session when there is nothing to change." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            Ok(db.update_session_details(session_id, changes)? || *changes == SessionDetailsChanges::default())
        }
    }

    NothingForNoPasskey "update_authenticator_details.missing": "Does not look for the passkey when there is nothing to change." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            Ok(db.update_authenticator_details(user_id, id, changes)? || *changes == AuthenticatorDetailsChanges::default())
        }
    }

    NothingForAnyone "update_authenticator_details.of_the_user_only": "Does not look whose passkey it is when there is nothing to change." {
        fn update_authenticator_details(&self, db: &Reference, user_id: Uuid, id: &str, changes: &AuthenticatorDetailsChanges) -> Result<bool> {
            match *changes == AuthenticatorDetailsChanges::default() {
                true => Ok(db.get_authenticator(id)?.is_some()),
                false => db.update_authenticator_details(user_id, id, changes),
            }
        }
    }
}
