//! Builds the models from rows. Columns are in the order of the models' fields.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Row;
use crate::error::{BoxError, Error, Result};
use crate::migration::Applied;
use crate::model::{
    Account, Authenticator, AuthenticatorDetails, Challenge, Session, SessionDetails, User,
    VerificationToken,
};
use crate::sql_value::SqlValue;

/// Reads a row's cells from left to right, and names the cell in an error.
pub(crate) struct Cells<'r, R> {
    row: &'r R,
    next: usize,
    /// Identifies the row in an error, by its own ID or that of its user. Never by another cell, which may be an email
    /// address or a token.
    id: Option<(&'static str, Uuid)>,
}

impl<'r, R: Row> Cells<'r, R> {
    /// Reads the cells that `T` needs.
    pub(crate) fn read<T: Decode>(row: &'r R) -> Result<T> {
        T::decode(&mut Cells {
            row,
            next: 0,
            id: None,
        })
    }

    fn optional<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&R, usize) -> Result<Option<T>, BoxError>,
    ) -> Result<Option<T>> {
        let cell = read(self.row, self.next).map_err(|reason| self.error(column, &*reason))?;
        self.next += 1;
        Ok(cell)
    }

    fn required<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&R, usize) -> Result<Option<T>, BoxError>,
    ) -> Result<T> {
        match self.optional(column, read)? {
            Some(value) => Ok(value),
            None => Err(self.error(column, "is NULL")),
        }
    }

    /// Returns all cells of a row of the application's own SQL.
    pub(super) fn all(&mut self) -> Result<Vec<SqlValue>> {
        (0..self.row.columns())
            .map(|column| {
                self.row
                    .value(column)
                    .map_err(|reason| Error::backend(format!("column {column}: {reason}")))
            })
            .collect()
    }

    #[cold]
    fn error(&self, column: &str, reason: impl std::fmt::Display) -> Error {
        Error::backend(match self.id {
            Some((name, id)) => format!("cannot read {column} where {name} is {id}: {reason}"),
            None => format!("cannot read {column}: {reason}"),
        })
    }

    fn uuid(&mut self, column: &'static str) -> Result<Uuid> {
        let uuid = self.required(column, R::uuid)?;
        if self.id.is_none() || column.ends_with(".id") {
            self.id = Some((column, uuid));
        }
        Ok(uuid)
    }

    fn text(&mut self, column: &'static str) -> Result<String> {
        self.required(column, R::text)
    }

    fn optional_text(&mut self, column: &'static str) -> Result<Option<String>> {
        self.optional(column, R::text)
    }

    fn time(&mut self, column: &'static str) -> Result<OffsetDateTime> {
        self.required(column, R::time)
    }

    fn optional_time(&mut self, column: &'static str) -> Result<Option<OffsetDateTime>> {
        self.optional(column, R::time)
    }

    fn integer(&mut self, column: &'static str) -> Result<i64> {
        self.required(column, R::integer)
    }

    fn optional_integer(&mut self, column: &'static str) -> Result<Option<i64>> {
        self.optional(column, R::integer)
    }

    fn boolean(&mut self, column: &'static str) -> Result<bool> {
        self.required(column, R::boolean)
    }
}

/// A value that is read from a row, from left to right.
pub(crate) trait Decode: Sized {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self>;
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok((A::decode(cells)?, B::decode(cells)?))
    }
}

impl<A: Decode, B: Decode, C: Decode> Decode for (A, B, C) {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok((A::decode(cells)?, B::decode(cells)?, C::decode(cells)?))
    }
}

/// A line of text.
impl Decode for String {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        cells.text("text")
    }
}

/// A count.
impl Decode for i64 {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        cells.integer("count")
    }
}

/// A boolean.
impl Decode for bool {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        cells.boolean("answer")
    }
}

/// An id.
impl Decode for Uuid {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        cells.uuid("id")
    }
}

impl Decode for User {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(User {
            id: cells.uuid("User.id")?,
            name: cells.optional_text("User.name")?,
            email: cells.optional_text("User.email")?,
            email_verified: cells.optional_time("User.emailVerified")?,
            image: cells.optional_text("User.image")?,
        })
    }
}

impl Decode for Account {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(Account {
            id: cells.uuid("Account.id")?,
            user_id: cells.uuid("Account.userId")?,
            kind: cells.text("Account.type")?,
            provider: cells.text("Account.provider")?,
            provider_account_id: cells.text("Account.providerAccountId")?,
            refresh_token: cells.optional_text("Account.refresh_token")?,
            access_token: cells.optional_text("Account.access_token")?,
            expires_at: cells.optional_integer("Account.expires_at")?,
            token_type: cells.optional_text("Account.token_type")?,
            scope: cells.optional_text("Account.scope")?,
            id_token: cells.optional_text("Account.id_token")?,
            session_state: cells.optional_text("Account.session_state")?,
            oauth_token_secret: cells.optional_text("Account.oauth_token_secret")?,
            oauth_token: cells.optional_text("Account.oauth_token")?,
        })
    }
}

impl Decode for Session {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(Session {
            id: cells.uuid("Session.id")?,
            user_id: cells.uuid("Session.userId")?,
            session_token: cells.text("Session.sessionToken")?,
            expires: cells.time("Session.expires")?,
        })
    }
}

impl Decode for VerificationToken {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(VerificationToken {
            identifier: cells.text("VerificationToken.identifier")?,
            token: cells.text("VerificationToken.token")?,
            expires: cells.time("VerificationToken.expires")?,
        })
    }
}

impl Decode for Authenticator {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(Authenticator {
            credential_id: cells.text("Authenticator.credentialID")?,
            user_id: cells.uuid("Authenticator.userId")?,
            provider_account_id: cells.text("Authenticator.providerAccountId")?,
            credential_public_key: cells.text("Authenticator.credentialPublicKey")?,
            counter: cells.integer("Authenticator.counter")?,
            credential_device_type: cells.text("Authenticator.credentialDeviceType")?,
            credential_backed_up: cells.boolean("Authenticator.credentialBackedUp")?,
            transports: cells.optional_text("Authenticator.transports")?,
        })
    }
}

/// If a row has no details, every column is NULL.
impl Decode for SessionDetails {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(SessionDetails {
            began: cells.optional_time("authstore_session_details.began")?,
            last_seen: cells.optional_time("authstore_session_details.last_seen")?,
            ip: cells.optional_text("authstore_session_details.ip")?,
            user_agent: cells.optional_text("authstore_session_details.user_agent")?,
        })
    }
}

/// If a row has no details, every column is NULL.
impl Decode for AuthenticatorDetails {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(AuthenticatorDetails {
            name: cells.optional_text("authstore_authenticator_details.name")?,
            created: cells.optional_time("authstore_authenticator_details.created")?,
            last_used: cells.optional_time("authstore_authenticator_details.last_used")?,
        })
    }
}

/// `expires` comes first, because the first column is shown in an error and the others are secret.
impl Decode for Challenge {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        let expires = cells.time("authstore_challenge.expires")?;
        Ok(Challenge {
            key: cells.text("authstore_challenge.key")?,
            payload: cells.text("authstore_challenge.payload")?,
            expires,
        })
    }
}

impl Decode for Applied {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        Ok(Applied {
            version: cells.integer("authstore_migration.version")?,
            name: cells.text("authstore_migration.name")?,
            checksum: cells.text("authstore_migration.checksum")?,
            applied_at: cells.time("authstore_migration.applied_at")?,
            is_unfinished: cells.integer("authstore_migration.series")? != 0,
        })
    }
}
