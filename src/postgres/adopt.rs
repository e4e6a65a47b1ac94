//! What is looked at and changed when a database that Auth.js made is adopted.
//!
//! PostgreSQL can change all of a table that is there, so further columns, and what else the application has added,
//! stay. It is one transaction.

use crate::sql::{Adopt, Repair, obstacle, sql};

pub(super) const ADOPT: Adopt = Adopt {
    present: sql!("postgres", "adopt/present"),
    differences: &[sql!("postgres", "adopt/differences")],
    obstacles: &[
        obstacle!("postgres", "missing_column"),
        obstacle!("postgres", "other_type"),
        obstacle!("postgres", "further_column"),
        obstacle!("postgres", "uniqueness"),
        obstacle!("postgres", "view"),
        obstacle!("postgres", "foreign_key"),
        obstacle!("postgres", "user_id", "User.id"),
        obstacle!("postgres", "user_email", "User.id", "User.email"),
        obstacle!("postgres", "account_id", "Account.id"),
        obstacle!(
            "postgres",
            "account_user",
            "User.id",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "postgres",
            "account_null",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "postgres",
            "account_provider",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!("postgres", "session_id", "Session.id"),
        obstacle!(
            "postgres",
            "session_user",
            "User.id",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "postgres",
            "session_null",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "postgres",
            "session_token",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "postgres",
            "verification_token_null",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        obstacle!(
            "postgres",
            "verification_token",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        obstacle!(
            "postgres",
            "authenticator_user",
            "User.id",
            "Authenticator.credentialID",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.counter",
            "Authenticator.credentialDeviceType",
            "Authenticator.credentialBackedUp"
        ),
        obstacle!(
            "postgres",
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
            "postgres",
            "authenticator_credential_id",
            "Authenticator.credentialID",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.counter",
            "Authenticator.credentialDeviceType",
            "Authenticator.credentialBackedUp"
        ),
    ],
    repairs: &[
        Repair::Table("User", sql!("postgres", "adopt/user_id")),
        Repair::Table("User", sql!("postgres", "adopt/user")),
        Repair::Table("Account", sql!("postgres", "adopt/account")),
        Repair::Table("Session", sql!("postgres", "adopt/session")),
        Repair::Table(
            "VerificationToken",
            sql!("postgres", "adopt/verification_token"),
        ),
        Repair::Table("Authenticator", sql!("postgres", "adopt/authenticator")),
        Repair::Steps,
    ],
};
