use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Connection, CreateUserWith, Database, Decode, DeleteExpired, KeepLast, RemoveWayIn, Update,
    UseAuthenticator, UseOnce, Value,
};
use crate::error::{Constraint, Entity, Error, Result};
use crate::for_each_operation;
use crate::model::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, ExpiredCounts, Removal, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
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

        /// Implements [`Backend`](crate::Backend) for a type that implements [`Database`].
        macro_rules! backend {
            ($backend:ty) => {
                impl $crate::Backend for $backend {
                    fn name(&self) -> &'static str {
                        $crate::sql::Database::name(self)
                    }

                    fn migrator(&self) -> Option<$crate::migration::Migrator> {
                        Some($crate::sql::Database::migrator(self))
                    }

                    fn begin(
                        &self,
                    ) -> $crate::Result<Option<Box<dyn $crate::BackendTransaction>>> {
                        Ok(Some(Box::new($crate::sql::Within::begin(self.clone())?)))
                    }

                    fn pool_state(&self) -> Option<$crate::PoolState> {
                        Some($crate::sql::Database::pool_state(self))
                    }

                    $(fn $operation(&self, $($argument: $type),*) -> $crate::Result<$output> {
                        $crate::sql::Operations::$operation(self, $($argument),*)
                            .map_err(|error| $crate::sql::explain_missing(self, error))
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

    fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
        // The first bound lets the database start at the right place in the index; the second excludes `after` itself.
        let parameters = [
            after.unwrap_or(Uuid::nil()).into(),
            after.into(),
            i64::from(limit).into(),
        ];
        self.read(|connection| connection.query(self.statements().list_users, &parameters))
    }

    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User> {
        let values = [
            Value::change(&changes.name),
            Value::change(&changes.email),
            Value::change(&changes.email_verified),
            Value::change(&changes.image),
        ];
        update(
            self,
            self.statements().update_user,
            &RowUpdate::new(values.as_flattened(), &[id.into()], changes),
        )?
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
        create_user_with(
            self,
            self.statements().create_user_with_account,
            user,
            self.statements().link_account,
            &account_values(account),
        )
    }

    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        delete(
            self,
            self.statements().unlink_account,
            &[provider.into(), provider_account_id.into()],
        )
    }

    fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        remove_way_in(
            self,
            self.statements().unlink_account_of_user,
            user_id,
            &[provider.into(), provider_account_id.into()],
            keep_last,
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
        update(
            self,
            self.statements().update_account,
            &RowUpdate::new(
                account_changes(changes).as_flattened(),
                &[provider.into(), provider_account_id.into()],
                changes,
            ),
        )?
        .ok_or(Error::not_found(Entity::Account))
    }

    fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>> {
        let values = account_changes(changes);
        let key = [provider.into(), provider_account_id.into()];
        update(
            self,
            self.statements().refresh_account,
            &RowUpdate {
                condition: &[seen_refresh_token.into()],
                is_wanted: &|account: &Account| {
                    account.refresh_token.as_deref() == seen_refresh_token
                },
                ..RowUpdate::new(values.as_flattened(), &key, changes)
            },
        )
    }

    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        list(self, self.statements().list_accounts_by_user_id, user_id)
    }

    fn create_session(&self, session: &Session) -> Result<()> {
        insert(
            self,
            self.statements().create_session,
            &session_values(session),
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
            Value::replacement(changes.session_token.as_deref()),
            Value::replacement(changes.expires),
        ];
        let token_now = changes.session_token.as_deref().unwrap_or(session_token);
        update(
            self,
            self.statements().update_session,
            &RowUpdate {
                key_after: &[token_now.into()],
                ..RowUpdate::new(values.as_flattened(), &[session_token.into()], changes)
            },
        )
    }

    fn delete_session(&self, session_token: &str) -> Result<bool> {
        delete(
            self,
            self.statements().delete_session,
            &[session_token.into()],
        )
    }

    fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool> {
        delete(
            self,
            self.statements().delete_session_of_user,
            &[user_id.into(), session_id.into()],
        )
    }

    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        list(self, self.statements().list_sessions_by_user_id, user_id)
    }

    fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>> {
        list(
            self,
            self.statements().list_sessions_with_details_by_user_id,
            user_id,
        )
    }

    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        let values = [user_id.into(), keep.into()];
        self.write(|connection| {
            connection.execute(self.statements().delete_sessions_by_user_id, &values)
        })
    }

    fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails> {
        let found: Option<(Uuid, SessionDetails)> = get(
            self,
            self.statements().get_session_details,
            &[session_id.into()],
        )?;
        Ok(found.unwrap_or_default().1)
    }

    fn update_session_details(
        &self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> Result<bool> {
        update_details(
            self,
            self.statements().update_session_details,
            &[session_id.into()],
            &[
                Value::change(&changes.began),
                Value::change(&changes.last_seen),
                Value::change(&changes.ip),
                Value::change(&changes.user_agent),
            ],
        )
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
        use_once(
            self,
            self.statements().use_verification_token,
            &[identifier.into(), token.into()],
            verification_token_values,
        )
    }

    fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64> {
        let statement = self.statements().delete_verification_tokens_by_identifier;
        self.write(|connection| connection.execute(statement, &[identifier.into()]))
    }

    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        insert(
            self,
            self.statements().create_authenticator,
            &authenticator_values(authenticator),
        )
    }

    fn create_user_with_authenticator(
        &self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Result<()> {
        create_user_with(
            self,
            self.statements().create_user_with_authenticator,
            user,
            self.statements().create_authenticator,
            &authenticator_values(authenticator),
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

    fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
        list(
            self,
            self.statements()
                .list_authenticators_with_details_by_user_id,
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
            &RowUpdate::new(&[counter.into()], &[credential_id.into()], &counter),
        )?
        .ok_or(Error::not_found(Entity::Authenticator))
    }

    fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator> {
        let stored: Option<(Authenticator, bool)> = match self.statements().use_authenticator {
            UseAuthenticator::OneStatement(statement) => self.write(|connection| {
                let parameters = [credential_id.into(), counter.into(), backed_up.into()];
                connection.query_optional(statement, &parameters)
            }),
            UseAuthenticator::SelectThenUpdate { select, update } => {
                self.transaction(|connection| {
                    let found: Option<Authenticator> =
                        connection.query_optional(select, &[credential_id.into()])?;
                    let Some(stored) = found else {
                        return Ok(None);
                    };
                    let accepted = counter > stored.counter || (counter, stored.counter) == (0, 0);
                    if accepted {
                        let parameters = [counter.into(), backed_up.into(), credential_id.into()];
                        connection.execute(update, &parameters)?;
                    }
                    Ok(Some((stored, accepted)))
                })
            }
        }?;
        match stored {
            Some((stored, true)) => Ok(Authenticator {
                counter,
                credential_backed_up: backed_up,
                ..stored
            }),
            Some((_, false)) => Err(Error::conflict(Constraint::AuthenticatorCounter)),
            None => Err(Error::not_found(Entity::Authenticator)),
        }
    }

    fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        delete(
            self,
            self.statements().delete_authenticator,
            &[credential_id.into()],
        )
    }

    fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        remove_way_in(
            self,
            self.statements().delete_authenticator_of_user,
            user_id,
            &[credential_id.into()],
            keep_last,
        )
    }

    fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> Result<bool> {
        update_details(
            self,
            self.statements().update_authenticator_details,
            &[credential_id.into(), user_id.into()],
            &[
                Value::change(&changes.name),
                Value::change(&changes.created),
                Value::change(&changes.last_used),
            ],
        )
    }

    fn create_challenge(&self, challenge: &Challenge) -> Result<()> {
        insert(
            self,
            self.statements().create_challenge,
            &challenge_values(challenge),
        )
    }

    fn use_challenge(&self, key: &str) -> Result<Option<Challenge>> {
        use_once(
            self,
            self.statements().use_challenge,
            &[key.into()],
            challenge_values,
        )
    }

    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        let due = [now.into(), i64::from(limit).into()];
        match self.statements().delete_expired {
            DeleteExpired::OneStatement(statement) => {
                let counts = self.write(|connection| {
                    let parameters = [due, due, due].concat();
                    connection.query_optional::<(i64, i64, i64)>(statement, &parameters)
                })?;
                let (sessions, verification_tokens, challenges) = counts.unwrap_or_default();
                Ok(ExpiredCounts {
                    sessions: sessions.unsigned_abs(),
                    verification_tokens: verification_tokens.unsigned_abs(),
                    challenges: challenges.unsigned_abs(),
                })
            }
            DeleteExpired::ThreeStatements {
                sessions,
                verification_tokens,
                challenges,
            } => {
                // In one transaction: otherwise, if the second or third statement fails, the error says that nothing
                // was written, and the rows of the first are gone.
                self.transaction(|connection| {
                    Ok(ExpiredCounts {
                        sessions: connection.execute(sessions, &due)?,
                        verification_tokens: connection.execute(verification_tokens, &due)?,
                        challenges: connection.execute(challenges, &due)?,
                    })
                })
            }
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

/// A trigger may make an INSERT do nothing, without an error: on PostgreSQL by returning NULL, on SQLite with
/// `RAISE(IGNORE)`.
fn insert_row(
    connection: &mut impl Connection,
    statement: &'static str,
    values: &[Value<'_>],
) -> Result<()> {
    match connection.execute(statement, values)? {
        0 => Err(Error::rejected("a trigger")),
        _ => Ok(()),
    }
}

fn insert(database: &impl Database, statement: &'static str, values: &[Value<'_>]) -> Result<()> {
    database.write(|connection| insert_row(connection, statement, values))
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

/// An update of one row.
struct RowUpdate<'a, T: Updated> {
    /// The parameters of the columns that may change.
    values: &'a [Value<'a>],
    /// The key of the row.
    key: &'a [Value<'a>],
    /// Its key after the update.
    key_after: &'a [Value<'a>],
    /// The parameters after the key, for a statement that updates the row only if a condition holds.
    condition: &'a [Value<'a>],
    /// Whether the condition holds.
    is_wanted: &'a dyn Fn(&T) -> bool,
    /// The same change as `values`, applied to a row that was read.
    changes: &'a T::Changes,
}

impl<'a, T: Updated> RowUpdate<'a, T> {
    fn new(values: &'a [Value<'a>], key: &'a [Value<'a>], changes: &'a T::Changes) -> Self {
        RowUpdate {
            values,
            key,
            key_after: key,
            condition: &[],
            is_wanted: &|_| true,
            changes,
        }
    }
}

fn update<T: Updated>(
    database: &impl Database,
    statement: Update,
    row_update: &RowUpdate<'_, T>,
) -> Result<Option<T>> {
    let RowUpdate {
        values,
        key,
        key_after,
        condition,
        is_wanted,
        changes,
    } = row_update;
    let parameters = || [*values, key, condition].concat();
    match statement {
        Update::Returning(statement) => {
            let parameters = parameters();
            database.write(|connection| connection.query_optional(statement, &parameters))
        }
        Update::AsRead {
            select,
            update_as_read,
            update,
        } => {
            let Some(mut row) = get::<T>(database, select, key)?.filter(is_wanted) else {
                return Ok(None);
            };
            let as_read = row.values();
            if as_read.iter().map(Value::size).sum::<usize>() <= MAX_COMPARED_BYTES {
                let parameters = [*values, &as_read].concat();
                if database.write(|connection| connection.execute(update_as_read, &parameters))? > 0
                {
                    row.apply(changes);
                    return Ok(Some(row));
                }
            }
            // Another caller was faster. A locking update always ends, however many callers there are, because the
            // server lets them take turns. Reading and trying again might not.
            let parameters = parameters();
            database.transaction(|connection| {
                if connection.execute(update, &parameters)? == 0 {
                    return Ok(None);
                }
                connection.query_optional(select, key_after)
            })
        }
    }
}

/// A row with more bytes of text than this is locked while it is updated. Sending it back to be compared would take
/// longer than two more round trips, and might exceed the size of a packet.
const MAX_COMPARED_BYTES: usize = 64 * 1024;

/// Inserts or updates the details of a row in one statement. Its parameters are the values, the row's key, and for each
/// value whether it replaces an old one.
fn update_details(
    database: &impl Database,
    statement: &'static str,
    key: &[Value<'_>],
    changes: &[[Value<'_>; 2]],
) -> Result<bool> {
    let values = changes.iter().map(|[_, value]| *value);
    let named = changes.iter().map(|[named, _]| *named);
    let parameters: Vec<Value<'_>> = values.chain(key.iter().copied()).chain(named).collect();
    match database.write(|connection| connection.execute(statement, &parameters)) {
        // The row was deleted after the statement found it.
        Err(Error::NotFound { .. }) => Ok(false),
        done => Ok(done? > 0),
    }
}

fn use_once<T: Decode>(
    database: &impl Database,
    statement: UseOnce,
    key: &[Value<'_>],
    values: impl Fn(&T) -> [Value<'_>; 3],
) -> Result<Option<T>> {
    match statement {
        UseOnce::Returning(statement) => {
            database.write(|connection| connection.query_optional(statement, key))
        }
        UseOnce::SelectThenDelete {
            select: statement,
            delete: deletion,
        } => {
            let Some(found) = get(database, statement, key)? else {
                return Ok(None);
            };
            let won = delete(database, deletion, &values(&found))?;
            Ok(won.then_some(found))
        }
    }
}

fn create_user_with(
    database: &impl Database,
    statement: CreateUserWith,
    user: &User,
    create_other: &'static str,
    other: &[Value<'_>],
) -> Result<()> {
    let id = user.id;
    let user = user_values(user);
    match statement {
        CreateUserWith::OneStatement(statement) => database.write(|connection| {
            let rows = connection.execute(statement, &[&user[..], other].concat())?;
            if rows == 0 {
                // A trigger has left out the other row, and the user is there already.
                connection.execute(database.statements().delete_user, &[id.into()])?;
                return Err(Error::rejected("a trigger"));
            }
            Ok(())
        }),
        // The script begins a transaction, which would implicitly commit the open one.
        CreateUserWith::KeepThenInsert { keep, insert } if !database.is_transaction() => database
            .write(|connection| {
                connection.execute(keep, &[&user[..], other].concat())?;
                connection.execute(insert, &[]).map(drop)
            }),
        CreateUserWith::TwoStatements | CreateUserWith::KeepThenInsert { .. } => database
            .transaction(|connection| {
                insert_row(connection, database.statements().create_user, &user)?;
                insert_row(connection, create_other, other)
            }),
    }
}

/// How many times to try a removal that keeps the last way to sign in.
const KEEP_LAST_RUNS: u32 = 100;

fn remove_way_in(
    database: &impl Database,
    statements: RemoveWayIn,
    user_id: Uuid,
    key: &[Value<'_>],
    keep_last: bool,
) -> Result<Removal> {
    let row = [&[user_id.into()], key].concat();
    if !keep_last {
        let deleted = delete(database, statements.delete, &row)?;
        return Ok(if deleted {
            Removal::Done
        } else {
            Removal::Absent
        });
    }
    match statements.keep_last {
        KeepLast::OneStatement(statement) => {
            // A run has to be repeated only if another removal succeeded.
            for _ in 0..KEEP_LAST_RUNS {
                let answer =
                    database.write(|on| on.query_optional::<(bool, bool)>(statement, &row))?;
                match answer {
                    None => return Ok(Removal::Absent),
                    Some((true, _)) => return Ok(Removal::Done),
                    Some((false, true)) => return Ok(Removal::LastWayIn),
                    Some((false, false)) => {}
                }
            }
            Err(Error::unavailable(
                "the user's ways to sign in kept changing while they were counted",
            ))
        }
        KeepLast::CountThenDelete { lock, count } => database.transaction(|connection| {
            for statement in lock {
                connection.execute(statement, &row[..1])?;
            }
            let others = connection.query_optional::<i64>(count, &row)?;
            match others {
                None => Ok(Removal::Absent),
                Some(0) => Ok(Removal::LastWayIn),
                // A removal without that condition takes no lock, and may have deleted the row by now.
                Some(_) if connection.execute(statements.delete, &row)? == 0 => Ok(Removal::Absent),
                Some(_) => Ok(Removal::Done),
            }
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

fn account_changes(changes: &AccountChanges) -> [[Value<'_>; 2]; 10] {
    [
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
    ]
}

fn authenticator_values(authenticator: &Authenticator) -> [Value<'_>; 8] {
    [
        (&authenticator.credential_id).into(),
        authenticator.user_id.into(),
        (&authenticator.provider_account_id).into(),
        (&authenticator.credential_public_key).into(),
        authenticator.counter.into(),
        (&authenticator.credential_device_type).into(),
        authenticator.credential_backed_up.into(),
        authenticator.transports.as_ref().into(),
    ]
}

fn session_values(session: &Session) -> [Value<'_>; 4] {
    [
        session.id.into(),
        session.user_id.into(),
        (&session.session_token).into(),
        session.expires.into(),
    ]
}

fn challenge_values(challenge: &Challenge) -> [Value<'_>; 3] {
    [
        (&challenge.key).into(),
        (&challenge.payload).into(),
        challenge.expires.into(),
    ]
}

fn verification_token_values(verification_token: &VerificationToken) -> [Value<'_>; 3] {
    [
        (&verification_token.identifier).into(),
        (&verification_token.token).into(),
        verification_token.expires.into(),
    ]
}

/// A row that can be updated, as it was read and as an update leaves it.
trait Updated: Decode {
    type Changes;

    /// All columns, in the order in which they are read.
    fn values(&self) -> Vec<Value<'_>>;

    /// Applies the same change as the statement.
    fn apply(&mut self, changes: &Self::Changes);
}

impl Updated for User {
    type Changes = UserChanges;

    fn values(&self) -> Vec<Value<'_>> {
        user_values(self).into()
    }

    fn apply(&mut self, changes: &UserChanges) {
        change(&mut self.name, &changes.name);
        change(&mut self.email, &changes.email);
        change(&mut self.email_verified, &changes.email_verified);
        change(&mut self.image, &changes.image);
    }
}

impl Updated for Account {
    type Changes = AccountChanges;

    fn values(&self) -> Vec<Value<'_>> {
        account_values(self).into()
    }

    fn apply(&mut self, changes: &AccountChanges) {
        replace(&mut self.kind, changes.kind.as_ref());
        change(&mut self.refresh_token, &changes.refresh_token);
        change(&mut self.access_token, &changes.access_token);
        change(&mut self.expires_at, &changes.expires_at);
        change(&mut self.token_type, &changes.token_type);
        change(&mut self.scope, &changes.scope);
        change(&mut self.id_token, &changes.id_token);
        change(&mut self.session_state, &changes.session_state);
        change(&mut self.oauth_token_secret, &changes.oauth_token_secret);
        change(&mut self.oauth_token, &changes.oauth_token);
    }
}

impl Updated for Session {
    type Changes = SessionChanges;

    fn values(&self) -> Vec<Value<'_>> {
        session_values(self).into()
    }

    fn apply(&mut self, changes: &SessionChanges) {
        replace(&mut self.user_id, changes.user_id.as_ref());
        replace(&mut self.session_token, changes.session_token.as_ref());
        replace(&mut self.expires, changes.expires.as_ref());
    }
}

impl Updated for Authenticator {
    /// The counter.
    type Changes = i64;

    fn values(&self) -> Vec<Value<'_>> {
        authenticator_values(self).into()
    }

    fn apply(&mut self, counter: &i64) {
        self.counter = *counter;
    }
}

fn change<T: Clone>(field: &mut Option<T>, change: &Change<T>) {
    *field = change.clone().apply(field.take());
}

fn replace<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        *field = value.clone();
    }
}
