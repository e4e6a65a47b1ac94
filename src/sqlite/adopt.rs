//! The plan for adopting a database that Auth.js created.
//!
//! SQLite can change little about an existing table. So the tables are renamed, the migrations of the series create
//! ours, the application's own columns are added, the rows are copied, and its indexes and triggers are created again.
//! All of it is one transaction with foreign keys off (as the lock sets it), so other connections see no intermediate
//! state.

use crate::sql::{AdoptionCost, AdoptionPlan, Repair, check, counts, sql};

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
        check!(
            "sqlite",
            "obstacle/user_utf8",
            "User.id",
            "User.name",
            "User.email",
            "User.image"
        ),
        check!(
            "sqlite",
            "obstacle/user_blob",
            "User.id",
            "User.name",
            "User.image"
        ),
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
            "Account.providerAccountId",
            "Account.refresh_token",
            "Account.access_token",
            "Account.token_type",
            "Account.scope",
            "Account.id_token",
            "Account.session_state"
        ),
        check!(
            "sqlite",
            "obstacle/account_blob",
            "Account.userId",
            "Account.refresh_token",
            "Account.access_token",
            "Account.token_type",
            "Account.scope",
            "Account.id_token",
            "Account.session_state"
        ),
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
};
