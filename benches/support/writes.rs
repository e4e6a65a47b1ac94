//! The operations that write, with their arguments, on the bare driver and on `AuthStore`.

use authstore::{
    AccountChanges, AuthenticatorDetailsChanges, Challenge, Change, NewAccount, NewSession,
    SessionChanges, SessionDetailsChanges, UserChanges, VerificationToken,
};
use time::Duration;
use uuid::Uuid;

use super::rows::{EXPIRES, at, credential, doomed, email, new_account, new_user, passkey};
use super::{Bare, Beside, Comparison, Sides, rows};

/// Compares the operations that write, and returns their names. Each turn has its own rows, in the order of the lines:
/// one creates a row, another updates it and a third deletes it. The users are those of
/// [`insert_rows`](super::insert_rows), and most are gone afterwards.
pub(crate) fn compare_writes(
    database: &str,
    title: &str,
    turns: usize,
    sides: &mut Sides<'_, impl Bare>,
    users: &[Uuid],
) -> Vec<&'static str> {
    let mut table = Comparison::new(database, title, Beside::Driver, turns, sides);
    let at = |turn| at(turn, users.len());
    let user = |turn| users[at(turn)];

    let new = |turn| new_user(Some(format!("new-{turn}@example.org")));
    table.line(
        "create_user",
        |bare, turn| bare.create_user(&new(turn)),
        |store, turn| store.create_user(new(turn)).expect("a user"),
    );
    let changes = |turn| UserChanges {
        name: Change::Set(format!("Ada {turn}")),
        ..UserChanges::default()
    };
    table.line(
        "update_user",
        |bare, turn| bare.update_user(user(turn), &changes(turn)),
        |store, turn| {
            store
                .update_user(user(turn), changes(turn))
                .expect("a user")
        },
    );

    let new = |turn| new_account("gitlab", doomed(turn), "glpat-1");
    table.line(
        "link_account",
        |bare, turn| bare.link_account(user(turn), &new(turn)),
        |store, turn| {
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
        |bare, turn| bare.update_account("gitlab", &doomed(turn), &changes(turn)),
        |store, turn| {
            store
                .update_account("gitlab", &doomed(turn), changes(turn))
                .expect("an account")
        },
    );
    // Another token, because SQLite writes nothing if nothing changes.
    let changes = |turn| AccountChanges {
        access_token: Change::Set(format!("glpat-{turn}-again")),
        ..AccountChanges::default()
    };
    table.line(
        "refresh_account",
        |bare, turn| bare.refresh_account("gitlab", &doomed(turn), None, &changes(turn)),
        |store, turn| {
            store
                .refresh_account("gitlab", &doomed(turn), None, changes(turn))
                .expect("an account")
        },
    );
    table.line(
        "unlink_account",
        |bare, turn| bare.unlink_account("gitlab", &doomed(turn)),
        |store, turn| {
            store
                .unlink_account("gitlab", &doomed(turn))
                .expect("an answer")
        },
    );
    for (operation, keep_last) in [
        ("unlink_account_of_user", false),
        ("unlink_account_of_user (keep_last)", true),
    ] {
        table.sides.bare.transaction(|bare| {
            for (row, user) in users.iter().enumerate() {
                bare.link_account(*user, &NewAccount::new("oauth", "gitlab", doomed(row)));
            }
        });
        let before = accounts(&mut table.sides.bare, users);
        table.line(
            operation,
            |bare, turn| {
                bare.unlink_account_of_user(users[turn], "gitlab", &doomed(turn), keep_last)
            },
            |store, turn| {
                store
                    .unlink_account_of_user(users[turn], "gitlab", &doomed(turn), keep_last)
                    .expect("an answer")
            },
        );
        assert_eq!(
            accounts(&mut table.sides.bare, users),
            before - rows(turns),
            "accounts left"
        );
        table.sides.bare.transaction(|bare| {
            for row in 0..users.len() {
                bare.unlink_account("gitlab", &doomed(row));
            }
        });
    }
    let account = |turn: usize| NewAccount::new("oauth", "bitbucket", turn.to_string());
    table.line(
        "create_user_with_account",
        |bare, turn| bare.create_user_with_account(&new_user(None), &account(turn)),
        |store, turn| {
            store
                .create_user_with_account(new_user(None), account(turn))
                .expect("a user")
        },
    );

    let new = |turn| NewSession::new(user(turn), doomed(turn), EXPIRES);
    table.line(
        "create_session",
        |bare, turn| bare.create_session(&new(turn)),
        |store, turn| store.create_session(new(turn)).expect("a session"),
    );
    let changes = || SessionChanges {
        expires: Some(EXPIRES + Duration::HOUR),
        ..SessionChanges::default()
    };
    table.line(
        "update_session",
        |bare, turn| bare.update_session(&doomed(turn), &changes()),
        |store, turn| {
            store
                .update_session(&doomed(turn), changes())
                .expect("a session")
        },
    );
    table.line(
        "delete_session",
        |bare, turn| bare.delete_session(&doomed(turn)),
        |store, turn| store.delete_session(&doomed(turn)).expect("an answer"),
    );
    let seen = || SessionDetailsChanges {
        last_seen: Change::Set(EXPIRES),
        ip: Change::Set("192.0.2.1".into()),
        ..SessionDetailsChanges::default()
    };
    table.line(
        "update_session_details",
        |bare, turn| bare.update_session_details(users[turn], &seen()),
        |store, turn| {
            store
                .update_session_details(users[turn], seen())
                .expect("an answer")
        },
    );
    let ids: Vec<_> = users.iter().map(|_| Uuid::now_v7()).collect();
    table.sides.bare.transaction(|bare| {
        for (row, user) in users.iter().enumerate() {
            bare.create_session(&NewSession {
                id: Some(ids[row]),
                ..NewSession::new(*user, doomed(row), EXPIRES)
            });
        }
    });
    table.line(
        "delete_session_of_user",
        |bare, turn| bare.delete_session_of_user(users[turn], ids[turn]),
        |store, turn| {
            store
                .delete_session_of_user(users[turn], ids[turn])
                .expect("an answer")
        },
    );
    table.line(
        "delete_sessions_by_user_id",
        |bare, turn| bare.delete_sessions_by_user_id(users[turn], None),
        |store, turn| {
            store
                .delete_sessions_by_user_id(users[turn], None)
                .expect("a count")
        },
    );

    let new = |turn| VerificationToken::new("ada", doomed(turn), EXPIRES);
    table.line(
        "create_verification_token",
        |bare, turn| bare.create_verification_token(&new(turn)),
        |store, turn| store.create_verification_token(new(turn)).expect("a token"),
    );
    table.line(
        "use_verification_token",
        |bare, turn| bare.use_verification_token("ada", &doomed(turn)),
        |store, turn| {
            store
                .use_verification_token("ada", &doomed(turn))
                .expect("a token")
        },
    );

    table.sides.bare.transaction(|bare| {
        for row in 0..users.len() {
            bare.create_verification_token(&VerificationToken::new(
                email(row),
                doomed(row),
                EXPIRES,
            ));
        }
    });
    table.line(
        "delete_verification_tokens_by_identifier",
        |bare, turn| bare.delete_verification_tokens_by_identifier(&email(turn)),
        |store, turn| {
            store
                .delete_verification_tokens_by_identifier(&email(turn))
                .expect("a count")
        },
    );

    let new = |turn| Challenge::new(doomed(turn), "payload", EXPIRES);
    table.line(
        "create_challenge",
        |bare, turn| bare.create_challenge(&new(turn)),
        |store, turn| store.create_challenge(new(turn)).expect("a challenge"),
    );
    table.line(
        "use_challenge",
        |bare, turn| bare.use_challenge(&doomed(turn)),
        |store, turn| store.use_challenge(&doomed(turn)).expect("a challenge"),
    );

    // In addition to the passkey that the user already has.
    let new = |turn: usize| passkey(users[turn], users.len() + turn);
    table.line(
        "create_authenticator",
        |bare, turn| bare.create_authenticator(&new(turn)),
        |store, turn| store.create_authenticator(new(turn)).expect("a passkey"),
    );
    let counter = |turn| i64::try_from(turn).expect("a small number");
    table.line(
        "update_authenticator_counter",
        |bare, turn| bare.update_authenticator_counter(&credential(turn), counter(turn)),
        |store, turn| {
            store
                .update_authenticator_counter(&credential(turn), counter(turn))
                .expect("a passkey")
        },
    );
    table.line(
        "use_authenticator",
        |bare, turn| bare.use_authenticator(&credential(turn), counter(turn) + 1, true),
        |store, turn| {
            store
                .use_authenticator(&credential(turn), counter(turn) + 1, true)
                .expect("a passkey")
        },
    );
    let used = || AuthenticatorDetailsChanges {
        last_used: Change::Set(EXPIRES),
        ..AuthenticatorDetailsChanges::default()
    };
    table.line(
        "update_authenticator_details",
        |bare, turn| bare.update_authenticator_details(users[turn], &credential(turn), &used()),
        |store, turn| {
            store
                .update_authenticator_details(users[turn], &credential(turn), used())
                .expect("an answer")
        },
    );
    table.line(
        "delete_authenticator",
        |bare, turn| bare.delete_authenticator(&credential(turn)),
        |store, turn| {
            store
                .delete_authenticator(&credential(turn))
                .expect("an answer")
        },
    );

    for (operation, keep_last) in [
        ("delete_authenticator_of_user", false),
        ("delete_authenticator_of_user (keep_last)", true),
    ] {
        let row = |turn: usize| 2 * users.len() + turn;
        table.sides.bare.transaction(|bare| {
            for (turn, user) in users.iter().enumerate() {
                bare.create_authenticator(&passkey(*user, row(turn)));
            }
        });
        let before = passkeys(&mut table.sides.bare, users);
        table.line(
            operation,
            |bare, turn| {
                bare.delete_authenticator_of_user(users[turn], &credential(row(turn)), keep_last)
            },
            |store, turn| {
                store
                    .delete_authenticator_of_user(users[turn], &credential(row(turn)), keep_last)
                    .expect("an answer")
            },
        );
        assert_eq!(
            passkeys(&mut table.sides.bare, users),
            before - rows(turns),
            "passkeys left"
        );
        table.sides.bare.transaction(|bare| {
            for turn in 0..users.len() {
                bare.delete_authenticator(&credential(row(turn)));
            }
        });
    }
    let new = |turn| passkey(Uuid::nil(), 3 * users.len() + turn);
    table.line(
        "create_user_with_authenticator",
        |bare, turn| bare.create_user_with_authenticator(&new_user(None), &new(turn)),
        |store, turn| {
            store
                .create_user_with_authenticator(new_user(None), new(turn))
                .expect("a user")
        },
    );

    // Nothing has expired yet: this measures a sweep that finds nothing, like most.
    let now = EXPIRES - Duration::DAY;
    table.line(
        "delete_expired",
        |bare, _| bare.delete_expired(now, 100),
        |store, _| store.delete_expired(now, 100).expect("counts"),
    );
    table.line(
        "delete_user",
        |bare, turn| bare.delete_user(users[turn]),
        |store, turn| store.delete_user(users[turn]).expect("an answer"),
    );
    table.lines
}

fn accounts(bare: &mut impl Bare, users: &[Uuid]) -> usize {
    let of_user = |user: &Uuid| bare.list_accounts_by_user_id(*user).len();
    users.iter().map(of_user).sum()
}

fn passkeys(bare: &mut impl Bare, users: &[Uuid]) -> usize {
    let of_user = |user: &Uuid| bare.list_authenticators_by_user_id(*user).len();
    users.iter().map(of_user).sum()
}
