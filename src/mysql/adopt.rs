//! The plan for adopting a database that Auth.js created.
//!
//! The tables are altered in place, so they keep their rows and the application's own objects throughout. DDL commits
//! implicitly. So each table is changed by atomic statements, the application works after each of them, and the next
//! run finishes an interrupted one.
//!
//! The columns of a foreign key cannot be changed, so foreign keys on ids are dropped first and added at the end. Until
//! then, the table `authstore_adoption` keeps the application's own.

use crate::sql::{AdoptionCost, AdoptionPlan, Repair, check, counts, sql};

/// A query about the application's own foreign keys, from a file that `of_own_foreign_keys.sql` continues.
macro_rules! of_own_foreign_keys {
    ($name:literal) => {
        concat!(
            sql!("mysql", "adopt/", $name),
            sql!("mysql", "adopt/of_own_foreign_keys")
        )
    };
}

pub(super) const PLAN: AdoptionPlan = AdoptionPlan {
    begin: Some(sql!("mysql", "adopt/session")),
    present: sql!("mysql", "adopt/present"),
    counts: counts!("mysql"),
    differences: &[
        check!("mysql", "differences"),
        check!("mysql", "unfinished", "authstore_adoption.name"),
    ],
    effects: &[],
    drift: &[check!("mysql", "obstacle/required_column")],
    objects: &[
        check!("mysql", "obstacle/missing_column"),
        check!("mysql", "obstacle/other_type"),
        check!("mysql", "obstacle/object"),
    ],
    rows: &[
        check!("mysql", "obstacle/user_id", "User.id"),
        check!("mysql", "obstacle/user_same_id", "User.id"; unless "User(id)"),
        check!("mysql", "obstacle/user_key", "User.id", "User.email"),
        check!("mysql", "obstacle/user_email", "User.id", "User.email"; unless "User(email)"),
        check!(
            "mysql",
            "obstacle/user_email_verified",
            "User.id",
            "User.emailVerified"
        ),
        check!(
            "mysql",
            "obstacle/user_long",
            "User.id",
            "User.name",
            "User.image"
        ),
        check!("mysql", "obstacle/account_id", "Account.id"),
        check!("mysql", "obstacle/account_same_id", "Account.id"; unless "Account(id)"),
        check!(
            "mysql",
            "obstacle/account_user",
            "User.id",
            "Account.userId"
        ),
        check!(
            "mysql",
            "obstacle/account_key",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        check!(
            "mysql",
            "obstacle/account_provider",
            "Account.userId",
            "Account.provider",
            "Account.providerAccountId"; unless "Account(provider,providerAccountId)"
        ),
        check!(
            "mysql",
            "obstacle/account_long",
            "Account.userId",
            "Account.refresh_token",
            "Account.access_token",
            "Account.expires_at",
            "Account.token_type",
            "Account.scope",
            "Account.id_token",
            "Account.session_state"
        ),
        check!("mysql", "obstacle/session_id", "Session.id"),
        check!("mysql", "obstacle/session_same_id", "Session.id"; unless "Session(id)"),
        check!(
            "mysql",
            "obstacle/session_user",
            "User.id",
            "Session.userId"
        ),
        check!(
            "mysql",
            "obstacle/session_key",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        check!(
            "mysql",
            "obstacle/session_token",
            "Session.userId",
            "Session.sessionToken"; unless "Session(sessionToken)"
        ),
        check!(
            "mysql",
            "obstacle/session_expires",
            "Session.userId",
            "Session.expires"
        ),
        check!(
            "mysql",
            "obstacle/verification_token_key",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        check!(
            "mysql",
            "obstacle/verification_token",
            "VerificationToken.token"; unless "VerificationToken(token)"
        ),
        check!(
            "mysql",
            "obstacle/verification_token_expires",
            "VerificationToken.expires"
        ),
        check!(
            "mysql",
            "obstacle/authenticator_user",
            "User.id",
            "Authenticator.userId"
        ),
        check!(
            "mysql",
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
            "mysql",
            "obstacle/authenticator_credential_id",
            "Authenticator.credentialID",
            "Authenticator.userId"; unless "Authenticator(credentialID)"
        ),
    ],
    own_rows: Some((
        of_own_foreign_keys!("find_own_rows"),
        sql!("mysql", "adopt/own_rows"),
    )),
    lock: None,
    repairs: &[
        Repair::Always(sql!("mysql", "adopt/create_adoption")),
        Repair::Always(of_own_foreign_keys!("save_foreign_keys")),
        Repair::Generated(sql!("mysql", "adopt/drop_foreign_keys")),
        // An id is added without its default, which MySQL does not allow under statement-based replication because each
        // replica would create different ids.
        Repair::Missing("Account.id", sql!("mysql", "adopt/add_account_id")),
        Repair::Missing("Session.id", sql!("mysql", "adopt/add_session_id")),
        Repair::Rows(sql!("mysql", "adopt/fill_ids")),
        Repair::Rows(sql!("mysql", "adopt/columns")),
        Repair::Rows(sql!("mysql", "adopt/keys")),
        Repair::Always(sql!("mysql", "adopt/skip_foreign_key_checks")),
        Repair::Missing(
            "Account.Account_userId_fkey",
            sql!("mysql", "adopt/add_account_foreign_key"),
        ),
        Repair::Missing(
            "Session.Session_userId_fkey",
            sql!("mysql", "adopt/add_session_foreign_key"),
        ),
        Repair::Missing(
            "Authenticator.Authenticator_userId_fkey",
            sql!("mysql", "adopt/add_authenticator_foreign_key"),
        ),
        Repair::Generated(sql!("mysql", "adopt/restore_foreign_keys")),
        Repair::Always(sql!("mysql", "adopt/check_foreign_keys")),
        Repair::Reject(
            sql!("mysql", "adopt/find_orphans"),
            sql!("mysql", "adopt/own_rows"),
        ),
        Repair::Steps,
        Repair::Always(sql!("mysql", "adopt/drop_adoption")),
    ],
    cost: AdoptionCost {
        copies_all: false,
        // The server copies the table for most changes of a column, and for an added column with a default.
        rewrites: |sql| {
            ["MODIFY `", "ADD COLUMN `id`", "ENGINE = "]
                .iter()
                .any(|clause| sql.contains(clause))
        },
        rate: 20_000,
        locks: "reads continue; writes to a table wait while that table is changed",
    },
    is_atomic: false,
    is_same_name: str::eq_ignore_ascii_case,
    after_failure: "the tables keep their rows, and another run continues the adoption once the cause is fixed",
};
