//! The operations, in the order of the trait.

use authstore::migration::Migrator;
use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Backend, BackendTransaction, Challenge, Constraint, Entity, Error, ExpiredCounts, PoolState,
    Removal, Result, Session, SessionChanges, SessionDetails, SessionDetailsChanges, User,
    UserChanges, VerificationToken,
};
use redb::{ReadableTable, WriteTransaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::RedbBackend;
use crate::failure::Failure;
use crate::rows::{
    account, account_row, authenticator, authenticator_details, authenticator_details_row,
    authenticator_row, millis, session, session_details, session_details_row, user, user_row,
    verification_token,
};
use crate::tables::*;
use crate::write::{
    WayIn, accounts_of, delete_session, expired_keys, has_other_way_in, insert_account,
    insert_authenticator, insert_session, insert_unique, insert_user, keys_of, remove_account,
    remove_authenticator, remove_challenge, remove_session, remove_verification_token,
};

/// Returns the account after the changes, if it exists and has the given refresh token, if one is given.
fn change_account(
    transaction: &WriteTransaction,
    key: AccountKey<'_>,
    seen_refresh_token: Option<Option<&str>>,
    changes: &AccountChanges,
) -> Result<Option<Account>, Failure> {
    let mut accounts = transaction.open_table(ACCOUNT)?;
    let before = match accounts.get(key)? {
        Some(row) => account(key, row.value()),
        None => return Ok(None),
    };
    if seen_refresh_token.is_some_and(|seen| seen != before.refresh_token.as_deref()) {
        return Ok(None);
    }
    let changes = changes.clone();
    let after = Account {
        kind: changes.kind.unwrap_or(before.kind),
        refresh_token: changes.refresh_token.apply(before.refresh_token),
        access_token: changes.access_token.apply(before.access_token),
        expires_at: changes.expires_at.apply(before.expires_at),
        token_type: changes.token_type.apply(before.token_type),
        scope: changes.scope.apply(before.scope),
        id_token: changes.id_token.apply(before.id_token),
        session_state: changes.session_state.apply(before.session_state),
        oauth_token_secret: changes.oauth_token_secret.apply(before.oauth_token_secret),
        oauth_token: changes.oauth_token.apply(before.oauth_token),
        ..before
    };
    accounts.insert(key, account_row(&after))?;
    Ok(Some(after))
}

impl Backend for RedbBackend {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn create_user(&self, user: &User) -> Result<()> {
        self.write(|transaction| insert_user(transaction, user))
    }

    fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        self.read(|transaction| match transaction.open_table(USER)?.get(id)? {
            Some(row) => Ok(Some(user(id, row.value())?)),
            None => Ok(None),
        })
    }

    fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        self.read(|transaction| {
            let Some(id) = transaction.open_table(USER_BY_EMAIL)?.get(email)? else {
                return Ok(None);
            };
            match transaction.open_table(USER)?.get(id.value())? {
                Some(row) => Ok(Some(user(id.value(), row.value())?)),
                None => Ok(None),
            }
        })
    }

    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        self.read(|transaction| {
            let accounts = transaction.open_table(ACCOUNT)?;
            let Some(row) = accounts.get((provider, provider_account_id))? else {
                return Ok(None);
            };
            let (_, user_id, ..) = row.value();
            match transaction.open_table(USER)?.get(user_id)? {
                Some(row) => Ok(Some(user(user_id, row.value())?)),
                None => Ok(None),
            }
        })
    }

    fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
        self.read(|transaction| {
            let users = transaction.open_table(USER)?;
            let mut list = Vec::new();
            for entry in users.range(after.unwrap_or_default()..)? {
                if list.len() == limit as usize {
                    break;
                }
                let (id, row) = entry?;
                if Some(id.value()) != after {
                    list.push(user(id.value(), row.value())?);
                }
            }
            Ok(list)
        })
    }

    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User> {
        self.write(|transaction| {
            let mut users = transaction.open_table(USER)?;
            let before = match users.get(id)? {
                Some(row) => user(id, row.value())?,
                None => return Err(Error::not_found(Entity::User).into()),
            };
            let changes = changes.clone();
            let after = User {
                id,
                name: changes.name.apply(before.name),
                email: changes.email.apply(before.email.clone()),
                email_verified: changes.email_verified.apply(before.email_verified),
                image: changes.image.apply(before.image),
            };
            users.insert(id, user_row(&after))?;
            if before.email != after.email {
                if let Some(email) = before.email.as_deref() {
                    transaction.open_table(USER_BY_EMAIL)?.remove(email)?;
                }
                if let Some(email) = after.email.as_deref() {
                    insert_unique(transaction, USER_BY_EMAIL, email, id, Constraint::UserEmail)?;
                }
            }
            Ok(after)
        })
    }

    fn delete_user(&self, id: Uuid) -> Result<bool> {
        self.write(|transaction| {
            let email = match transaction.open_table(USER)?.remove(id)? {
                Some(row) => user(id, row.value())?.email,
                None => return Ok(false),
            };
            if let Some(email) = email.as_deref() {
                transaction.open_table(USER_BY_EMAIL)?.remove(email)?;
            }
            let accounts = accounts_of(&transaction.open_table(ACCOUNT_BY_USER)?, id)?;
            for (provider, id_there) in accounts {
                remove_account(transaction, (&provider, &id_there))?;
            }
            let sessions = keys_of(&transaction.open_table(SESSION_BY_USER)?, id)?;
            for token in sessions {
                delete_session(transaction, &token)?;
            }
            let authenticators = keys_of(&transaction.open_table(AUTHENTICATOR_BY_USER)?, id)?;
            for credential_id in authenticators {
                remove_authenticator(transaction, &credential_id)?;
            }
            Ok(true)
        })
    }

    fn link_account(&self, account: &Account) -> Result<()> {
        self.write(|transaction| insert_account(transaction, account))
    }

    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()> {
        self.write(|transaction| {
            insert_user(transaction, user)?;
            insert_account(transaction, account)
        })
    }

    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        self.write(|transaction| remove_account(transaction, (provider, provider_account_id)))
    }

    fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        self.write(|transaction| {
            let key = (provider, provider_account_id);
            let kind = match transaction.open_table(ACCOUNT)?.get(key)? {
                Some(row) if row.value().1 == user_id => row.value().2.to_owned(),
                _ => return Ok(Removal::Absent),
            };
            let way = WayIn::Account(key, &kind);
            if keep_last && !has_other_way_in(transaction, user_id, way)? {
                return Ok(Removal::LastWayIn);
            }
            remove_account(transaction, key)?;
            Ok(Removal::Done)
        })
    }

    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>> {
        self.read(|transaction| {
            let key = (provider, provider_account_id);
            let row = transaction.open_table(ACCOUNT)?.get(key)?;
            Ok(row.map(|row| account(key, row.value())))
        })
    }

    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account> {
        self.write(|transaction| {
            change_account(transaction, (provider, provider_account_id), None, changes)?
                .ok_or(Error::not_found(Entity::Account).into())
        })
    }

    fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>> {
        self.write(|transaction| {
            let key = (provider, provider_account_id);
            change_account(transaction, key, Some(seen_refresh_token), changes)
        })
    }

    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        self.read(|transaction| {
            let accounts = transaction.open_table(ACCOUNT)?;
            let mut list = Vec::new();
            for key in accounts_of(&transaction.open_table(ACCOUNT_BY_USER)?, user_id)? {
                let key = (&*key.0, &*key.1);
                list.extend(accounts.get(key)?.map(|row| account(key, row.value())));
            }
            Ok(list)
        })
    }

    fn create_session(&self, session: &Session) -> Result<()> {
        self.write(|transaction| insert_session(transaction, session))
    }

    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        self.read(|transaction| {
            let Some(row) = transaction.open_table(SESSION)?.get(session_token)? else {
                return Ok(None);
            };
            let session = session(session_token, row.value())?;
            match transaction.open_table(USER)?.get(session.user_id)? {
                Some(row) => {
                    let user = user(session.user_id, row.value())?;
                    Ok(Some((session, user)))
                }
                None => Ok(None),
            }
        })
    }

    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>> {
        self.write(|transaction| {
            let Some(before) = remove_session(transaction, session_token)? else {
                return Ok(None);
            };
            let before = session(session_token, before)?;
            let after = Session {
                session_token: changes
                    .session_token
                    .clone()
                    .unwrap_or(before.session_token),
                user_id: changes.user_id.unwrap_or(before.user_id),
                expires: changes.expires.unwrap_or(before.expires),
                ..before
            };
            insert_session(transaction, &after)?;
            Ok(Some(after))
        })
    }

    fn delete_session(&self, session_token: &str) -> Result<bool> {
        self.write(|transaction| delete_session(transaction, session_token))
    }

    fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool> {
        self.write(|transaction| {
            let token = match transaction.open_table(SESSION_ID)?.get(session_id)? {
                Some(token) => token.value().to_owned(),
                None => return Ok(false),
            };
            match transaction.open_table(SESSION)?.get(&*token)? {
                Some(row) if row.value().1 == user_id => {}
                _ => return Ok(false),
            }
            delete_session(transaction, &token)
        })
    }

    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        self.read(|transaction| {
            let sessions = transaction.open_table(SESSION)?;
            let mut list = Vec::new();
            for token in keys_of(&transaction.open_table(SESSION_BY_USER)?, user_id)? {
                if let Some(row) = sessions.get(&*token)? {
                    list.push(session(&token, row.value())?);
                }
            }
            list.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
            Ok(list)
        })
    }

    fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>> {
        self.read(|transaction| {
            let sessions = transaction.open_table(SESSION)?;
            let details = transaction.open_table(SESSION_DETAILS)?;
            let mut list = Vec::new();
            for token in keys_of(&transaction.open_table(SESSION_BY_USER)?, user_id)? {
                let Some(row) = sessions.get(&*token)? else {
                    continue;
                };
                let session = session(&token, row.value())?;
                let details = match details.get(session.id)? {
                    Some(row) => session_details(row.value())?,
                    None => SessionDetails::default(),
                };
                list.push((session, details));
            }
            list.sort_by(|(a, _), (b, _)| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
            Ok(list)
        })
    }

    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        self.write(|transaction| {
            let mut deleted = 0;
            let sessions = keys_of(&transaction.open_table(SESSION_BY_USER)?, user_id)?;
            for token in sessions {
                if keep != Some(&*token) && delete_session(transaction, &token)? {
                    deleted += 1;
                }
            }
            Ok(deleted)
        })
    }

    fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails> {
        self.read(
            |transaction| match transaction.open_table(SESSION_DETAILS)?.get(session_id)? {
                Some(row) => session_details(row.value()),
                None => Ok(SessionDetails::default()),
            },
        )
    }

    fn update_session_details(
        &self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> Result<bool> {
        self.write(|transaction| {
            if transaction
                .open_table(SESSION_ID)?
                .get(session_id)?
                .is_none()
            {
                return Ok(false);
            }
            let mut table = transaction.open_table(SESSION_DETAILS)?;
            let before = match table.get(session_id)? {
                Some(row) => session_details(row.value())?,
                None => SessionDetails::default(),
            };
            let changes = changes.clone();
            let after = SessionDetails {
                began: changes.began.apply(before.began),
                last_seen: changes.last_seen.apply(before.last_seen),
                ip: changes.ip.apply(before.ip),
                user_agent: changes.user_agent.apply(before.user_agent),
            };
            table.insert(session_id, session_details_row(&after))?;
            Ok(true)
        })
    }

    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()> {
        self.write(|transaction| {
            let token = &*verification_token.token;
            let expires = millis(verification_token.expires);
            insert_unique(
                transaction,
                VERIFICATION_TOKEN,
                token,
                (&*verification_token.identifier, expires),
                Constraint::VerificationToken,
            )?;
            transaction
                .open_table(VERIFICATION_TOKEN_BY_IDENTIFIER)?
                .insert((&*verification_token.identifier, token), ())?;
            transaction
                .open_table(VERIFICATION_TOKEN_BY_EXPIRES)?
                .insert((expires, token), ())?;
            Ok(())
        })
    }

    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        self.write(|transaction| {
            let found = match transaction.open_table(VERIFICATION_TOKEN)?.get(token)? {
                Some(row) if row.value().0 == identifier => verification_token(token, row.value())?,
                _ => return Ok(None),
            };
            remove_verification_token(transaction, &found)?;
            Ok(Some(found))
        })
    }

    fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64> {
        self.write(|transaction| {
            let mut found = Vec::new();
            {
                let index = transaction.open_table(VERIFICATION_TOKEN_BY_IDENTIFIER)?;
                let tokens = transaction.open_table(VERIFICATION_TOKEN)?;
                for entry in index.range((identifier, "")..)? {
                    let (entry, _) = entry?;
                    let (of, token) = entry.value();
                    if of != identifier {
                        break;
                    }
                    if let Some(row) = tokens.get(token)? {
                        found.push(verification_token(token, row.value())?);
                    }
                }
            }
            for token in &found {
                remove_verification_token(transaction, token)?;
            }
            Ok(found.len() as u64)
        })
    }

    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        self.write(|transaction| insert_authenticator(transaction, authenticator))
    }

    fn create_user_with_authenticator(
        &self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Result<()> {
        self.write(|transaction| {
            insert_user(transaction, user)?;
            insert_authenticator(transaction, authenticator)
        })
    }

    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        self.read(|transaction| {
            let row = transaction.open_table(AUTHENTICATOR)?.get(credential_id)?;
            Ok(row.map(|row| authenticator(credential_id, row.value())))
        })
    }

    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        self.read(|transaction| {
            let authenticators = transaction.open_table(AUTHENTICATOR)?;
            let mut list = Vec::new();
            for id in keys_of(&transaction.open_table(AUTHENTICATOR_BY_USER)?, user_id)? {
                let row = authenticators.get(&*id)?;
                list.extend(row.map(|row| authenticator(&id, row.value())));
            }
            Ok(list)
        })
    }

    fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
        self.read(|transaction| {
            let authenticators = transaction.open_table(AUTHENTICATOR)?;
            let details = transaction.open_table(AUTHENTICATOR_DETAILS)?;
            let mut list = Vec::new();
            for id in keys_of(&transaction.open_table(AUTHENTICATOR_BY_USER)?, user_id)? {
                let Some(row) = authenticators.get(&*id)? else {
                    continue;
                };
                let details = match details.get(&*id)? {
                    Some(row) => authenticator_details(row.value())?,
                    None => AuthenticatorDetails::default(),
                };
                list.push((authenticator(&id, row.value()), details));
            }
            Ok(list)
        })
    }

    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        self.write(|transaction| {
            let mut authenticators = transaction.open_table(AUTHENTICATOR)?;
            let mut updated = match authenticators.get(credential_id)? {
                Some(row) => authenticator(credential_id, row.value()),
                None => return Err(Error::not_found(Entity::Authenticator).into()),
            };
            updated.counter = counter;
            authenticators.insert(credential_id, authenticator_row(&updated))?;
            Ok(updated)
        })
    }

    fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        self.write(|transaction| remove_authenticator(transaction, credential_id))
    }

    fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator> {
        self.write(|transaction| {
            let mut authenticators = transaction.open_table(AUTHENTICATOR)?;
            let mut used = match authenticators.get(credential_id)? {
                Some(row) => authenticator(credential_id, row.value()),
                None => return Err(Error::not_found(Entity::Authenticator).into()),
            };
            if counter <= used.counter && (counter, used.counter) != (0, 0) {
                return Err(Error::conflict(Constraint::AuthenticatorCounter).into());
            }
            used.counter = counter;
            used.credential_backed_up = backed_up;
            authenticators.insert(credential_id, authenticator_row(&used))?;
            Ok(used)
        })
    }

    fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        self.write(|transaction| {
            match transaction.open_table(AUTHENTICATOR)?.get(credential_id)? {
                Some(row) if row.value().0 == user_id => {}
                _ => return Ok(Removal::Absent),
            }
            let way = WayIn::Authenticator(credential_id);
            if keep_last && !has_other_way_in(transaction, user_id, way)? {
                return Ok(Removal::LastWayIn);
            }
            remove_authenticator(transaction, credential_id)?;
            Ok(Removal::Done)
        })
    }

    fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> Result<bool> {
        self.write(|transaction| {
            match transaction.open_table(AUTHENTICATOR)?.get(credential_id)? {
                Some(row) if row.value().0 == user_id => {}
                _ => return Ok(false),
            }
            let mut table = transaction.open_table(AUTHENTICATOR_DETAILS)?;
            let before = match table.get(credential_id)? {
                Some(row) => authenticator_details(row.value())?,
                None => AuthenticatorDetails::default(),
            };
            let changes = changes.clone();
            let after = AuthenticatorDetails {
                name: changes.name.apply(before.name),
                created: changes.created.apply(before.created),
                last_used: changes.last_used.apply(before.last_used),
            };
            table.insert(credential_id, authenticator_details_row(&after))?;
            Ok(true)
        })
    }

    fn create_challenge(&self, challenge: &Challenge) -> Result<()> {
        self.write(|transaction| {
            let (key, expires) = (&*challenge.key, millis(challenge.expires));
            insert_unique(
                transaction,
                CHALLENGE,
                key,
                (&*challenge.payload, expires),
                Constraint::ChallengeKey,
            )?;
            transaction
                .open_table(CHALLENGE_BY_EXPIRES)?
                .insert((expires, key), ())?;
            Ok(())
        })
    }

    fn use_challenge(&self, key: &str) -> Result<Option<Challenge>> {
        self.write(|transaction| remove_challenge(transaction, key))
    }

    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        self.write(|transaction| {
            let now = millis(now);
            let mut expired = ExpiredCounts::default();
            let sessions = expired_keys(&transaction.open_table(SESSION_BY_EXPIRES)?, now, limit)?;
            for token in sessions {
                delete_session(transaction, &token)?;
                expired.sessions += 1;
            }
            let mut due = Vec::new();
            {
                let index = transaction.open_table(VERIFICATION_TOKEN_BY_EXPIRES)?;
                let tokens = transaction.open_table(VERIFICATION_TOKEN)?;
                for token in expired_keys(&index, now, limit)? {
                    if let Some(row) = tokens.get(&*token)? {
                        due.push(verification_token(&token, row.value())?);
                    }
                }
            }
            for token in &due {
                remove_verification_token(transaction, token)?;
            }
            expired.verification_tokens = due.len() as u64;
            let challenges =
                expired_keys(&transaction.open_table(CHALLENGE_BY_EXPIRES)?, now, limit)?;
            for key in challenges {
                remove_challenge(transaction, &key)?;
                expired.challenges += 1;
            }
            Ok(expired)
        })
    }

    fn ping(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
        Ok(None)
    }

    fn pool_state(&self) -> Option<PoolState> {
        None
    }

    /// The tables are created when the file is opened.
    fn migrator(&self) -> Option<Migrator> {
        None
    }
}
