//! `authstore sweep`

use authstore::{NewSession, NewUser, VerificationToken};
use time::{Duration, OffsetDateTime};

use crate::run::Place;

/// Creates this many sessions and tokens that expired at each of these times.
fn fill(place: &Place, sessions: usize, tokens: usize, expired: &[OffsetDateTime]) {
    place.succeed("migrate up");
    let store = place.store();
    let user = store.create_user(NewUser::default()).expect("a user");
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        format!("t{number}")
    };
    for &expires in expired {
        for _ in 0..sessions {
            let session = NewSession::new(user.id, fresh(), expires);
            store.create_session(session).expect("a session");
        }
        for _ in 0..tokens {
            let token = VerificationToken::new("ada@example.org", fresh(), expires);
            store.create_verification_token(token).expect("a token");
        }
    }
}

fn left(place: &Place) -> (u32, u32) {
    let sqlite = place.sqlite();
    let count = |sql| {
        sqlite
            .query_row(sql, [], |row| row.get(0))
            .expect("a count")
    };
    (
        count("SELECT count(*) FROM \"Session\""),
        count("SELECT count(*) FROM \"VerificationToken\""),
    )
}

#[test]
fn only_expired_rows_are_deleted() {
    let place = Place::new();
    let now = OffsetDateTime::now_utc();
    fill(&place, 7, 3, &[now - Duration::HOUR, now + Duration::HOUR]);
    assert_eq!(
        place.succeed("sweep --batch 2"),
        "deleted 7 expired sessions, 3 expired verification tokens and 0 expired challenges\n"
    );
    assert_eq!(left(&place), (7, 3));
    assert_eq!(
        place.succeed("sweep"),
        "deleted 0 expired sessions, 0 expired verification tokens and 0 expired challenges\n"
    );
}

#[test]
fn a_full_batch_of_either_kind_is_not_the_last() {
    for (sessions, tokens) in [(5, 1), (1, 5)] {
        let place = Place::new();
        fill(&place, sessions, tokens, &[OffsetDateTime::UNIX_EPOCH]);
        let swept = place.succeed("sweep --batch 4");
        assert!(swept.contains("deleted") && swept.contains('5'), "{swept}");
        assert_eq!(left(&place), (0, 0), "{swept}");
    }
}

#[test]
fn before_limits_what_is_deleted() {
    let place = Place::new();
    let time = time::macros::datetime!(2026-01-01 00:00:00 UTC);
    fill(&place, 1, 1, &[time, time + Duration::MILLISECOND]);
    place.succeed("sweep --before 2026-01-01T01:00:00+01:00");
    assert_eq!(left(&place), (1, 1));
    place.succeed("sweep --before 2026-01-01T00:00:00.001Z");
    assert_eq!(left(&place), (0, 0));
}

#[test]
fn time_in_the_future_is_rejected() {
    let place = Place::new();
    fill(&place, 1, 1, &[OffsetDateTime::now_utc() + Duration::HOUR]);
    place.fail("sweep --before 9999-01-01T00:00:00Z", 2, "in the future");
    place.fail("sweep --before yesterday", 2, "2026-11-24T19:00:00Z");
    place.fail("sweep --batch 0", 2, "--batch");
    assert_eq!(left(&place), (1, 1));
}

#[test]
fn missing_schema_is_reported() {
    let place = Place::new();
    drop(place.store());
    place.fail("sweep", 4, "run migrate first");
}

#[test]
fn busy_database_exits_as_retryable() {
    let place = Place::new();
    fill(&place, 1, 0, &[OffsetDateTime::UNIX_EPOCH]);
    let other = place.sqlite();
    other.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let url = format!("{}?busy_timeout_ms=50", place.url());
    place.fail(&format!("sweep --database-url {url}"), 3, "unavailable");
    other.execute_batch("COMMIT").expect("an unlock");
    place.succeed("sweep");
    assert_eq!(left(&place), (0, 0));
}

#[cfg(unix)]
#[test]
fn progress_is_shown_on_a_terminal_only() {
    let place = Place::new();
    fill(&place, 3, 0, &[OffsetDateTime::UNIX_EPOCH]);
    let (code, shown) = crate::run::on_a_terminal(place.command("sweep --batch 1"), "");
    assert_eq!(code, 0, "{shown}");
    // Several lines of progress are drawn over each other.
    assert!(shown.matches("expired session").count() > 1, "{shown:?}");
    assert!(shown.contains("deleted 3 expired sessions"), "{shown:?}");
    // Otherwise nothing: `succeed` checks that stderr is empty.
    assert_eq!(place.succeed("sweep").lines().count(), 1);
}
