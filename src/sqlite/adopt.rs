//! What is looked at and changed when a database that Auth.js made is adopted.
//!
//! SQLite can change little about a table that is there, so the tables are set aside, ours are made by the steps of the
//! series, and the rows are copied: all in the one transaction of the run, with foreign keys off, as the lock has it.

use crate::sql::{Adopt, Repair, obstacle, sql};

macro_rules! add {
    ($column:literal) => {
        Repair::AddColumn($column, sql!("sqlite", "adopt/add/", $column))
    };
}

pub(super) const ADOPT: Adopt = Adopt {
    present: sql!("sqlite", "adopt/present"),
    differences: &[sql!("sqlite", "adopt/differences")],
    obstacles: &[
        obstacle!("sqlite", "missing_column"),
        obstacle!("sqlite", "further_column"),
        obstacle!("sqlite", "trigger_or_index"),
        obstacle!("sqlite", "user_id", "User.id"),
        obstacle!("sqlite", "user_email", "User.id", "User.email"),
        obstacle!(
            "sqlite",
            "user_blob",
            "User.id",
            "User.name",
            "User.email",
            "User.image"
        ),
        obstacle!(
            "sqlite",
            "user_email_verified",
            "User.id",
            "User.emailVerified"
        ),
        obstacle!("sqlite", "account_id", "Account.id"),
        obstacle!(
            "sqlite",
            "account_user",
            "User.id",
            "Account.userId",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "sqlite",
            "account_null",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "sqlite",
            "account_provider",
            "Account.userId",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "sqlite",
            "account_expires_at",
            "Account.expires_at",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!("sqlite", "session_id", "Session.id"),
        obstacle!("sqlite", "session_user", "User.id", "Session.userId"),
        obstacle!(
            "sqlite",
            "session_null",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "sqlite",
            "session_token",
            "Session.userId",
            "Session.sessionToken"
        ),
        obstacle!(
            "sqlite",
            "session_expires",
            "Session.userId",
            "Session.expires"
        ),
        obstacle!(
            "sqlite",
            "verification_token_null",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        obstacle!(
            "sqlite",
            "verification_token",
            "VerificationToken.identifier",
            "VerificationToken.token"
        ),
        obstacle!(
            "sqlite",
            "verification_token_expires",
            "VerificationToken.identifier",
            "VerificationToken.expires"
        ),
        obstacle!(
            "sqlite",
            "authenticator_null",
            "Authenticator.credentialID",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.counter",
            "Authenticator.credentialDeviceType",
            "Authenticator.credentialBackedUp"
        ),
        obstacle!(
            "sqlite",
            "authenticator_user",
            "User.id",
            "Authenticator.userId",
            "Authenticator.credentialID"
        ),
        obstacle!(
            "sqlite",
            "authenticator_credential_id",
            "Authenticator.userId",
            "Authenticator.credentialID"
        ),
    ],
    repairs: &[
        add!("User.name"),
        add!("User.emailVerified"),
        add!("User.image"),
        add!("Account.id"),
        add!("Account.refresh_token"),
        add!("Account.access_token"),
        add!("Account.expires_at"),
        add!("Account.token_type"),
        add!("Account.scope"),
        add!("Account.id_token"),
        add!("Account.session_state"),
        add!("Account.oauth_token_secret"),
        add!("Account.oauth_token"),
        add!("Session.id"),
        add!("Authenticator.transports"),
        Repair::Always(sql!("sqlite", "adopt/drop_indexes")),
        Repair::SetAside("Account", sql!("sqlite", "adopt/rename_account")),
        Repair::SetAside("Session", sql!("sqlite", "adopt/rename_session")),
        Repair::SetAside(
            "VerificationToken",
            sql!("sqlite", "adopt/rename_verification_token"),
        ),
        Repair::SetAside(
            "Authenticator",
            sql!("sqlite", "adopt/rename_authenticator"),
        ),
        Repair::SetAside("User", sql!("sqlite", "adopt/rename_user")),
        Repair::Steps,
        Repair::Table("authstore_adopted_User", sql!("sqlite", "adopt/copy_user")),
        Repair::Table(
            "authstore_adopted_Account",
            sql!("sqlite", "adopt/copy_account"),
        ),
        Repair::Table(
            "authstore_adopted_Session",
            sql!("sqlite", "adopt/copy_session"),
        ),
        Repair::Table(
            "authstore_adopted_VerificationToken",
            sql!("sqlite", "adopt/copy_verification_token"),
        ),
        Repair::Table(
            "authstore_adopted_Authenticator",
            sql!("sqlite", "adopt/copy_authenticator"),
        ),
    ],
};
