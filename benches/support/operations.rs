//! The table of operations: what each is called with, on the bare driver and on `AuthStore`.

use authstore::{
    AccountChanges, AuthStore, Change, NewAccount, NewSession, SessionChanges, UserChanges,
    VerificationToken,
};
use time::Duration;
use uuid::Uuid;

use super::rows::{EXPIRES, credential, doomed, email, new_account, new_user, passkey};
use super::{Bare, Comparison};

/// A row for each turn, far from that of the turn before, as requests come.
fn at(turn: usize, users: &[Uuid]) -> usize {
    turn * 7919 % users.len()
}

/// What leaves the rows as they are. The users are those of [`furnish`](super::furnish).
pub(crate) fn compare_reads(
    title: &str,
    turns: usize,
    store: &AuthStore,
    bare: &mut impl Bare,
    users: &[Uuid],
) {
    let table = Comparison::new(title, turns);
    let at = |turn| at(turn, users);
    let user = |turn| users[at(turn)];
    // The account at the provider and the session's token.
    let name = |turn| at(turn).to_string();
    table.line(
        "get_user",
        |turn| bare.get_user(user(turn)),
        |turn| store.get_user(user(turn)).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        |turn| bare.get_user_by_email(&email(at(turn))),
        |turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        |turn| bare.get_user_by_account("github", &name(turn)),
        |turn| {
            store
                .get_user_by_account("github", &name(turn))
                .expect("a user")
        },
    );
    table.line(
        "get_account",
        |turn| bare.get_account("github", &name(turn)),
        |turn| {
            store
                .get_account("github", &name(turn))
                .expect("an account")
        },
    );
    table.line(
        "list_accounts_by_user_id",
        |turn| bare.list_accounts_by_user_id(user(turn)),
        |turn| {
            store
                .list_accounts_by_user_id(user(turn))
                .expect("accounts")
        },
    );
    table.line(
        "get_session_and_user",
        |turn| bare.get_session_and_user(&name(turn)),
        |turn| store.get_session_and_user(&name(turn)).expect("a session"),
    );
    table.line(
        "list_sessions_by_user_id",
        |turn| bare.list_sessions_by_user_id(user(turn)),
        |turn| {
            store
                .list_sessions_by_user_id(user(turn))
                .expect("sessions")
        },
    );
    table.line(
        "get_authenticator",
        |turn| bare.get_authenticator(&credential(at(turn))),
        |turn| {
            store
                .get_authenticator(&credential(at(turn)))
                .expect("a passkey")
        },
    );
    table.line(
        "list_authenticators_by_user_id",
        |turn| bare.list_authenticators_by_user_id(user(turn)),
        |turn| {
            store
                .list_authenticators_by_user_id(user(turn))
                .expect("passkeys")
        },
    );
    table.line(
        "ping",
        |_| bare.ping(),
        |_| store.ping().expect("an answer"),
    );
}

/// What writes. Each turn has rows of its own, in the order of the lines: what one creates, another updates and a third
/// deletes. The users are those of [`furnish`](super::furnish), and most are gone afterwards.
pub(crate) fn compare_writes(
    title: &str,
    turns: usize,
    store: &AuthStore,
    bare: &mut impl Bare,
    users: &[Uuid],
) {
    let table = Comparison::new(title, turns);
    let at = |turn| at(turn, users);
    let user = |turn| users[at(turn)];

    let new = |turn| new_user(Some(format!("new-{turn}@example.org")));
    table.line(
        "create_user",
        |turn| bare.create_user(&new(turn)),
        |turn| store.create_user(new(turn)).expect("a user"),
    );
    let changes = |turn| UserChanges {
        name: Change::Set(format!("Ada {turn}")),
        ..UserChanges::default()
    };
    table.line(
        "update_user",
        |turn| bare.update_user(user(turn), &changes(turn)),
        |turn| {
            store
                .update_user(user(turn), changes(turn))
                .expect("a user")
        },
    );

    let new = |turn| new_account("gitlab", doomed(turn), "glpat-1");
    table.line(
        "link_account",
        |turn| bare.link_account(user(turn), &new(turn)),
        |turn| {
            store
                .link_account(user(turn), new(turn))
                .expect("an account")
        },
    );
    let changes = |turn| AccountChanges {
        access_token: Change::Set(format!("glpat-{turn}")),
        ..AccountChanges::default()
    };
    table.line(
        "update_account",
        |turn| bare.update_account("gitlab", &doomed(turn), &changes(turn)),
        |turn| {
            store
                .update_account("gitlab", &doomed(turn), changes(turn))
                .expect("an account")
        },
    );
    table.line(
        "unlink_account",
        |turn| bare.unlink_account("gitlab", &doomed(turn)),
        |turn| {
            store
                .unlink_account("gitlab", &doomed(turn))
                .expect("an answer")
        },
    );
    let account = |turn: usize| NewAccount::new("oauth", "bitbucket", turn.to_string());
    table.line(
        "create_user_with_account",
        |turn| bare.create_user_with_account(&new_user(None), &account(turn)),
        |turn| {
            store
                .create_user_with_account(new_user(None), account(turn))
                .expect("a user")
        },
    );

    let new = |turn| NewSession::new(user(turn), doomed(turn), EXPIRES);
    table.line(
        "create_session",
        |turn| bare.create_session(&new(turn)),
        |turn| store.create_session(new(turn)).expect("a session"),
    );
    let changes = || SessionChanges {
        expires: Some(EXPIRES + Duration::HOUR),
        ..SessionChanges::default()
    };
    table.line(
        "update_session",
        |turn| bare.update_session(&doomed(turn), &changes()),
        |turn| {
            store
                .update_session(&doomed(turn), changes())
                .expect("a session")
        },
    );
    table.line(
        "delete_session",
        |turn| bare.delete_session(&doomed(turn)),
        |turn| store.delete_session(&doomed(turn)).expect("an answer"),
    );
    table.line(
        "delete_sessions_by_user_id",
        |turn| bare.delete_sessions_by_user_id(users[turn], None),
        |turn| {
            store
                .delete_sessions_by_user_id(users[turn], None)
                .expect("a count")
        },
    );

    let new = |turn| VerificationToken::new("ada", doomed(turn), EXPIRES);
    table.line(
        "create_verification_token",
        |turn| bare.create_verification_token(&new(turn)),
        |turn| store.create_verification_token(new(turn)).expect("a token"),
    );
    table.line(
        "use_verification_token",
        |turn| bare.use_verification_token("ada", &doomed(turn)),
        |turn| {
            store
                .use_verification_token("ada", &doomed(turn))
                .expect("a token")
        },
    );

    // Beside the passkey that the user has already.
    let new = |turn: usize| passkey(users[turn], users.len() + turn);
    table.line(
        "create_authenticator",
        |turn| bare.create_authenticator(&new(turn)),
        |turn| store.create_authenticator(new(turn)).expect("a passkey"),
    );
    let counter = |turn| i64::try_from(turn).expect("a small number");
    table.line(
        "update_authenticator_counter",
        |turn| bare.update_authenticator_counter(&credential(turn), counter(turn)),
        |turn| {
            store
                .update_authenticator_counter(&credential(turn), counter(turn))
                .expect("a passkey")
        },
    );
    table.line(
        "delete_authenticator",
        |turn| bare.delete_authenticator(&credential(turn)),
        |turn| {
            store
                .delete_authenticator(&credential(turn))
                .expect("an answer")
        },
    );

    // Nothing has expired by then: what is measured is the sweep that finds nothing, as most do.
    let now = EXPIRES - Duration::DAY;
    table.line(
        "delete_expired",
        |_| bare.delete_expired(now, 100),
        |_| store.delete_expired(now, 100).expect("counts"),
    );
    table.line(
        "delete_user",
        |turn| bare.delete_user(users[turn]),
        |turn| store.delete_user(users[turn]).expect("an answer"),
    );
}
