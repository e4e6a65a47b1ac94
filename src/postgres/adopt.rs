//! The plan for adopting a database that Auth.js created.
//!
//! The tables are altered in place, in one transaction. Columns that match are not touched, and the application's own
//! objects stay. The columns of its own foreign keys follow a change of the id's type.

use crate::sql::{AdoptionCost, AdoptionPlan, Check, Repair, check, counts, sql};

/// A query about keys, from a file that continues `with_keys.sql`.
macro_rules! of_keys {
    ($name:literal) => {
        concat!(
            sql!("postgres", "adopt/with_keys"),
            sql!("postgres", "adopt/", $name)
        )
    };
}

pub(super) const PLAN: AdoptionPlan = AdoptionPlan {
    begin: None,
    present: sql!("postgres", "adopt/present"),
    counts: counts!("postgres"),
    differences: &[Check {
        needs: &[],
        unless: &[],
        sql: of_keys!("differences"),
    }],
    effects: &[check!("postgres", "effects")],
    drift: &[check!("postgres", "obstacle/required_column")],
    objects: &[
        check!("postgres", "obstacle/missing_column"),
        check!("postgres", "obstacle/other_type"),
        Check {
            needs: &[],
            unless: &[],
            sql: of_keys!("obstacle/object"),
        },
        Check {
            needs: &[],
            unless: &[],
            sql: of_keys!("obstacle/key"),
        },
        check!("postgres", "obstacle/name"),
    ],
    rows: &[
        check!("postgres", "obstacle/user_id", "User.id"),
        check!("postgres", "obstacle/user_same_id", "User.id"; unless "User(id)"),
        check!("postgres", "obstacle/user_key", "User.id", "User.email"),
        check!("postgres", "obstacle/user_email", "User.id", "User.email"; unless "User(email)"),
        check!(
            "postgres",
            "obstacle/user_email_verified",
            "User.id",
            "User.emailVerified"
        ),
        check!("postgres", "obstacle/account_id", "Account.id"),
        check!("postgres", "obstacle/account_same_id", "Account.id"; unless "Account(id)"),
        check!(
            "postgres",
            "obstacle/account_user",
            "User.id",
            "Account.userId"
        ),
        check!(
            "postgres",
            "obstacle/account_key",
            "Account.userId",
            "Account.type",
            "Account.provider",
            "Account.providerAccountId"
        ),
        check!(
            "postgres",
            "obstacle/account_provider",
            "Account.userId",
            "Account.provider",
            "Account.providerAccountId"; unless "Account(provider,providerAccountId)"
        ),
        check!("postgres", "obstacle/session_id", "Session.id"),
        check!("postgres", "obstacle/session_same_id", "Session.id"; unless "Session(id)"),
        check!(
            "postgres",
            "obstacle/session_user",
            "User.id",
            "Session.userId"
        ),
        check!(
            "postgres",
            "obstacle/session_key",
            "Session.userId",
            "Session.sessionToken",
            "Session.expires"
        ),
        check!(
            "postgres",
            "obstacle/session_token",
            "Session.userId",
            "Session.sessionToken"; unless "Session(sessionToken)"
        ),
        check!(
            "postgres",
            "obstacle/session_expires",
            "Session.userId",
            "Session.expires"
        ),
        check!(
            "postgres",
            "obstacle/verification_token_key",
            "VerificationToken.identifier",
            "VerificationToken.token",
            "VerificationToken.expires"
        ),
        check!(
            "postgres",
            "obstacle/verification_token",
            "VerificationToken.token"; unless "VerificationToken(token)"
        ),
        check!(
            "postgres",
            "obstacle/verification_token_expires",
            "VerificationToken.expires"
        ),
        check!(
            "postgres",
            "obstacle/authenticator_user",
            "User.id",
            "Authenticator.userId"
        ),
        check!(
            "postgres",
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
            "postgres",
            "obstacle/authenticator_credential_id",
            "Authenticator.credentialID",
            "Authenticator.userId"; unless "Authenticator(credentialID)"
        ),
    ],
    own_rows: Some((
        of_keys!("find_own_rows"),
        sql!("postgres", "adopt/own_rows"),
    )),
    lock: Some(sql!("postgres", "adopt/lock")),
    repairs: &[
        Repair::Always(concat!(
            sql!("postgres", "adopt/create_adoption"),
            of_keys!("save_foreign_keys")
        )),
        Repair::Generated(of_keys!("drop_foreign_keys")),
        Repair::Rows(sql!("postgres", "adopt/fill_ids")),
        Repair::Rows(sql!("postgres", "adopt/columns")),
        Repair::Rows(of_keys!("keys")),
        Repair::Rows(sql!("postgres", "adopt/foreign_keys")),
        Repair::Steps,
        Repair::Generated(sql!("postgres", "adopt/restore_foreign_keys")),
        Repair::Always(sql!("postgres", "adopt/drop_adoption")),
    ],
    cost: AdoptionCost {
        copies_all: false,
        // A string column that becomes text is not rewritten. An added id has a default that differs in each row.
        rewrites: |sql| {
            sql.split(" TYPE ")
                .skip(1)
                .any(|rest| !rest.starts_with("text"))
                || sql.contains("ADD COLUMN id ")
        },
        rate: 30_000,
        locks: "reads and writes of the tables wait until it is finished",
    },
    is_atomic: true,
    is_same_name: str::eq,
    after_failure: "nothing was changed",
};
