use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Connection, CreateUserWithAccount, Database, Decode, DeleteExpired, Update, Use, Value,
};
use crate::error::{Entity, Error, Result};
use crate::for_each_operation;
use crate::model::{
    Account, AccountChanges, Authenticator, ExpiredCounts, Session, SessionChanges, User,
    UserChanges, VerificationToken,
};

macro_rules! declare {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        /// The operations on SQL databases, written once.
        ///
        /// Not written as `impl<D: Database> Backend for D`, which would rule out `Backend` for `Box<B>`: as far as the
        /// compiler knows, another crate could make a `Box` a [`Database`].
        pub(crate) trait Operations {
            $(fn $operation(&self, $($argument: $type),*) -> Result<$output>;)*
        }

        /// Makes a type that is a [`Database`] a [`Backend`](crate::Backend).
        macro_rules! backend {
            ($backend:ty) => {
                impl $crate::Backend for $backend {
                    fn name(&self) -> &'static str {
                        $crate::sql::Database::name(self)
                    }

                    fn migrator(&self) -> Option<$crate::migration::Migrator> {
                        Some($crate::sql::Database::migrator(self))
                    }

                    fn pool_state(&self) -> Option<$crate::PoolState> {
                        Some($crate::sql::Database::pool_state(self))
                    }

                    $(fn $operation(&self, $($argument: $type),*) -> $crate::Result<$output> {
                        $crate::sql::Operations::$operation(self, $($argument),*)
                    })*
                }
            };
        }
        pub(crate) use backend;
    };
}
for_each_operation!(declare! {});

impl<D: Database> Operations for D {
    fn create_user(&self, user: &User) -> Result<()> {
        insert(self, self.statements().create_user, &user_values(user))
    }

    fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        get(self, self.statements().get_user, &[id.into()])
    }

    fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        get(self, self.statements().get_user_by_email, &[email.into()])
    }

    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        get(
            self,
            self.statements().get_user_by_account,
            &[provider.into(), provider_account_id.into()],
        )
    }

    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User> {
        let values = [
            Value::change(&changes.name),
            Value::change(&changes.email),
            Value::change(&changes.email_verified),
            Value::change(&changes.image),
        ];
        let statement = self.statements().update_user;
        update(self, statement, values.as_flattened(), &[id.into()])?
            .ok_or(Error::not_found(Entity::User))
    }

    fn delete_user(&self, id: Uuid) -> Result<bool> {
        delete(self, self.statements().delete_user, &[id.into()])
    }

    fn link_account(&self, account: &Account) -> Result<()> {
        insert(
            self,
            self.statements().link_account,
            &account_values(account),
        )
    }

    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()> {
        let (user, account) = (user_values(user), account_values(account));
        match self.statements().create_user_with_account {
            CreateUserWithAccount::OneStatement(statement) => {
                insert(self, statement, &[&user[..], &account[..]].concat())
            }
            CreateUserWithAccount::TwoStatements => self.transaction(|connection| {
                connection.execute(self.statements().create_user, &user)?;
                connection.execute(self.statements().link_account, &account)?;
                Ok(())
            }),
        }
    }

    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        delete(
            self,
            self.statements().unlink_account,
            &[provider.into(), provider_account_id.into()],
        )
    }

    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>> {
        get(
            self,
            self.statements().get_account,
            &[provider.into(), provider_account_id.into()],
        )
    }

    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account> {
        let values = [
            Value::replacement(changes.kind.as_ref()),
            Value::change(&changes.refresh_token),
            Value::change(&changes.access_token),
            Value::change(&changes.expires_at),
            Value::change(&changes.token_type),
            Value::change(&changes.scope),
            Value::change(&changes.id_token),
            Value::change(&changes.session_state),
            Value::change(&changes.oauth_token_secret),
            Value::change(&changes.oauth_token),
        ];
        update(
            self,
            self.statements().update_account,
            values.as_flattened(),
            &[provider.into(), provider_account_id.into()],
        )?
        .ok_or(Error::not_found(Entity::Account))
    }

    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        list(self, self.statements().list_accounts_by_user_id, user_id)
    }

    fn create_session(&self, session: &Session) -> Result<()> {
        insert(
            self,
            self.statements().create_session,
            &[
                session.id.into(),
                session.user_id.into(),
                (&session.session_token).into(),
                session.expires.into(),
            ],
        )
    }

    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        get(
            self,
            self.statements().get_session_and_user,
            &[session_token.into()],
        )
    }

    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>> {
        let values = [
            Value::replacement(changes.user_id),
            Value::replacement(changes.expires),
        ];
        update(
            self,
            self.statements().update_session,
            values.as_flattened(),
            &[session_token.into()],
        )
    }

    fn delete_session(&self, session_token: &str) -> Result<bool> {
        delete(
            self,
            self.statements().delete_session,
            &[session_token.into()],
        )
    }

    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        list(self, self.statements().list_sessions_by_user_id, user_id)
    }

    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        let values = [user_id.into(), keep.into()];
        self.write(|connection| {
            connection.execute(self.statements().delete_sessions_by_user_id, &values)
        })
    }

    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()> {
        insert(
            self,
            self.statements().create_verification_token,
            &verification_token_values(verification_token),
        )
    }

    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        let key = [identifier.into(), token.into()];
        match self.statements().use_verification_token {
            Use::Returning(statement) => {
                self.write(|connection| connection.query_optional(statement, &key))
            }
            Use::SelectThenDelete {
                select: statement,
                delete: deletion,
            } => {
                let Some(found) = get(self, statement, &key)? else {
                    return Ok(None);
                };
                let won = delete(self, deletion, &verification_token_values(&found))?;
                Ok(won.then_some(found))
            }
        }
    }

    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        insert(
            self,
            self.statements().create_authenticator,
            &[
                (&authenticator.credential_id).into(),
                authenticator.user_id.into(),
                (&authenticator.provider_account_id).into(),
                (&authenticator.credential_public_key).into(),
                authenticator.counter.into(),
                (&authenticator.credential_device_type).into(),
                authenticator.credential_backed_up.into(),
                authenticator.transports.as_ref().into(),
            ],
        )
    }

    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        get(
            self,
            self.statements().get_authenticator,
            &[credential_id.into()],
        )
    }

    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        list(
            self,
            self.statements().list_authenticators_by_user_id,
            user_id,
        )
    }

    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        update(
            self,
            self.statements().update_authenticator_counter,
            &[counter.into()],
            &[credential_id.into()],
        )?
        .ok_or(Error::not_found(Entity::Authenticator))
    }

    fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        delete(
            self,
            self.statements().delete_authenticator,
            &[credential_id.into()],
        )
    }

    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        let due = [now.into(), i64::from(limit).into()];
        match self.statements().delete_expired {
            DeleteExpired::OneStatement(statement) => {
                let counts = self.write(|connection| {
                    connection.query_optional::<(i64, i64)>(statement, &[due, due].concat())
                })?;
                let (sessions, verification_tokens) = counts.unwrap_or_default();
                Ok(ExpiredCounts {
                    sessions: sessions.unsigned_abs(),
                    verification_tokens: verification_tokens.unsigned_abs(),
                })
            }
            DeleteExpired::TwoStatements {
                sessions,
                verification_tokens,
            } => Ok(ExpiredCounts {
                sessions: self.write(|connection| connection.execute(sessions, &due))?,
                verification_tokens: self
                    .write(|connection| connection.execute(verification_tokens, &due))?,
            }),
        }
    }

    fn ping(&self) -> Result<()> {
        self.read(|connection| {
            connection
                .query_optional::<i64>(self.statements().ping, &[])
                .map(drop)
        })
    }
}

fn insert(database: &impl Database, statement: &'static str, values: &[Value<'_>]) -> Result<()> {
    database.write(|connection| connection.execute(statement, values).map(drop))
}

fn delete(database: &impl Database, statement: &'static str, key: &[Value<'_>]) -> Result<bool> {
    database.write(|connection| Ok(connection.execute(statement, key)? > 0))
}

fn get<T: Decode>(
    database: &impl Database,
    statement: &'static str,
    key: &[Value<'_>],
) -> Result<Option<T>> {
    database.read(|connection| connection.query_optional(statement, key))
}

fn list<T: Decode>(
    database: &impl Database,
    statement: &'static str,
    user_id: Uuid,
) -> Result<Vec<T>> {
    database.read(|connection| connection.query(statement, &[user_id.into()]))
}

fn update<T: Decode>(
    database: &impl Database,
    statement: Update,
    values: &[Value<'_>],
    key: &[Value<'_>],
) -> Result<Option<T>> {
    let parameters = [values, key].concat();
    match statement {
        Update::Returning(statement) => {
            database.write(|connection| connection.query_optional(statement, &parameters))
        }
        Update::ThenSelect { update, select } => database.transaction(|connection| {
            if connection.execute(update, &parameters)? == 0 {
                return Ok(None);
            }
            connection.query_optional(select, key)
        }),
    }
}

fn user_values(user: &User) -> [Value<'_>; 5] {
    [
        user.id.into(),
        user.name.as_ref().into(),
        user.email.as_ref().into(),
        user.email_verified.into(),
        user.image.as_ref().into(),
    ]
}

fn account_values(account: &Account) -> [Value<'_>; 14] {
    [
        account.id.into(),
        account.user_id.into(),
        (&account.kind).into(),
        (&account.provider).into(),
        (&account.provider_account_id).into(),
        account.refresh_token.as_ref().into(),
        account.access_token.as_ref().into(),
        account.expires_at.into(),
        account.token_type.as_ref().into(),
        account.scope.as_ref().into(),
        account.id_token.as_ref().into(),
        account.session_state.as_ref().into(),
        account.oauth_token_secret.as_ref().into(),
        account.oauth_token.as_ref().into(),
    ]
}

fn verification_token_values(verification_token: &VerificationToken) -> [Value<'_>; 3] {
    [
        (&verification_token.identifier).into(),
        (&verification_token.token).into(),
        verification_token.expires.into(),
    ]
}
