//! The plan for adopting a database that Auth.js created.
//!
//! SQLite can change little about an existing table. So the tables are renamed, the migrations of the series create
//! ours, the application's own columns are added, the rows are copied, and its indexes and triggers are created again.
//! All of it is one transaction with foreign keys off (as the lock sets it), so other connections see no intermediate
//! state.

use super::checks::{checks, has_words};
use super::connection::SqliteConnection;
use super::error::classify;
use super::migration::HISTORY;
use super::simulation;
use crate::error::Result;
use crate::migration::{Adoption, Applied, Direction, Migration, Series};
use crate::sql::{
    AdoptionCost, AdoptionPlan, AdoptionTarget, Connection, Repair, check, counts, sql,
};

const DEFINITIONS: &str = sql!("sqlite", "adopt/definitions");

pub(super) const PLAN: AdoptionPlan = AdoptionPlan {
    begin: None,
    present: sql!("sqlite", "adopt/present"),
    counts: counts!("sqlite"),
    differences: &[check!("sqlite", "differences")],
    effects: &[],
    drift: &[check!("sqlite", "obstacle/required_column")],
    objects: &[
        check!("sqlite", "obstacle/missing_column"),
        check!("sqlite", "obstacle/object"),
    ],
    rows: &[
        check!("sqlite", "obstacle/user_id", "User.id"),
        check!("sqlite", "obstacle/user_same_id", "User.id"),
        check!("sqlite", "obstacle/user_key", "User.id", "User.email"),
        check!("sqlite", "obstacle/user_email", "User.id", "User.email"),
        check!(
            "sqlite",
            "obstacle/user_email_verified",
            "User.id",
            "User.emailVerified"
        ),
        check!("sqlite", "obstacle/user_utf8", "User.id", "User.email"),
        check!("sqlite", "obstacle/user_blob", "User.id"),
        check!("sqlite", "obstacle/account_id", "Account.id"),
        check!("sqlite", "obstacle/account_same_id", "Account.id"),
        check!(
            "sqlite",
            "obstacle/account_user",
            "User.id",
            "Account.userId"
        ),
        check!(
            "sqlite",
            "obstacle/account_key",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        check!(
            "sqlite",
            "obstacle/account_provider",
            "Account.userId",
            "Account.provider",
            "Account.providerAccountId"
        ),
        check!(
            "sqlite",
            "obstacle/account_expires_at",
            "Account.userId",
            "Account.expires_at"
        ),
        check!(
            "sqlite",
            "obstacle/account_utf8",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        check!("sqlite", "obstacle/account_blob", "Account.userId"),
        check!("sqlite", "obstacle/session_id", "Session.id"),
        check!("sqlite", "obstacle/session_same_id", "Session.id"),
        check!(
            "sqlite",
            "obstacle/session_user",
            "User.id",
            "Session.userId"
        ),
        check!(
            "sqlite",
            "obstacle/session_utf8",
            "Session.userId",
            "Session.sessionToken"
        ),
        check!(
            "sqlite",
            "obstacle/session_key",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        check!(
            "sqlite",
            "obstacle/session_token",
            "Session.userId",
            "Session.sessionToken"
        ),
        check!(
            "sqlite",
            "obstacle/session_expires",
            "Session.userId",
            "Session.expires"
        ),
        check!(
            "sqlite",
            "obstacle/verification_token_utf8",
            "VerificationToken.identifier",
            "VerificationToken.token"
        ),
        check!(
            "sqlite",
            "obstacle/verification_token_key",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        check!(
            "sqlite",
            "obstacle/verification_token",
            "VerificationToken.token"
        ),
        check!(
            "sqlite",
            "obstacle/verification_token_expires",
            "VerificationToken.expires"
        ),
        check!(
            "sqlite",
            "obstacle/authenticator_user",
            "User.id",
            "Authenticator.userId"
        ),
        check!(
            "sqlite",
            "obstacle/authenticator_key",
            "Authenticator.credentialID",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.counter",
            "Authenticator.credentialDeviceType",
            "Authenticator.credentialBackedUp"
        ),
        check!(
            "sqlite",
            "obstacle/authenticator_utf8",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.credentialDeviceType"
        ),
        check!(
            "sqlite",
            "obstacle/authenticator_blob",
            "Authenticator.userId"
        ),
        check!(
            "sqlite",
            "obstacle/authenticator_credential_id",
            "Authenticator.credentialID",
            "Authenticator.userId"
        ),
    ],
    own_rows: None,
    lock: None,
    repairs: &[
        Repair::Always(sql!("sqlite", "adopt/save_objects")),
        Repair::Always(sql!("sqlite", "adopt/drop_indexes")),
        Repair::Table("Account", sql!("sqlite", "adopt/rename_account")),
        Repair::Table("Session", sql!("sqlite", "adopt/rename_session")),
        Repair::Table(
            "VerificationToken",
            sql!("sqlite", "adopt/rename_verification_token"),
        ),
        Repair::Table(
            "Authenticator",
            sql!("sqlite", "adopt/rename_authenticator"),
        ),
        // Renamed last, when no table that refers to it is left to be changed too.
        Repair::Table("User", sql!("sqlite", "adopt/rename_user")),
        Repair::Steps,
        Repair::Generated(sql!("sqlite", "adopt/extra_columns")),
        Repair::Generated(sql!("sqlite", "adopt/parts")),
        Repair::Rows(sql!("sqlite", "adopt/copy")),
        Repair::Always(sql!("sqlite", "adopt/drop_tables")),
        Repair::Generated(sql!("sqlite", "adopt/restore_objects")),
        Repair::Always(sql!("sqlite", "adopt/drop_adoption")),
    ],
    cost: AdoptionCost {
        copies_all: true,
        rewrites: |_| true,
        rate: 20_000,
        locks: "reads continue; writes to the database wait until it is finished",
    },
    is_atomic: true,
    is_same_name: str::eq,
    after_failure: "nothing was changed",
};

impl AdoptionTarget for SqliteConnection {
    type Connection = SqliteConnection;

    fn connection(&mut self) -> &mut SqliteConnection {
        self
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.0.execute_batch(sql).map_err(classify)
    }

    /// The tables are created again, and none of ours has any of this.
    fn dropped(&mut self) -> Result<Vec<String>> {
        let definitions: Vec<String> = self.query(DEFINITIONS, &[])?;
        let mut lines = Vec::new();
        for (table, sql) in definitions.iter().filter_map(|line| line.split_once(':')) {
            lines.extend(checks(sql).into_iter().map(|check| {
                let expression = check.expression;
                match check.name {
                    Some(name) => format!(
                        "the CHECK constraint {name} of {table} will be dropped: {expression}"
                    ),
                    None => format!(
                        "an unnamed CHECK constraint of {table} will be dropped: {expression}"
                    ),
                }
            }));
            if has_words(sql, &["COLLATE"]) {
                lines.push(format!(
                    "{table} has columns with a COLLATE clause, which will compare bytewise"
                ));
            }
            if has_words(sql, &["ON", "CONFLICT"]) {
                lines.push(format!(
                    "the ON CONFLICT clauses of {table} will be dropped"
                ));
            }
            if has_words(sql, &["INITIALLY", "DEFERRED"]) {
                lines.push(format!(
                    "the deferred foreign keys of {table} will be checked immediately"
                ));
            }
        }
        Ok(lines)
    }

    fn simulate(&mut self, series: &Series, found: &mut Adoption) -> Result<()> {
        simulation::simulate(self, series, found)
    }

    fn copied_rows(&mut self) -> Option<u64> {
        Some(self.0.changes())
    }

    fn existing_tables(&mut self, versions: &[i64]) -> Result<Vec<i64>> {
        HISTORY.existing_tables(self, versions)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        if create {
            HISTORY.read_or_create(self, series)
        } else {
            HISTORY.read(self, series)
        }
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        HISTORY.record(self, series, migration, Direction::Up)
    }
}
