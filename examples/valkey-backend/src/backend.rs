//! The operations, in the order of the trait: what each script takes and returns. What it does is in `lua/`.
//!
//! Lists are sorted here: the server's sets have no order, and that of strings in Lua depends on its locale.

use std::sync::LazyLock;

use authstore::migration::Migrator;
use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Backend, BackendTransaction, Challenge, Error, ExpiredCounts, PoolState, Removal, Result,
    Session, SessionChanges, SessionDetails, SessionDetailsChanges, User, UserChanges,
    VerificationToken,
};
use redis::Script;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ValkeyBackend;
use crate::pool::ping;
use crate::rows::{self, Arguments, all, both, millis, one};

/// The script of an operation.
macro_rules! script {
    ($operation:literal) => {{
        static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!(
                include_str!("../lua/prelude.lua"),
                include_str!(concat!("../lua/", $operation, ".lua"))
            ))
        });
        &SCRIPT
    }};
}

fn with(value: impl ToString) -> Arguments {
    Arguments::default().with(value)
}

fn row(fields: rows::Fields) -> Arguments {
    Arguments::default().fields(fields)
}

/// The row that an update returns. It raises an error when there is none.
fn updated<T>(row: Option<T>) -> Result<T> {
    row.ok_or_else(|| Error::backend("an update returned no row"))
}

fn removal(answer: &str) -> Result<Removal> {
    match answer {
        "Done" => Ok(Removal::Done),
        "Absent" => Ok(Removal::Absent),
        "LastWayIn" => Ok(Removal::LastWayIn),
        _ => Err(Error::backend("a script returned an unknown word")),
    }
}

impl Backend for ValkeyBackend {
    fn name(&self) -> &'static str {
        "valkey"
    }

    fn create_user(&self, user: &User) -> Result<()> {
        self.write(script!("create_user"), row(rows::user_fields(user)))
    }

    fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        one(self.read(script!("get_user"), with(id))?, rows::user)
    }

    fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        let found = self.read(script!("get_user_by_email"), with(email))?;
        one(found, rows::user)
    }

    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        let key = with(provider).with(provider_account_id);
        one(self.read(script!("get_user_by_account"), key)?, rows::user)
    }

    fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let page = self.read(script!("list_users"), with(after).with(limit))?;
        all(page, rows::user)
    }

    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User> {
        let arguments = with(id).fields(rows::user_changes(changes));
        let after = self.write(script!("update_user"), arguments)?;
        updated(one(after, rows::user)?)
    }

    fn delete_user(&self, id: Uuid) -> Result<bool> {
        self.write(script!("delete_user"), with(id))
    }

    fn link_account(&self, account: &Account) -> Result<()> {
        self.write(script!("link_account"), row(rows::account_fields(account)))
    }

    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()> {
        let arguments = row(rows::user_fields(user)).fields(rows::account_fields(account));
        self.write(script!("create_user_with_account"), arguments)
    }

    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        let key = with(provider).with(provider_account_id);
        self.write(script!("unlink_account"), key)
    }

    fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        let key = with(user_id).with(provider).with(provider_account_id);
        let arguments = key.with(u8::from(keep_last));
        removal(&self.write::<String>(script!("unlink_account_of_user"), arguments)?)
    }

    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>> {
        let key = with(provider).with(provider_account_id);
        one(self.read(script!("get_account"), key)?, rows::account)
    }

    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account> {
        let key = with(provider).with(provider_account_id);
        let arguments = key.fields(rows::account_changes(changes));
        let after = self.write(script!("update_account"), arguments)?;
        updated(one(after, rows::account)?)
    }

    fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>> {
        let key = with(provider).with(provider_account_id);
        let seen = key.fields(rows::seen(seen_refresh_token));
        let arguments = seen.fields(rows::account_changes(changes));
        let after = self.write(script!("refresh_account"), arguments)?;
        one(after, rows::account)
    }

    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        let found = self.read(script!("list_accounts_by_user_id"), with(user_id))?;
        let mut accounts = all(found, rows::account)?;
        accounts.sort_by(|a, b| {
            let b_key = (&b.provider, &b.provider_account_id);
            (&a.provider, &a.provider_account_id).cmp(&b_key)
        });
        Ok(accounts)
    }

    fn create_session(&self, session: &Session) -> Result<()> {
        self.write(
            script!("create_session"),
            row(rows::session_fields(session)),
        )
    }

    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        let mut found: Vec<rows::Row> =
            self.read(script!("get_session_and_user"), with(session_token))?;
        match &mut found[..] {
            [session, user] => Ok(Some((rows::session(session)?, rows::user(user)?))),
            _ => Ok(None),
        }
    }

    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>> {
        let arguments = with(session_token).fields(rows::session_changes(changes));
        one(
            self.write(script!("update_session"), arguments)?,
            rows::session,
        )
    }

    fn delete_session(&self, session_token: &str) -> Result<bool> {
        self.write(script!("delete_session"), with(session_token))
    }

    fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool> {
        let arguments = with(user_id).with(session_id);
        self.write(script!("delete_session_of_user"), arguments)
    }

    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        let found = self.read(script!("list_sessions_by_user_id"), with(user_id))?;
        let mut sessions = all(found, rows::session)?;
        sessions.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
        Ok(sessions)
    }

    fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>> {
        let script = script!("list_sessions_with_details_by_user_id");
        let found = self.read(script, with(user_id))?;
        let mut sessions = both((rows::session, rows::session_details), found)?;
        sessions.sort_by(|(a, _), (b, _)| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
        Ok(sessions)
    }

    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        // No session has the token "".
        let arguments = with(user_id).with(keep.unwrap_or_default());
        self.write(script!("delete_sessions_by_user_id"), arguments)
    }

    fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails> {
        let found = self.read(script!("get_session_details"), with(session_id))?;
        Ok(one(found, rows::session_details)?.unwrap_or_default())
    }

    fn update_session_details(
        &self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> Result<bool> {
        let arguments = with(session_id).fields(rows::session_details_changes(changes));
        self.write(script!("update_session_details"), arguments)
    }

    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()> {
        let arguments = row(rows::verification_token_fields(verification_token));
        self.write(script!("create_verification_token"), arguments)
    }

    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        let arguments = with(identifier).with(token);
        let used = self.write(script!("use_verification_token"), arguments)?;
        one(used, rows::verification_token)
    }

    fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64> {
        let script = script!("delete_verification_tokens_by_identifier");
        self.write(script, with(identifier))
    }

    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        let arguments = row(rows::authenticator_fields(authenticator));
        self.write(script!("create_authenticator"), arguments)
    }

    fn create_user_with_authenticator(
        &self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Result<()> {
        let user = row(rows::user_fields(user));
        let arguments = user.fields(rows::authenticator_fields(authenticator));
        self.write(script!("create_user_with_authenticator"), arguments)
    }

    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        let found = self.read(script!("get_authenticator"), with(credential_id))?;
        one(found, rows::authenticator)
    }

    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        let found = self.read(script!("list_authenticators_by_user_id"), with(user_id))?;
        let mut authenticators = all(found, rows::authenticator)?;
        authenticators.sort_by(|a, b| a.credential_id.cmp(&b.credential_id));
        Ok(authenticators)
    }

    fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
        let script = script!("list_authenticators_with_details_by_user_id");
        let found = self.read(script, with(user_id))?;
        let mut authenticators = both((rows::authenticator, rows::authenticator_details), found)?;
        authenticators.sort_by(|(a, _), (b, _)| a.credential_id.cmp(&b.credential_id));
        Ok(authenticators)
    }

    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        let arguments = with(credential_id).fields(rows::counted(counter));
        let after = self.write(script!("update_authenticator_counter"), arguments)?;
        updated(one(after, rows::authenticator)?)
    }

    fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator> {
        let fields = [rows::counted(counter), rows::backed_up(backed_up)].concat();
        let arguments = with(credential_id).fields(fields);
        let after = self.write(script!("use_authenticator"), arguments)?;
        updated(one(after, rows::authenticator)?)
    }

    fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        self.write(script!("delete_authenticator"), with(credential_id))
    }

    fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        let key = with(user_id).with(credential_id);
        let arguments = key.with(u8::from(keep_last));
        removal(&self.write::<String>(script!("delete_authenticator_of_user"), arguments)?)
    }

    fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> Result<bool> {
        let key = with(user_id).with(credential_id);
        let arguments = key.fields(rows::authenticator_details_changes(changes));
        self.write(script!("update_authenticator_details"), arguments)
    }

    fn create_challenge(&self, challenge: &Challenge) -> Result<()> {
        let arguments = row(rows::challenge_fields(challenge));
        self.write(script!("create_challenge"), arguments)
    }

    fn use_challenge(&self, key: &str) -> Result<Option<Challenge>> {
        one(
            self.write(script!("use_challenge"), with(key))?,
            rows::challenge,
        )
    }

    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        let arguments = with(millis(now)).with(limit);
        let (sessions, verification_tokens, challenges) =
            self.write(script!("delete_expired"), arguments)?;
        Ok(ExpiredCounts {
            sessions,
            verification_tokens,
            challenges,
        })
    }

    fn ping(&self) -> Result<()> {
        self.repeated(ping)
    }

    /// The server's own (`MULTI`) cannot read and decide.
    fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
        Ok(None)
    }

    /// There is no schema.
    fn migrator(&self) -> Option<Migrator> {
        None
    }

    fn pool_state(&self) -> Option<PoolState> {
        None
    }
}
