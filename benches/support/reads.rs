//! The operations that read, with their arguments, on the bare driver and on `AuthStore`.

use uuid::Uuid;

use super::rows::{at, credential, email};
use super::{Bare, Beside, Comparison, Sides};

/// The number of users on a page.
const PAGE: u32 = 20;

/// Compares the operations that change no rows, and returns their names. The users are those of
/// [`insert_rows`](super::insert_rows).
pub(crate) fn compare_reads(
    database: &str,
    beside: Beside,
    turns: usize,
    sides: &mut Sides<'_, impl Bare>,
    users: &[Uuid],
) -> Vec<&'static str> {
    let title = match beside {
        Beside::Driver => "reads",
        Beside::Plans => "reads, beside a driver that keeps its plans",
    };
    let mut table = Comparison::new(database, title, beside, turns, sides);
    let at = |turn| at(turn, users.len());
    let user = |turn| users[at(turn)];
    // The account at the provider and the session's token.
    let name = |turn| at(turn).to_string();
    table.line(
        "get_user",
        |bare, turn| bare.get_user(user(turn)),
        |store, turn| store.get_user(user(turn)).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        |bare, turn| bare.get_user_by_email(&email(at(turn))),
        |store, turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        |bare, turn| bare.get_user_by_account("github", &name(turn)),
        |store, turn| {
            store
                .get_user_by_account("github", &name(turn))
                .expect("a user")
        },
    );
    table.line(
        "get_account",
        |bare, turn| bare.get_account("github", &name(turn)),
        |store, turn| {
            store
                .get_account("github", &name(turn))
                .expect("an account")
        },
    );
    table.line(
        "list_accounts_by_user_id",
        |bare, turn| bare.list_accounts_by_user_id(user(turn)),
        |store, turn| {
            store
                .list_accounts_by_user_id(user(turn))
                .expect("accounts")
        },
    );
    table.line(
        "get_session_and_user",
        |bare, turn| bare.get_session_and_user(&name(turn)),
        |store, turn| store.get_session_and_user(&name(turn)).expect("a session"),
    );
    table.line(
        "list_sessions_by_user_id",
        |bare, turn| bare.list_sessions_by_user_id(user(turn)),
        |store, turn| {
            store
                .list_sessions_by_user_id(user(turn))
                .expect("sessions")
        },
    );
    table.line(
        "get_authenticator",
        |bare, turn| bare.get_authenticator(&credential(at(turn))),
        |store, turn| {
            store
                .get_authenticator(&credential(at(turn)))
                .expect("a passkey")
        },
    );
    table.line(
        "list_authenticators_by_user_id",
        |bare, turn| bare.list_authenticators_by_user_id(user(turn)),
        |store, turn| {
            store
                .list_authenticators_by_user_id(user(turn))
                .expect("passkeys")
        },
    );
    table.line(
        "list_users",
        |bare, turn| bare.list_users(Some(user(turn)), PAGE),
        |store, turn| store.list_users(Some(user(turn)), PAGE).expect("users"),
    );
    table.line(
        "list_sessions_with_details_by_user_id",
        |bare, turn| bare.list_sessions_with_details_by_user_id(user(turn)),
        |store, turn| {
            store
                .list_sessions_with_details_by_user_id(user(turn))
                .expect("sessions")
        },
    );
    // The first session of each user has the user's id.
    table.line(
        "get_session_details",
        |bare, turn| bare.get_session_details(user(turn)),
        |store, turn| store.get_session_details(user(turn)).expect("details"),
    );
    table.line(
        "list_authenticators_with_details_by_user_id",
        |bare, turn| bare.list_authenticators_with_details_by_user_id(user(turn)),
        |store, turn| {
            store
                .list_authenticators_with_details_by_user_id(user(turn))
                .expect("passkeys")
        },
    );
    table.line(
        "ping",
        |bare, _| bare.ping(),
        |store, _| store.ping().expect("an answer"),
    );
    table.lines
}
