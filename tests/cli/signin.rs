//! `authstore hash-session-tokens` and `authstore emails`

use authstore::signin::SignIn;
use authstore::{NewSession, NewUser};
use time::{Duration, OffsetDateTime};

use crate::run::Place;

fn with_email(email: &str) -> NewUser {
    NewUser {
        email: Some(email.into()),
        ..NewUser::default()
    }
}

#[test]
fn hashing_tokens_keeps_sessions() {
    let place = Place::new();
    place.succeed("migrate up");
    let store = place.store();
    let user = store.create_user(NewUser::default()).expect("a user");
    let now = OffsetDateTime::now_utc();
    let session = NewSession::new(user.id, "plain", now + Duration::DAY);
    store.create_session(session).expect("a session");

    assert_eq!(
        place.succeed("hash-session-tokens"),
        "hashed 1 session token(s)\n"
    );
    assert_eq!(
        place.succeed("hash-session-tokens"),
        "hashed 0 session token(s)\n"
    );
    assert_eq!(
        store.get_session_and_user("plain").expect("looked up"),
        None
    );
    let resumed = SignIn::new(store).resume_session("plain", now);
    assert!(resumed.expect("looked up").is_some());
}

#[test]
fn collisions_are_listed_before_lowercasing() {
    let place = Place::new();
    place.succeed("migrate up");
    let store = place.store();
    assert_eq!(place.succeed("emails collisions"), "");
    let ada = store.create_user(with_email("Ada@x.org")).expect("a user");
    let other = store.create_user(with_email("ada@X.org")).expect("a user");

    let listed = place.run("emails collisions");
    assert_eq!(listed.code, 1, "{listed:?}");
    assert_eq!(
        listed.stdout,
        format!("ada@x.org {} {}\n", ada.id, other.id)
    );
    // An address that would look like a line of its own.
    let sly = "eve\neve@x.org \u{1b}[2J";
    let sly = [sly, &sly.to_uppercase()]
        .map(|email| store.create_user(with_email(email)).expect("a user"));
    let listed = place.run("emails collisions").stdout;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains("eve\\u{a}eve@x.org\\u{20}\\u{1b}[2j "),
        "{listed}"
    );
    store.delete_user(sly[1].id).expect("deleted");
    // It stops there; earlier changes stay.
    let refused = place.run("emails lowercase");
    assert_eq!(refused.code, 1, "{refused:?}");

    store.delete_user(other.id).expect("deleted");
    place.succeed("emails lowercase");
    assert_eq!(place.succeed("emails lowercase"), "changed 0 address(es)\n");
    let found = store.get_user_by_email("ada@x.org").expect("looked up");
    assert_eq!(found.map(|user| user.id), Some(ada.id));
}
