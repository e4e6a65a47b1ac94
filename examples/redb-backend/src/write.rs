//! What changes more than one table: rows in and out, each with its entries in the indexes.

use authstore::{Account, Authenticator, Constraint, Entity, Error, Session, User};
use redb::{Key, ReadableTable, TableDefinition, Value, WriteTransaction};
use uuid::Uuid;

use crate::failure::Failure;
use crate::rows::{account_row, authenticator_row, session_row, user_row};
use crate::tables::*;

/// A read transaction cannot open a table that nobody has made yet.
pub(crate) fn create_tables(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(USER)?;
    transaction.open_table(USER_BY_EMAIL)?;
    transaction.open_table(ACCOUNT)?;
    transaction.open_table(ACCOUNT_ID)?;
    transaction.open_table(ACCOUNT_BY_USER)?;
    transaction.open_table(SESSION)?;
    transaction.open_table(SESSION_ID)?;
    transaction.open_table(SESSION_BY_USER)?;
    transaction.open_table(SESSION_BY_EXPIRES)?;
    transaction.open_table(VERIFICATION_TOKEN)?;
    transaction.open_table(VERIFICATION_TOKEN_BY_EXPIRES)?;
    transaction.open_table(AUTHENTICATOR)?;
    transaction.open_table(AUTHENTICATOR_BY_USER)?;
    Ok(())
}

/// Adds an entry to a table whose key is unique. On a conflict the caller gives the transaction up, and with it what
/// was written.
pub(crate) fn insert_unique<'k, 'v, K: Key + 'static, V: Value + 'static>(
    transaction: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
    key: K::SelfType<'k>,
    value: V::SelfType<'v>,
    constraint: Constraint,
) -> Result<(), Failure> {
    match transaction.open_table(table)?.insert(key, value)? {
        None => Ok(()),
        Some(_) => Err(Error::conflict(constraint).into()),
    }
}

/// The foreign key of accounts, sessions and authenticators.
pub(crate) fn user_exists(transaction: &WriteTransaction, id: Uuid) -> Result<(), Failure> {
    match transaction.open_table(USER)?.get(id)? {
        Some(_) => Ok(()),
        None => Err(Error::not_found(Entity::User).into()),
    }
}

pub(crate) fn insert_user(transaction: &WriteTransaction, user: &User) -> Result<(), Failure> {
    insert_unique(
        transaction,
        USER,
        user.id,
        user_row(user),
        Constraint::UserId,
    )?;
    if let Some(email) = user.email.as_deref() {
        insert_unique(
            transaction,
            USER_BY_EMAIL,
            email,
            user.id,
            Constraint::UserEmail,
        )?;
    }
    Ok(())
}

pub(crate) fn insert_account(
    transaction: &WriteTransaction,
    account: &Account,
) -> Result<(), Failure> {
    let (provider, id_there) = (&*account.provider, &*account.provider_account_id);
    user_exists(transaction, account.user_id)?;
    insert_unique(
        transaction,
        ACCOUNT,
        (provider, id_there),
        account_row(account),
        Constraint::ProviderAccount,
    )?;
    insert_unique(
        transaction,
        ACCOUNT_ID,
        account.id,
        (),
        Constraint::AccountId,
    )?;
    transaction
        .open_table(ACCOUNT_BY_USER)?
        .insert((account.user_id, provider, id_there), ())?;
    Ok(())
}

pub(crate) fn remove_account(
    transaction: &WriteTransaction,
    (provider, id_there): AccountKey<'_>,
) -> Result<bool, Failure> {
    let mut accounts = transaction.open_table(ACCOUNT)?;
    let Some(row) = accounts.remove((provider, id_there))? else {
        return Ok(false);
    };
    let (id, user_id, ..) = row.value();
    transaction.open_table(ACCOUNT_ID)?.remove(id)?;
    transaction
        .open_table(ACCOUNT_BY_USER)?
        .remove((user_id, provider, id_there))?;
    Ok(true)
}

pub(crate) fn insert_session(
    transaction: &WriteTransaction,
    session: &Session,
) -> Result<(), Failure> {
    let (token, row) = (&*session.session_token, session_row(session));
    user_exists(transaction, session.user_id)?;
    insert_unique(transaction, SESSION, token, row, Constraint::SessionToken)?;
    insert_unique(
        transaction,
        SESSION_ID,
        session.id,
        (),
        Constraint::SessionId,
    )?;
    transaction
        .open_table(SESSION_BY_USER)?
        .insert((session.user_id, token), ())?;
    transaction
        .open_table(SESSION_BY_EXPIRES)?
        .insert((row.2, token), ())?;
    Ok(())
}

pub(crate) fn remove_session(
    transaction: &WriteTransaction,
    token: &str,
) -> Result<Option<SessionRow>, Failure> {
    let mut sessions = transaction.open_table(SESSION)?;
    let Some(row) = sessions.remove(token)?.map(|row| row.value()) else {
        return Ok(None);
    };
    let (id, user_id, expires) = row;
    transaction.open_table(SESSION_ID)?.remove(id)?;
    transaction
        .open_table(SESSION_BY_USER)?
        .remove((user_id, token))?;
    transaction
        .open_table(SESSION_BY_EXPIRES)?
        .remove((expires, token))?;
    Ok(Some(row))
}

pub(crate) fn insert_authenticator(
    transaction: &WriteTransaction,
    authenticator: &Authenticator,
) -> Result<(), Failure> {
    let id = &*authenticator.credential_id;
    user_exists(transaction, authenticator.user_id)?;
    insert_unique(
        transaction,
        AUTHENTICATOR,
        id,
        authenticator_row(authenticator),
        Constraint::AuthenticatorCredentialId,
    )?;
    transaction
        .open_table(AUTHENTICATOR_BY_USER)?
        .insert((authenticator.user_id, id), ())?;
    Ok(())
}

pub(crate) fn remove_authenticator(
    transaction: &WriteTransaction,
    credential_id: &str,
) -> Result<bool, Failure> {
    let mut authenticators = transaction.open_table(AUTHENTICATOR)?;
    let Some(row) = authenticators.remove(credential_id)? else {
        return Ok(false);
    };
    let (user_id, ..) = row.value();
    transaction
        .open_table(AUTHENTICATOR_BY_USER)?
        .remove((user_id, credential_id))?;
    Ok(true)
}

/// The user's keys in an index of the shape `(user_id, key)`, in their order.
pub(crate) fn keys_of(
    index: &impl ReadableTable<(Uuid, &'static str), ()>,
    user_id: Uuid,
) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    for entry in index.range((user_id, "")..)? {
        let (entry, _) = entry?;
        let (owner, key) = entry.value();
        if owner != user_id {
            break;
        }
        keys.push(key.to_owned());
    }
    Ok(keys)
}

/// The user's accounts, by provider, then by provider account id.
pub(crate) fn accounts_of(
    index: &impl ReadableTable<(Uuid, &'static str, &'static str), ()>,
    user_id: Uuid,
) -> Result<Vec<(String, String)>, Failure> {
    let mut keys = Vec::new();
    for entry in index.range((user_id, "", "")..)? {
        let (entry, _) = entry?;
        let (owner, provider, id_there) = entry.value();
        if owner != user_id {
            break;
        }
        keys.push((provider.to_owned(), id_there.to_owned()));
    }
    Ok(keys)
}

/// The keys of at most `limit` rows with `expires <= now`, the oldest first.
pub(crate) fn expired_keys(
    index: &impl ReadableTable<(Millis, &'static str), ()>,
    now: Millis,
    limit: u32,
) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    for entry in index.range(..(now + 1, ""))?.take(limit as usize) {
        keys.push(entry?.0.value().1.to_owned());
    }
    Ok(keys)
}
