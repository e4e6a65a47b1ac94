//! Faults with sessions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use authstore_conformance::{Answer, Model};

use super::fault::*;
use super::values::*;

/// Stores a session whatever refuses it.
fn force(db: &Reference, session: &Session) -> Result<()> {
    db.with(|model| {
        model
            .sessions
            .insert(session.session_token.clone(), session.clone());
    })
}

/// Reads the tokens of the user's sessions, then deletes the sessions with these tokens.
fn delete_listed_tokens(db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
    let listed = db.list_sessions_by_user_id(user_id)?;
    pause();
    db.with(|model| {
        let tokens = listed.iter().map(|session| session.session_token.as_str());
        let deleted = tokens.filter(|token| keep != Some(*token) && model.delete_session(token));
        deleted.count() as u64
    })
}

/// Held by those who check whether a session token is free.
static TOKENS: Mutex<()> = Mutex::new(());

/// Writes a session after the one with its token has been removed, which stays if that fails.
fn instead_of<T>(
    db: &Reference,
    token: &str,
    write: impl FnOnce(&mut Model) -> Answer<T>,
) -> Result<T> {
    let written = db.with(|model| {
        let taken = model.sessions.remove(token);
        let written = write(model);
        // An update that found nothing has not taken the token either.
        if !model.sessions.contains_key(token) {
            model
                .sessions
                .extend(taken.map(|taken| (token.to_owned(), taken)));
        }
        written
    })?;
    written.map_err(|refusals| refusals[0].into())
}

faults! {
    KeepsByPrefix "delete_sessions_by_user_id.text": "Keeps every session whose token has the first 191 characters of that to keep." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let start = |token: &str| token.chars().take(191).collect::<String>();
            let Some(keep) = keep.map(start) else {
                return db.delete_sessions_by_user_id(user_id, None);
            };
            let mut deleted = 0;
            for session in db.list_sessions_by_user_id(user_id)? {
                if start(&session.session_token) != keep {
                    deleted += u64::from(db.delete_session(&session.session_token)?);
                }
            }
            Ok(deleted)
        }
    }

    CutsNewTokens "update_session.text_of_new_token": "Loses the last character of a new token of 64 characters." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let mut changes = changes.clone();
            if let Some(token) = &mut changes.session_token
                && token.chars().count() == 64
            {
                token.pop();
            }
            db.update_session(session_token, &changes)
        }
    }

    RotatesAndNeverShortens "update_session.every_combination": "Keeps the expiry of a session whose token is changed if the new one is earlier." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let found = db.get_session_and_user(session_token)?;
            let mut changes = changes.clone();
            if let Some((session, _)) = found
                && changes.session_token.is_some()
            {
                changes.expires = changes.expires.map(|expires| expires.max(session.expires));
            }
            db.update_session(session_token, &changes)
        }
    }

    ListsTiesBackwards "list_sessions_by_user_id.order": "Lists sessions that expire together with the greatest ID first, if with details." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            let mut rows = db.list_sessions_with_details_by_user_id(user_id)?;
            rows.sort_by(|(a, _), (b, _)| b.expires.cmp(&a.expires).then(b.id.cmp(&a.id)));
            Ok(rows)
        }
    }

    DeletesDetailsAfterwards "faults.answer_late": "Deletes a session, and its details in a second step." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            let details = db.with(|model| {
                let found = model.sessions.get(session_token).map(|session| session.id);
                found.and_then(|id| Some((id, model.session_details.get(&id)?.clone())))
            })?;
            let delete = |id| db.with(|model| model.session_details.remove(&id)).map(drop);
            let deleted = db.delete_session(session_token);
            if let Some((id, details)) = details {
                db.with(|model| model.session_details.insert(id, details))?;
                if deleted.is_ok() {
                    delete(id)?;
                }
            }
            deleted
        }
    }

    RotatesWithDetails "linearizable.details": "Reads the details of a session before its token is changed, and writes them again afterwards." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let details = db.with(|model| {
                let id = model.sessions.get(session_token)?.id;
                Some((id, model.get_session_details(id)))
            })?;
            let updated = db.update_session(session_token, changes)?;
            if let (Some(_), Some((id, details))) = (&updated, details) {
                pause();
                db.with(|model| {
                    if model.sessions.values().any(|session| session.id == id) {
                        model.session_details.insert(id, details);
                    }
                })?;
            }
            Ok(updated)
        }
    }

    CountsInAByte "delete_sessions_by_user_id.no_page_limit": "Counts deleted sessions in eight bits." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            Ok(db.delete_sessions_by_user_id(user_id, keep)? % 256)
        }
    }

    KeepsAmongTheFirst "delete_sessions_by_user_id.no_page_limit": "Spares the session to keep only among the first five hundred." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            db.with(|model| {
                let own = model.list_sessions_by_user_id(user_id).into_iter().map(|session| session.session_token);
                let spared = own.take(500).find(|token| Some(&**token) == keep);
                model.delete_sessions_by_user_id(user_id, spared.as_deref())
            })
        }
    }

    LeavesDetailsOfMany "delete_sessions_by_user_id.no_page_limit": "Deletes the details of only five hundred sessions." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let all = db.with(|model| model.session_details.clone())?;
            let deleted = db.delete_sessions_by_user_id(user_id, keep)?;
            db.with(|model| {
                let gone = all.into_iter().filter(|(id, _)| !model.session_details.contains_key(id));
                let left: Vec<_> = gone.skip(500).collect();
                model.session_details.extend(left);
            })?;
            Ok(deleted)
        }
    }

    LastsLonger "create_session.stored": "Stores a session that expires an hour later than it should." {
        stores!(create_session |session: Session| session.expires += Duration::from_secs(3_600));
    }

    MakesSessionIds "create_session.given_id": "Turns the given id into a random UUID (version 4)." {
        stores!(create_session |session: Session| {
            session.id = Uuid::from_u128(session.id.as_u128() & !(0xf << 76) | 0x4 << 76)
        });
    }

    ThreeBytesInToken "create_session.text": "Replaces four-byte characters in a session token with question marks." {
        stores!(create_session |session: Session| session.session_token = three_bytes(&session.session_token));
    }

    CutsSessionToken "create_session.long_token": "Truncates a session token to 191 characters." {
        stores!(create_session |session: Session| session.session_token = head(&session.session_token));
    }

    TrimsSessionToken "create_session.token_by_bytes": "Trims session tokens." {
        stores!(create_session |session: Session| session.session_token = trimmed(&session.session_token));
    }

    RoundsExpiry "create_session.every_millisecond": "Rounds the expiry of a session to hundredths of a second." {
        stores!(create_session |session: Session| session.expires = hundredths(session.expires));
    }

    CapsExpiry "create_session.times": "Lets a session last 400 days at most, as browsers do with cookies." {
        stores!(create_session |session: Session| session.expires = capped(session.expires, time::Duration::days(400)));
    }

    SlidesOnRead "create_session.times": "Extends a session to 30 minutes when it is read in its last 30 minutes." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let found = db.get_session_and_user(session_token)?;
            let now = seconds(OffsetDateTime::now_utc());
            let soon = now + time::Duration::minutes(30);
            if let Some((session, _)) = &found
                && now < session.expires
                && session.expires < soon
            {
                db.update_session(session_token, &SessionChanges { expires: Some(soon), ..Default::default() })?;
            }
            Ok(found)
        }
    }

    ExpiresUntil2038 "create_session.times": "Stores the expiry of a session as 32-bit seconds." {
        stores!(create_session |session: Session| session.expires = until_2038(session.expires));
    }

    ExpiresInSummer "create_session.times": "Stores the expiry of a session in local time with daylight-saving time." {
        stores!(create_session |session: Session| session.expires = daylight_saving(session.expires));
    }

    SharesSessionId "create_session.unique_id": "Lets two sessions have one id." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            match db.create_session(session) {
                Err(Error::Conflict { constraint: Constraint::SessionId }) => force(db, session),
                done => done,
            }
        }
    }

    ReplacesSession "create_session.unique_token": "Replaces a session when another is created with its token." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            match db.create_session(session) {
                Err(Error::Conflict { constraint: Constraint::SessionToken }) => force(db, session),
                done => done,
            }
        }
    }

    SessionOfNobody "create_session.unknown_user": "Creates a session of a user who does not exist." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            match db.create_session(session) {
                Err(Error::NotFound { .. }) => force(db, session),
                done => done,
            }
        }
    }

    NeverThatToken (Mutex<BTreeSet<String>>) "create_session.again_after_delete": "Rejects the token of a session that was deleted." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&session.session_token) {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            db.create_session(session)
        }

        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            self.0.lock().expect("no panic while held").insert(session_token.to_owned());
            db.delete_session(session_token)
        }
    }

    LooksThenOpens "create_session.one_winner": "Checks whether a session token is free, then creates the session." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            if db.get_session_and_user(&session.session_token)?.is_some() {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            pause();
            force(db, session)
        }
    }

    AbsentSessionIsError "get_session_and_user.absent": "Returns an error when there is no session with the token." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            db.get_session_and_user(session_token)?.map(Some).ok_or(Error::backend("no rows were returned"))
        }
    }

    AnotherUsersSession "get_session_and_user.its_user": "Returns a session with the wrong user." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let found = db.get_session_and_user(session_token)?;
            let first = db.with(|model| model.users.values().next().cloned())?;
            Ok(found.zip(first).map(|((session, _), user)| (session, user)))
        }
    }

    HidesExpired "get_session_and_user.expired_too": "Hides a session that has expired by the backend's own clock." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let found = db.get_session_and_user(session_token)?;
            Ok(found.filter(|(session, _)| !session.is_expired(OffsetDateTime::now_utc())))
        }
    }

    FindsTokenInOtherCase "get_session_and_user.exact": "Finds a session by its token in a different case." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            db.with(|model| {
                let token = model.sessions.keys().find(|own| own.eq_ignore_ascii_case(session_token))?.clone();
                model.get_session_and_user(&token)
            })
        }
    }

    OldUser (Mutex<Vec<User>>) "get_session_and_user.current_user": "Remembers the user of a session as first seen." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let Some((session, user)) = db.get_session_and_user(session_token)? else {
                return Ok(None);
            };
            let mut seen = self.0.lock().expect("no panic while held");
            if let Some(old) = seen.iter().find(|old| old.id == user.id) {
                return Ok(Some((session, old.clone())));
            }
            seen.push(user.clone());
            Ok(Some((session, user)))
        }
    }

    TwoSteps "get_session_and_user.one_step": "Reads a session, and its user in a second step, where the user must exist." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let Some((session, _)) = db.get_session_and_user(session_token)? else {
                return Ok(None);
            };
            pause();
            let user = db.get_user(session.user_id)?.ok_or(Error::not_found(Entity::User))?;
            Ok(Some((session, user)))
        }
    }

    KeepsOwner "update_session.every_combination": "Does not move a session to another user." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(session_token, &SessionChanges { user_id: None, ..changes.clone() })
        }
    }

    NeverShortens "update_session.every_combination": "Does not shorten a session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let before = db.get_session_and_user(session_token)?;
            let expires = changes.expires.map(|new| before.map_or(new, |(session, _)| new.max(session.expires)));
            db.update_session(session_token, &SessionChanges { expires, ..changes.clone() })
        }
    }

    NoChangeNoSession "update_session.nothing_to_change": "Finds no session when there is nothing to change, as MySQL counts rows." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let before = db.get_session_and_user(session_token)?.map(|(session, _)| session);
            let after = db.update_session(session_token, changes)?;
            Ok(after.filter(|after| before.as_ref() != Some(after)))
        }
    }

    RefusesMissingSession "update_session.missing": "Returns an error for an update of a session that does not exist." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(session_token, changes)?.map(Some).ok_or(Error::not_found(Entity::User))
        }
    }

    MovesToNobody "update_session.unknown_user": "Moves a session to a user who does not exist." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            match (db.update_session(session_token, changes), changes.user_id) {
                (Err(Error::NotFound { .. }), Some(user_id)) => db.with(|model| {
                    let session = model.sessions.get_mut(session_token)?;
                    session.user_id = user_id;
                    Some(session.clone())
                }),
                (done, _) => done,
            }
        }
    }

    ExtendsAllOfUser "update_session.leaves_others_unchanged": "Extends all sessions of the user." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let done = db.update_session(session_token, changes)?;
            if let Some(done) = &done {
                db.with(|model| {
                    for session in model.sessions.values_mut().filter(|session| session.user_id == done.user_id) {
                        session.expires = done.expires;
                    }
                })?;
            }
            Ok(done)
        }
    }

    StaysInAnIndex (Mutex<Vec<(Uuid, String)>>) "update_session.later_operations": "Deletes a session with its previous user, if it was rotated when it moved." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            if let (Some(_), Some(token), Some((session, _))) = (changes.user_id, &changes.session_token, db.get_session_and_user(session_token)?) {
                let mut left = self.0.lock().expect("no panic while held");
                left.push((session.user_id, token.clone()));
            }
            db.update_session(session_token, changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let left = self.0.lock().expect("no panic while held").clone();
            for (_, token) in left.iter().filter(|(user, _)| *user == id) {
                db.delete_session(token)?;
            }
            db.delete_user(id)
        }
    }

    InheritsDetails (Mutex<BTreeMap<String, SessionDetails>>) "update_session.later_operations": "Leaves a session's details at its old token, where a new session finds them." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let done = db.update_session(session_token, changes)?;
            if let (Some(_), Some(session)) = (&changes.session_token, &done) {
                let details = db.get_session_details(session.id)?;
                self.0.lock().expect("no panic while held").insert(session_token.to_owned(), details);
            }
            Ok(done)
        }

        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session)?;
            if let Some(details) = self.0.lock().expect("no panic while held").remove(&session.session_token) {
                db.with(|model| model.session_details.insert(session.id, details))?;
            }
            Ok(())
        }
    }

    ExpiresAsBefore (Mutex<BTreeMap<Uuid, OffsetDateTime>>) "update_session.later_operations": "Deletes a session when it would have expired, had it not been extended as it moved." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            if let (Some(_), Some(_), Some((session, _))) = (changes.user_id, changes.expires, db.get_session_and_user(session_token)?) {
                let mut before = self.0.lock().expect("no panic while held");
                before.insert(session.id, session.expires);
            }
            db.update_session(session_token, changes)
        }

        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let before = self.0.lock().expect("no panic while held").clone();
            db.with(|model| {
                for session in model.sessions.values_mut() {
                    if let Some(expires) = before.get(&session.id) {
                        session.expires = *expires;
                    }
                }
                model.delete_expired(now, limit)
            })
        }
    }

    UpdatesTokenInOtherCase "update_session.exact": "Updates a session by its token in a different case." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let token = db.with(|model| model.sessions.keys().find(|own| own.eq_ignore_ascii_case(session_token)).cloned())?;
            db.update_session(token.as_deref().unwrap_or(session_token), changes)
        }
    }

    UpdatesByEscapedToken "update_session.text": "Does not find a session to update when there is a quote in its token." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(&escaped(session_token), changes)
        }
    }

    CapsExtension "update_session.times": "Extends a session by 30 days at most." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let expires = changes.expires.map(|time| capped(time, time::Duration::days(30)));
            db.update_session(session_token, &SessionChanges { expires, ..changes.clone() })
        }
    }

    ExtendsInSeconds "update_session.times": "Truncates a new expiry to seconds." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            db.update_session(session_token, &SessionChanges { expires: changes.expires.map(seconds), ..changes.clone() })
        }
    }

    LosesSessionUpdates "update_session.all_survive": "Reads a session, and writes all fields back." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let Some((mut session, _)) = db.get_session_and_user(session_token)? else {
                return Ok(None);
            };
            pause();
            session.user_id = changes.user_id.unwrap_or(session.user_id);
            session.expires = changes.expires.unwrap_or(session.expires);
            db.with(|model| model.sessions.get_mut(session_token).map(|row| { *row = session.clone(); session }))
        }
    }

    Resurrects "update_session.never_resurrects": "Reads a session, and writes it back although it was deleted in between." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let session = db.update_session(session_token, changes)?;
            pause();
            if let Some(session) = &session {
                force(db, session)?;
            }
            Ok(session)
        }
    }

    DeletesNoSession "delete_session.reports_whether_deleted": "Reports a session as deleted, but does nothing." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            Ok(db.get_session_and_user(session_token)?.is_some())
        }
    }

    AlwaysDeletedSession "delete_session.reports_whether_deleted": "Reports a session as deleted, although it does not exist." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            db.delete_session(session_token).map(|_| true)
        }
    }

    DeletesSessionsOfUser "delete_session.leaves_others_unchanged": "Deletes all sessions of the user whose session it is." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            match db.get_session_and_user(session_token)? {
                Some((_, user)) => Ok(db.delete_sessions_by_user_id(user.id, None)? > 0),
                None => Ok(false),
            }
        }
    }

    DeletesPaddedToken "delete_session.exact": "Deletes a session whose token has other spaces at its end." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            db.with(|model| {
                let before = model.sessions.len();
                model.sessions.retain(|own, _| unpadded(own) != unpadded(session_token));
                model.sessions.len() < before
            })
        }
    }

    DeletesByEscapedToken "delete_session.text": "Does not find a session to delete when there is a quote in its token." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            db.delete_session(&escaped(session_token))
        }
    }

    DeletedByAllSessions "delete_session.one_winner": "Returns true to every caller who concurrently deletes a session." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            let found = db.get_session_and_user(session_token)?.is_some();
            pause();
            db.delete_session(session_token)?;
            Ok(found)
        }
    }

    MovesToWhoeverWasThere "update_session.no_orphan": "Checks whether there is such a user, then moves the session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            if let Some(user_id) = changes.user_id {
                db.get_user(user_id)?.ok_or(Error::not_found(Entity::User))?;
                pause();
            }
            db.with(|model| {
                let session = model.sessions.get_mut(session_token)?;
                session.user_id = changes.user_id.unwrap_or(session.user_id);
                session.expires = changes.expires.unwrap_or(session.expires);
                Some(session.clone())
            })
        }
    }

    ListsAHundredSessions "list_sessions_by_user_id.no_page_limit": "Lists the first hundred sessions." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            Ok(db.list_sessions_by_user_id(user_id)?.into_iter().take(100).collect())
        }
    }

    ListsInTwoSteps "list_sessions_by_user_id.never_anothers": "Looks for the tokens of a user's sessions, then for the sessions by token." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let listed = db.list_sessions_by_user_id(user_id)?;
            pause();
            db.with(|model| listed.iter().filter_map(|session| model.sessions.get(&session.session_token).cloned()).collect())
        }
    }

    SessionsByOtherEnd "list_sessions_by_user_id.order": "Lists sessions that expire together by ids whose fields are little-endian." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by_key(|session| (std::cmp::Reverse(session.expires), session.id.to_bytes_le()));
            Ok(list)
        }
    }

    AbsentSessionsAreError "list_sessions_by_user_id.absent": "Returns an error for the sessions of a user who does not exist." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            db.get_user(user_id)?.ok_or(Error::not_found(Entity::User))?;
            db.list_sessions_by_user_id(user_id)
        }
    }

    ListsAnothersSession "list_sessions_by_user_id.only_the_users": "Lists another user's session too." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            db.with(|model| {
                let mut list = model.list_sessions_by_user_id(user_id);
                list.extend(model.sessions.values().find(|session| session.user_id != user_id).cloned());
                list.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
                list
            })
        }
    }

    ListsNoExpired "list_sessions_by_user_id.expired_too": "Leaves expired sessions out of the list." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.retain(|session| !session.is_expired(OffsetDateTime::now_utc()));
            Ok(list)
        }
    }

    EarliestFirst "list_sessions_by_user_id.order": "Lists sessions with the earliest expiry first." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by_key(|session| (session.expires, session.id));
            Ok(list)
        }
    }

    NoSecondOrder "list_sessions_by_user_id.order": "Lists sessions of one expiry by their tokens." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.session_token.cmp(&b.session_token)));
            Ok(list)
        }
    }

    TimesAsText "list_sessions_by_user_id.order": "Orders sessions by their expiry as if it were text without leading zeros." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by_key(|session| std::cmp::Reverse(session.expires.unix_timestamp().to_string()));
            Ok(list)
        }
    }

    OrderOfCreation (Mutex<Vec<Session>>) "list_sessions_by_user_id.order_after_updates": "Lists sessions in the order of their first expiry." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            self.0.lock().expect("no panic while held").push(session.clone());
            db.create_session(session)
        }

        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let created = self.0.lock().expect("no panic while held").clone();
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by_key(|session| {
                let first = created.iter().find(|first| first.id == session.id);
                (std::cmp::Reverse(first.map(|first| first.expires)), session.id)
            });
            Ok(list)
        }
    }

    NullKeepsAll "delete_sessions_by_user_id.all_of_them": "Deletes nothing when none is to be kept, as SQL compares with NULL." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            keep.map_or(Ok(0), |keep| db.delete_sessions_by_user_id(user_id, Some(keep)))
        }
    }

    KeepsNone "delete_sessions_by_user_id.but_one": "Deletes the session that should be kept." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, _: Option<&str>) -> Result<u64> {
            db.delete_sessions_by_user_id(user_id, None)
        }
    }

    CountsTheKept "delete_sessions_by_user_id.but_one": "Counts the session that it keeps." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let before = db.list_sessions_by_user_id(user_id)?;
            db.delete_sessions_by_user_id(user_id, keep)?;
            Ok(before.len() as u64)
        }
    }

    KeepsAllForAnother "delete_sessions_by_user_id.keeps_nothing_else": "Deletes nothing when the session to keep is another user's." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            if let Some(keep) = keep
                && db.get_session_and_user(keep)?.is_none_or(|(session, _)| session.user_id != user_id)
            {
                return Ok(0);
            }
            db.delete_sessions_by_user_id(user_id, keep)
        }
    }

    SignsEverybodyOut "delete_sessions_by_user_id.leaves_others_unchanged": "Deletes all users' sessions." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let deleted = db.delete_sessions_by_user_id(user_id, keep)?;
            db.with(|model| model.sessions.retain(|token, _| keep == Some(token)))?;
            Ok(deleted)
        }
    }

    KeepsOtherCase "delete_sessions_by_user_id.exact": "Keeps a session whose token differs in case from the one to keep." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            db.with(|model| {
                let before = model.sessions.len();
                model.sessions.retain(|token, session| {
                    session.user_id != user_id || keep.is_some_and(|keep| keep.eq_ignore_ascii_case(token))
                });
                (before - model.sessions.len()) as u64
            })
        }
    }

    KeepsByEscapedToken "delete_sessions_by_user_id.text": "Deletes the session to keep when there is a quote in its token." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            db.delete_sessions_by_user_id(user_id, keep.map(escaped).as_deref())
        }
    }

    DeletesSessionsOneByOne "delete_sessions_by_user_id.never_half": "Deletes a user's sessions one at a time." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let mut deleted = 0;
            for session in db.list_sessions_by_user_id(user_id)? {
                if keep != Some(&session.session_token) {
                    deleted += u64::from(db.delete_session(&session.session_token)?);
                    pause();
                }
            }
            Ok(deleted)
        }
    }

    CountedByAll "delete_sessions_by_user_id.each_counted_once": "Counts a user's sessions, then deletes them." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let sessions = db.list_sessions_by_user_id(user_id)?;
            let counted = sessions.iter().filter(|session| keep != Some(&session.session_token)).count();
            pause();
            db.delete_sessions_by_user_id(user_id, keep)?;
            Ok(counted as u64)
        }
    }

    SessionThenUser "get_session_and_user.one_moment": "Reads the session, then the user." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let Some((session, _)) = db.get_session_and_user(session_token)? else {
                return Ok(None);
            };
            pause();
            Ok(db.get_user(session.user_id)?.map(|user| (session, user)))
        }
    }

    ListsTokensThenSessions "list_sessions_by_user_id.one_moment": "Reads the tokens of a user's sessions, then the sessions." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut sessions = Vec::new();
            for session in db.list_sessions_by_user_id(user_id)? {
                pause();
                let found = db.get_session_and_user(&session.session_token)?;
                sessions.extend(found.map(|(session, _)| session).filter(|session| session.user_id == user_id));
            }
            Ok(sessions)
        }
    }

    LooksWhetherToKeep "delete_sessions_by_user_id.keeps_what_moves_in": "Looks whether the session to keep is the user's, then deletes." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, except: Option<&str>) -> Result<u64> {
            let Some(token) = except else {
                return db.delete_sessions_by_user_id(user_id, None);
            };
            let found = db.get_session_and_user(token)?;
            pause();
            let is_theirs = found.is_some_and(|(session, _)| session.user_id == user_id);
            db.delete_sessions_by_user_id(user_id, is_theirs.then_some(token))
        }
    }

    ListsSessionsByPages "list_sessions_by_user_id.one_moment_of_many": "Reads a user's sessions in pages of 100." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            by_pages(|| db.list_sessions_by_user_id(user_id), |session| (Reverse(session.expires), session.id))
        }
    }

    ListsSessionsWithDetailsByPages "list_sessions_by_user_id.one_moment_of_many": "Reads a user's sessions with their details in pages of 100." {
        fn list_sessions_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Session, SessionDetails)>> {
            by_pages(|| db.list_sessions_with_details_by_user_id(user_id), |(session, _)| (Reverse(session.expires), session.id))
        }
    }

    LooksForSessionIdThenCreates "create_session.one_id_one_winner": "Checks whether an id is free, then creates the session." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let taken = db.with(|model| model.sessions.values().any(|other| other.id == session.id))?;
            if taken {
                return Err(Error::conflict(Constraint::SessionId));
            }
            pause();
            db.with(|model| { model.sessions.insert(session.session_token.clone(), session.clone()); })
        }
    }

    HalfTheIdOfTheSession "create_session.every_bit_of_the_id": "Shares the details of sessions whose ids have the same last 64 bits." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let half = |id: Uuid| id.as_u64_pair().1;
            let found = db.update_session_details(session_id, changes)?;
            db.with(|model| {
                let details = model.get_session_details(session_id);
                let alike = model.sessions.values().map(|session| session.id).filter(|id| half(*id) == half(session_id));
                model.session_details.extend(alike.map(|id| (id, details.clone())));
            })?;
            Ok(found)
        }
    }

    ShortToken "create_session.every_length": "Loses the last character of a token of 64." {
        stores!(create_session |session: Session| if session.session_token.len() == 64 {
            session.session_token.pop();
        });
    }

    SessionsBySignedIds "list_sessions_by_user_id.order": "Lists sessions that expire together by ids of two signed numbers, as Java compares them." {
        fn list_sessions_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Session>> {
            let mut list = db.list_sessions_by_user_id(user_id)?;
            list.sort_by_key(|session| {
                let (high, low) = session.id.as_u64_pair();
                (std::cmp::Reverse(session.expires), high.cast_signed(), low.cast_signed())
            });
            Ok(list)
        }
    }

    OwnTokenLosesDetails "update_session.nothing_to_change": "Deletes and inserts a session that keeps its token, without its details." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let updated = db.update_session(session_token, changes)?;
            if let Some(session) = &updated && changes.session_token.as_deref() == Some(session_token) {
                db.with(|model| model.session_details.remove(&session.id))?;
            }
            Ok(updated)
        }
    }

    MovesThenExtends "update_session.one_place": "Moves a session, and extends it in a second step." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let moved = SessionChanges { user_id: changes.user_id, ..SessionChanges::default() };
            db.update_session(session_token, &moved)?;
            pause();
            let rest = SessionChanges { user_id: None, ..changes.clone() };
            db.update_session(session_token, &rest)
        }
    }

    WritesDetailsWithTheSession "update_session.all_survive": "Writes the session, too, as it was read, when it changes the details." {
        fn update_session_details(&self, db: &Reference, session_id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            let read = db.with(|model| model.sessions.values().find(|session| session.id == session_id).cloned())?;
            pause();
            db.with(|model| {
                for session in model.sessions.values_mut() {
                    if let Some(read) = read.as_ref().filter(|read| read.id == session.id) {
                        session.expires = read.expires;
                        session.user_id = read.user_id;
                    }
                }
                model.update_session_details(session_id, changes)
            })
        }
    }

    DeletesByTheIdOfTheToken "update_session.rotation_ends_the_old_token": "Reads the id of the session with a token, then deletes the session with this id." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            let Some((session, _)) = db.get_session_and_user(session_token)? else {
                return Ok(false);
            };
            pause();
            db.delete_session_of_user(session.user_id, session.id)
        }
    }

    ExtendsByTheIdOfTheToken "update_session.rotation_ends_the_old_token": "Reads the id of the session with a token, then extends the session with this id." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let (Some(expires), Some((read, _))) = (changes.expires, db.get_session_and_user(session_token)?) else {
                return db.update_session(session_token, changes);
            };
            pause();
            db.with(|model| {
                let found = model.sessions.values_mut().find(|session| session.id == read.id);
                found.map(|session| {
                    session.expires = expires;
                    session.clone()
                })
            })
        }
    }

    ListsTokensThenDeletes "delete_sessions_by_user_id.spares_none_that_rotates": "Reads the tokens of the user's sessions, then deletes the sessions with these tokens." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            delete_listed_tokens(db, user_id, keep)
        }
    }

    ListsTokensToKeepOne "delete_sessions_by_user_id.spares_none_that_rotates": "Reads the tokens of the user's sessions if it is to keep one, then deletes the sessions with the others." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            match keep {
                Some(_) => delete_listed_tokens(db, user_id, keep),
                None => db.delete_sessions_by_user_id(user_id, None),
            }
        }
    }

    ListsIdsThenDeletes "delete_sessions_by_user_id.spares_what_moves_away": "Reads the ids of the user's sessions, then deletes the sessions with these ids." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let listed = db.list_sessions_by_user_id(user_id)?;
            pause();
            db.with(|model| {
                let all = model.sessions.values().cloned().collect::<Vec<_>>();
                let listed = all.iter().filter(|session| listed.iter().any(|listed| listed.id == session.id));
                let deleted = listed.filter(|session| keep != Some(&session.session_token) && model.delete_session(&session.session_token));
                deleted.count() as u64
            })
        }
    }

    KeepsNoExpired "delete_sessions_by_user_id.but_one": "Deletes the session that should be kept if it has expired." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let now = OffsetDateTime::now_utc();
            let kept = keep.map(|keep| db.get_session_and_user(keep)).transpose()?.flatten();
            let keep = keep.filter(|_| kept.is_some_and(|(session, _)| !session.is_expired(now)));
            db.delete_sessions_by_user_id(user_id, keep)
        }
    }

    DeletesByHundreds "delete_sessions_by_user_id.never_half": "Deletes a user's sessions a hundred at a time." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let mut deleted = 0;
            for (number, batch) in db.list_sessions_by_user_id(user_id)?.chunks(100).enumerate() {
                if number > 0 {
                    pause();
                }
                deleted += db.with(|model| {
                    let tokens = batch.iter().map(|session| &session.session_token);
                    tokens.filter(|token| keep != Some(token) && model.delete_session(token)).count() as u64
                })?;
            }
            Ok(deleted)
        }
    }

    CreatesBesideRotations "create_session.one_winner": "Checks whether a session token is free, then creates the session, under a lock that rotations do not take." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let _alone = TOKENS.lock().expect("no panic while held");
            if db.get_session_and_user(&session.session_token)?.is_some() {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            pause();
            instead_of(db, &session.session_token, |model| model.create_session(session))
        }
    }

    RotatesBesideCreations "update_session.rotation_to_one_token": "Checks whether the new token is free, then rotates, under a lock that the creation of sessions does not take." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let Some(new) = changes.session_token.as_deref().filter(|new| *new != session_token) else {
                return db.update_session(session_token, changes);
            };
            let _alone = TOKENS.lock().expect("no panic while held");
            if db.get_session_and_user(new)?.is_some() {
                return db.update_session(session_token, changes);
            }
            pause();
            instead_of(db, new, |model| model.update_session(session_token, changes))
        }
    }

    ReadsBothAgain "get_session_and_user.one_moment": "Reads the session, then the user, and both again if the user was deleted since." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            while let Some((session, _)) = db.get_session_and_user(session_token)? {
                pause();
                if let Some(user) = db.get_user(session.user_id)? {
                    return Ok(Some((session, user)));
                }
            }
            Ok(None)
        }
    }
}
