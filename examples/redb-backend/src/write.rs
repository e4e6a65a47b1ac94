//! Changes of more than one table: inserts and deletes rows with their entries in the indexes.

use authstore::{
    Account, Authenticator, Challenge, Constraint, Entity, Error, Session, User, VerificationToken,
};
use redb::{Key, ReadableTable, TableDefinition, Value, WriteTransaction};
use uuid::Uuid;

use crate::failure::Failure;
use crate::rows::{account_row, authenticator_row, challenge, millis, session_row, user_row};
use crate::tables::*;

/// A read transaction cannot open a table that has not been created yet.
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
    transaction.open_table(SESSION_DETAILS)?;
    transaction.open_table(VERIFICATION_TOKEN)?;
    transaction.open_table(VERIFICATION_TOKEN_BY_IDENTIFIER)?;
    transaction.open_table(VERIFICATION_TOKEN_BY_EXPIRES)?;
    transaction.open_table(AUTHENTICATOR)?;
    transaction.open_table(AUTHENTICATOR_BY_USER)?;
    transaction.open_table(AUTHENTICATOR_DETAILS)?;
    transaction.open_table(CHALLENGE)?;
    transaction.open_table(CHALLENGE_BY_EXPIRES)?;
    Ok(())
}

/// Adds an entry to a table with a unique key. On a conflict the caller rolls the transaction back.
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
        token,
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

/// Deletes a session with its details. Returns whether there was one.
pub(crate) fn delete_session(transaction: &WriteTransaction, token: &str) -> Result<bool, Failure> {
    let Some((id, ..)) = remove_session(transaction, token)? else {
        return Ok(false);
    };
    transaction.open_table(SESSION_DETAILS)?.remove(id)?;
    Ok(true)
}

/// Removes a session from its table, to delete it or to insert it with another token. Its details stay.
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
    transaction
        .open_table(AUTHENTICATOR_DETAILS)?
        .remove(credential_id)?;
    Ok(true)
}

/// Deletes a verification token that is known to exist.
pub(crate) fn remove_verification_token(
    transaction: &WriteTransaction,
    token: &VerificationToken,
) -> Result<(), Failure> {
    let (identifier, value) = (&*token.identifier, &*token.token);
    transaction.open_table(VERIFICATION_TOKEN)?.remove(value)?;
    transaction
        .open_table(VERIFICATION_TOKEN_BY_IDENTIFIER)?
        .remove((identifier, value))?;
    transaction
        .open_table(VERIFICATION_TOKEN_BY_EXPIRES)?
        .remove((millis(token.expires), value))?;
    Ok(())
}

/// Deletes a challenge and returns it.
pub(crate) fn remove_challenge(
    transaction: &WriteTransaction,
    key: &str,
) -> Result<Option<Challenge>, Failure> {
    let found = match transaction.open_table(CHALLENGE)?.remove(key)? {
        Some(row) => challenge(key, row.value())?,
        None => return Ok(None),
    };
    transaction
        .open_table(CHALLENGE_BY_EXPIRES)?
        .remove((millis(found.expires), key))?;
    Ok(Some(found))
}

/// Returns true if the user has another way to sign in than this account or authenticator.
pub(crate) fn has_other_way_in(
    transaction: &WriteTransaction,
    user_id: Uuid,
    but: WayIn<'_>,
) -> Result<bool, Failure> {
    let accounts = transaction.open_table(ACCOUNT)?;
    for key in accounts_of(&transaction.open_table(ACCOUNT_BY_USER)?, user_id)? {
        let key = (&*key.0, &*key.1);
        let Some(row) = accounts.get(key)? else {
            continue;
        };
        let (_, _, kind, ..) = row.value();
        if kind != "webauthn" && !matches!(but, WayIn::Account(but, _) if but == key) {
            return Ok(true);
        }
    }
    let authenticators = transaction.open_table(AUTHENTICATOR)?;
    for id in keys_of(&transaction.open_table(AUTHENTICATOR_BY_USER)?, user_id)? {
        let Some(row) = authenticators.get(&*id)? else {
            continue;
        };
        let (_, account, ..) = row.value();
        let same = match but {
            // An account of this type and its authenticator count as one.
            WayIn::Account((_, id_there), kind) => kind == "webauthn" && account == id_there,
            WayIn::Authenticator(but) => id == but,
        };
        if !same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An account, with its type, or an authenticator.
#[derive(Clone, Copy)]
pub(crate) enum WayIn<'a> {
    Account(AccountKey<'a>, &'a str),
    Authenticator(&'a str),
}

/// Returns the user's keys in an index `(user_id, key)`, in order.
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

/// Returns the user's accounts, by provider, then by provider account id.
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

/// Returns the keys of at most `limit` rows with `expires <= now`, the oldest first.
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
