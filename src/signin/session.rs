use time::{Duration, OffsetDateTime};
use uuid::{NoContext, Timestamp, Uuid};

use super::token::is_hash;
use super::{Secret, SessionTokens, SignIn};
use crate::error::{Error, Result};
use crate::model::{
    Change, NewSession, Session, SessionChanges, SessionDetails, SessionDetailsChanges, User,
};

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// How long a session lives without being used. Defaults to 30 days, as in Auth.js.
    pub idle: Duration,
    /// The total lifetime of a session, however often it is used. Defaults to 180 days.
    pub absolute: Duration,
    /// How much of `idle` must have passed before using the session writes a new expiry. Defaults to one day, so that a
    /// session costs at most one write a day. At most half of `idle` applies, so that a session in use does not end.
    pub renew_after: Duration,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        SessionLifetime {
            idle: Duration::days(30),
            absolute: Duration::days(180),
            renew_after: Duration::days(1),
        }
    }
}

/// The end of the last year that can be stored.
const LATEST: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(253_402_300_799) {
    Ok(latest) => latest,
    Err(_) => unreachable!(),
};

impl SessionLifetime {
    /// Returns when a session that began at `began` and is used at `now` expires, unless it is used again.
    fn expires(&self, began: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
        let idle = now.saturating_add(self.idle);
        let absolute = began.saturating_add(self.absolute);
        idle.min(absolute).min(LATEST)
    }

    /// Returns whether a new expiry must be written. If lifetimes become shorter, that applies to old sessions too.
    fn is_due(&self, expires: OffsetDateTime, renewed: OffsetDateTime) -> bool {
        renewed < expires || renewed - expires >= self.renew_after.min(self.idle / 2)
    }
}

/// Returns a new ID that holds this time. `None` for a time that a UUID v7 cannot hold.
fn id_of(now: OffsetDateTime) -> Option<Uuid> {
    let seconds = u64::try_from(now.unix_timestamp()).ok()?;
    let time = Timestamp::from_unix(NoContext, seconds, now.nanosecond());
    Some(Uuid::new_v7(time))
}

impl SignIn {
    /// Begins a session for a user who has just signed in, and returns the token for the browser and the session.
    ///
    /// `previous` is the token that the browser sent, if any. That session ends, so a token that someone planted in the
    /// browser is useless after the sign-in (session fixation). [`Session::session_token`] holds what is stored, by
    /// default a hash.
    ///
    /// Not atomic: if creating the new session fails, the previous one has ended already.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such user.
    pub fn begin_session(
        &self,
        user_id: Uuid,
        previous: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(Secret, Session)> {
        if let Some(previous) = previous {
            self.end_session(previous)?;
        }
        let token = Secret::generate();
        let expires = self.settings.lifetime.expires(now, now);
        let stored = self.settings.session_tokens.stored(token.expose());
        let mut new = NewSession::new(user_id, stored, expires);
        new.id = id_of(now);
        let session = self.store.create_session(new)?;
        Ok((token, session))
    }

    /// Works like [`begin_session`](SignIn::begin_session), and stores the details for a page "where you are signed
    /// in": the time, the network address and the browser's user agent. Takes one more round trip.
    ///
    /// If storing the details fails, the new session is ended and the error is returned.
    ///
    /// # Errors
    ///
    /// Also [`Error::Invalid`] for an `ip` or a `user_agent` that cannot be stored.
    pub fn begin_session_with_details(
        &self,
        user_id: Uuid,
        previous: Option<&str>,
        ip: Option<String>,
        user_agent: Option<String>,
        now: OffsetDateTime,
    ) -> Result<(Secret, Session)> {
        let (token, session) = self.begin_session(user_id, previous, now)?;
        let details = SessionDetailsChanges {
            began: Change::Set(now),
            last_seen: Change::Set(now),
            ip: ip.into(),
            user_agent: user_agent.into(),
        };
        match self.store.update_session_details(session.id, details) {
            Ok(_) => Ok((token, session)),
            Err(error) => {
                // No one has the token. If this fails as well, the session expires unused.
                let _ = self.end_session(token.expose());
                Err(error)
            }
        }
    }

    /// Returns the live session with this token and its user, and extends the session. Call it at every request.
    /// Returns `None` for an unknown, expired or ended session, and for a token that cannot exist.
    ///
    /// Takes one round trip. At most once in [`SessionLifetime::renew_after`], it also writes the new expiry and, if
    /// the session has details, the time it was last seen: usually up to three more operations. If the database is
    /// unavailable for that, the session is returned as it was, and the next request tries again.
    ///
    /// The beginning of a session is in its details, or otherwise in its UUID v7. If it has neither (Auth.js creates
    /// other IDs and no details), only the idle lifetime applies. If the session begins after `now`, the clock is wrong,
    /// and the expiry is not changed.
    pub fn resume_session(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Option<(Session, User)>> {
        let stored = self.settings.session_tokens.stored(token);
        let Some((session, user)) = self.store.get_session_and_user(&stored)? else {
            return Ok(None);
        };
        if session.is_expired(now) {
            return Ok(None);
        }
        match self.renew(&session, now) {
            // It has moved to another user since.
            Ok(Some(renewed)) if renewed.user_id != user.id => {
                let pair = self.store.get_session_and_user(&stored)?;
                Ok(pair.filter(|(session, _)| !session.is_expired(now)))
            }
            Ok(renewed) => Ok(renewed.map(|session| (session, user))),
            Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. }) => {
                Ok(Some((session, user)))
            }
            Err(error) => Err(error),
        }
    }

    /// Extends a live session, if that is due. Returns `None` when its total lifetime has elapsed, or when it was ended
    /// concurrently.
    fn renew(&self, session: &Session, now: OffsetDateTime) -> Result<Option<Session>> {
        let lifetime = &self.settings.lifetime;
        let created_at = session.created_at();
        if created_at.is_some_and(|created_at| now < created_at) {
            return Ok(Some(session.clone()));
        }
        let expires = lifetime.expires(created_at.unwrap_or(now), now);
        if expires > now && !lifetime.is_due(session.expires, expires) {
            return Ok(Some(session.clone()));
        }
        // Only now are the details worth a round trip.
        let details = self.store.get_session_details(session.id)?;
        let began = details.began.or(created_at).unwrap_or(now);
        if now < began {
            return Ok(Some(session.clone()));
        }
        let expires = lifetime.expires(began, now);
        if expires <= now {
            return Ok(None);
        }
        if !lifetime.is_due(session.expires, expires) {
            return Ok(Some(session.clone()));
        }
        if details != SessionDetails::default() {
            let seen = SessionDetailsChanges {
                last_seen: Change::Set(now),
                ..SessionDetailsChanges::default()
            };
            self.store.update_session_details(session.id, seen)?;
        }
        let changes = SessionChanges {
            expires: Some(expires),
            ..SessionChanges::default()
        };
        self.store.update_session(&session.session_token, changes)
    }

    /// Returns the live session with this token and its user, and in a transaction locks the session: until the
    /// transaction is over, no one else can end or change it.
    ///
    /// Begin every transaction with it that gives the user another way to sign in. Between a request's
    /// [`resume_session`](SignIn::resume_session) and its writes, the session may be ended, for example because the
    /// user's address turns out to be someone else's ([`sign_in_with_email`](SignIn::sign_in_with_email)). With the
    /// lock, either the session has ended and the result is `None`, or the one who ends it waits for this transaction and
    /// finds what it wrote.
    ///
    /// Outside a transaction, nothing stays locked. The session is not extended.
    ///
    /// ```
    /// # use authstore::signin::SignIn;
    /// # use authstore::{AuthStore, NewAccount, NewUser, Result};
    /// # use time::OffsetDateTime;
    /// /// Links the account to the user of this session. Returns false if the session has ended.
    /// fn link(signin: &SignIn, token: &str, account: &NewAccount) -> Result<bool> {
    ///     signin.store().transaction(|tx| {
    ///         let signin = signin.on(tx);
    ///         let Some((_, user)) = signin.lock_session(token, OffsetDateTime::now_utc())? else {
    ///             return Ok(false);
    ///         };
    ///         signin.link_account(user.id, account.clone())?;
    ///         Ok(true)
    ///     })
    /// }
    /// # fn main() -> Result<()> {
    /// # let store = AuthStore::connect("sqlite::memory:")?;
    /// # store.migrate()?;
    /// # let signin = SignIn::new(store);
    /// # let user = signin.store().create_user(NewUser::default())?;
    /// # let (token, _) = signin.begin_session(user.id, None, OffsetDateTime::now_utc())?;
    /// # let account = NewAccount::new("oauth", "github", "583231");
    /// # assert!(link(&signin, token.expose(), &account)?);
    /// # assert!(!link(&signin, "stray", &account)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn lock_session(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Option<(Session, User)>> {
        let stored = self.settings.session_tokens.stored(token);
        // In a transaction, an update locks the row, even without a change.
        let unchanged = SessionChanges::default();
        if self.store.update_session(&stored, unchanged)?.is_none() {
            return Ok(None);
        }
        let found = self.store.get_session_and_user(&stored)?;
        Ok(found.filter(|(session, _)| !session.is_expired(now)))
    }

    /// Gives a live session a new token, and returns it. The old token is useless afterwards. Of several callers with
    /// the same old token, one gets a new one and the others get `None`.
    ///
    /// Use it when the privileges of a session change, such as after asking for a password again (OWASP Session
    /// Management).
    pub fn rotate_session(&self, token: &str, now: OffsetDateTime) -> Result<Option<Secret>> {
        let stored = self.settings.session_tokens.stored(token);
        match self.store.get_session_and_user(&stored)? {
            Some((session, _)) if !session.is_expired(now) => {}
            _ => return Ok(None),
        }
        let next = Secret::generate();
        let changes = SessionChanges {
            session_token: Some(self.settings.session_tokens.stored(next.expose())),
            ..SessionChanges::default()
        };
        let rotated = self.store.update_session(&stored, changes)?;
        Ok(rotated.map(|_| next))
    }

    /// Ends the session with this token, which signs the user out. Returns whether there was one.
    pub fn end_session(&self, token: &str) -> Result<bool> {
        self.store
            .delete_session(&self.settings.session_tokens.stored(token))
    }

    /// Ends all sessions of a user, except the one with the token `keep`, and voids the user's pending changes of
    /// address, so that someone who used a stolen session cannot return with a link. Returns how many sessions ended.
    ///
    /// The changes of address are voided first. Each of the two steps is atomic.
    pub fn end_all_sessions(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        self.void_email_changes(user_id)?;
        let keep = keep.map(|token| self.settings.session_tokens.stored(token));
        self.store
            .delete_sessions_by_user_id(user_id, keep.as_deref())
    }

    /// Hashes the session tokens of a store in use, in place, so that everyone stays signed in. Returns how many it
    /// hashed. Tokens that are already hashed stay as they are. Run it again to finish an interrupted run.
    ///
    /// Switch the programs that use the database to [`SessionTokens::Hashed`] first, then run this: a session is not
    /// found until its token is hashed. A program that deletes the cookie of an unknown session signs out those who
    /// come in between. Each session is changed in one atomic step. Memory is bounded by the sessions of one user, and
    /// by a page of 1,000 users.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `session_tokens` when this is set to [`SessionTokens::Plain`].
    pub fn hash_session_tokens(&self) -> Result<u64> {
        if self.settings.session_tokens == SessionTokens::Plain {
            let reason = "must be Hashed to hash what is stored (got Plain)";
            return Err(Error::invalid("session_tokens", reason));
        }
        let mut hashed = 0;
        self.each_user(|user| {
            for session in self.store.list_sessions_by_user_id(user.id)? {
                if is_hash(&session.session_token) {
                    continue;
                }
                let changes = SessionChanges {
                    session_token: Some(
                        self.settings.session_tokens.stored(&session.session_token),
                    ),
                    ..SessionChanges::default()
                };
                if self
                    .store
                    .update_session(&session.session_token, changes)?
                    .is_some()
                {
                    hashed += 1;
                }
            }
            Ok(())
        })?;
        Ok(hashed)
    }

    /// Calls `work` with every user, in pages.
    pub(super) fn each_user(&self, mut work: impl FnMut(&User) -> Result<()>) -> Result<()> {
        const PAGE: u32 = 1_000;
        let mut after = None;
        loop {
            let users = self.store.list_users(after, PAGE)?;
            let Some(last) = users.last() else {
                return Ok(());
            };
            after = Some(last.id);
            users.iter().try_for_each(&mut work)?;
        }
    }
}
