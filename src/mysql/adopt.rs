//! What is looked at and changed when a database that Auth.js made is adopted.
//!
//! The type of a column that foreign keys refer to cannot be changed, and the names of those foreign keys are anybody's.
//! So the tables are set aside, ours are made by the steps of the series, and the rows are copied. DDL commits by
//! itself: a run that was cut off is finished by the next one. `User` is the last table that is set aside and the last
//! that is dropped, so that as long as it lies aside all the others were set aside as well.

use crate::sql::{Adopt, Repair, obstacle, sql};

macro_rules! add {
    ($column:literal) => {
        Repair::AddColumn($column, sql!("mysql", "adopt/add/", $column))
    };
}

pub(super) const ADOPT: Adopt = Adopt {
    present: sql!("mysql", "adopt/present"),
    differences: &[sql!("mysql", "adopt/differences")],
    obstacles: &[
        obstacle!("mysql", "missing_column"),
        obstacle!("mysql", "further_column"),
        obstacle!("mysql", "trigger"),
        obstacle!("mysql", "foreign_key"),
        obstacle!("mysql", "user_id", "User.id"),
        obstacle!("mysql", "user_key", "User.id", "User.email"),
        obstacle!("mysql", "user_email", "User.id", "User.email"),
        obstacle!("mysql", "account_id", "Account.id"),
        obstacle!(
            "mysql",
            "account_user",
            "User.id",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "mysql",
            "account_key",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!(
            "mysql",
            "account_provider",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        obstacle!("mysql", "session_id", "Session.id"),
        obstacle!(
            "mysql",
            "session_user",
            "User.id",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "mysql",
            "session_key",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "mysql",
            "session_token",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        obstacle!(
            "mysql",
            "verification_token_key",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        obstacle!(
            "mysql",
            "verification_token",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        obstacle!(
            "mysql",
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
            "mysql",
            "authenticator_key",
            "Authenticator.credentialID",
            "Authenticator.userId",
            "Authenticator.providerAccountId",
            "Authenticator.credentialPublicKey",
            "Authenticator.counter",
            "Authenticator.credentialDeviceType",
            "Authenticator.credentialBackedUp"
        ),
        obstacle!(
            "mysql",
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
        Repair::Table("Account", sql!("mysql", "adopt/fill_account_id")),
        Repair::Table("Session", sql!("mysql", "adopt/fill_session_id")),
        Repair::SetAside("Account", sql!("mysql", "adopt/rename_account")),
        Repair::SetAside("Session", sql!("mysql", "adopt/rename_session")),
        Repair::SetAside(
            "VerificationToken",
            sql!("mysql", "adopt/rename_verification_token"),
        ),
        Repair::SetAside("Authenticator", sql!("mysql", "adopt/rename_authenticator")),
        Repair::SetAside("User", sql!("mysql", "adopt/rename_user")),
        Repair::DropForeignKey(
            "authstore_adopted_Account.Account_userId_fkey",
            sql!("mysql", "adopt/drop_account_foreign_key"),
        ),
        Repair::DropForeignKey(
            "authstore_adopted_Session.Session_userId_fkey",
            sql!("mysql", "adopt/drop_session_foreign_key"),
        ),
        Repair::DropForeignKey(
            "authstore_adopted_Authenticator.Authenticator_userId_fkey",
            sql!("mysql", "adopt/drop_authenticator_foreign_key"),
        ),
        Repair::Steps,
        Repair::Table("authstore_adopted_User", sql!("mysql", "adopt/copy_user")),
        Repair::Table(
            "authstore_adopted_Account",
            sql!("mysql", "adopt/copy_account"),
        ),
        Repair::Table(
            "authstore_adopted_Session",
            sql!("mysql", "adopt/copy_session"),
        ),
        Repair::Table(
            "authstore_adopted_VerificationToken",
            sql!("mysql", "adopt/copy_verification_token"),
        ),
        Repair::Table(
            "authstore_adopted_Authenticator",
            sql!("mysql", "adopt/copy_authenticator"),
        ),
        Repair::Table(
            "authstore_adopted_Account",
            sql!("mysql", "adopt/drop_account"),
        ),
        Repair::Table(
            "authstore_adopted_Session",
            sql!("mysql", "adopt/drop_session"),
        ),
        Repair::Table(
            "authstore_adopted_VerificationToken",
            sql!("mysql", "adopt/drop_verification_token"),
        ),
        Repair::Table(
            "authstore_adopted_Authenticator",
            sql!("mysql", "adopt/drop_authenticator"),
        ),
        Repair::Table("authstore_adopted_User", sql!("mysql", "adopt/drop_user")),
    ],
};
