//! Attacks on a sign-in, which `SignIn` prevents.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use authstore::signin::{
    Addresses, KeyRing, Secret, SessionLifetime, SessionTokens, SignIn, VerificationTokens,
};
use authstore::{
    AccountChanges, AuthStore, Authenticator, Change, Constraint, Error, NewAccount, NewSession,
    NewUser, SessionChanges, User, UserChanges,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
const LATER: OffsetDateTime = datetime!(2026-11-25 12:15 UTC);

fn signin() -> SignIn {
    let store = AuthStore::connect("sqlite::memory:").expect("a database in memory");
    store.migrate().expect("the schema");
    SignIn::new(store)
}

/// Something else happens once, right after this operation of the sign-in.
fn interrupted(
    operation: &'static str,
    other: impl Fn(&AuthStore) + Send + Sync + 'static,
) -> SignIn {
    let store = signin().store().clone();
    let outside = store.clone();
    let happened = AtomicBool::new(false);
    SignIn::new(store.observe(move |observation| {
        if observation.operation == operation && !happened.swap(true, Ordering::Relaxed) {
            other(&outside);
        }
    }))
}

fn github(id: &str) -> NewAccount {
    NewAccount {
        refresh_token: Some("refresh-1".into()),
        access_token: Some("access-1".into()),
        ..NewAccount::new("oauth", "github", id)
    }
}

fn with_email(email: &str, verified: bool) -> NewUser {
    NewUser {
        email: Some(email.into()),
        email_verified: verified.then_some(NOW),
        ..NewUser::default()
    }
}

fn passkey(user: &User, credential_id: &str, counter: i64) -> Authenticator {
    Authenticator {
        credential_id: credential_id.into(),
        user_id: user.id,
        provider_account_id: credential_id.into(),
        credential_public_key: "pQECAyYgASFYIGmSdQ".into(),
        counter,
        credential_device_type: "multiDevice".into(),
        credential_backed_up: true,
        transports: None,
    }
}

/// Calls `work` on eight threads concurrently.
fn race<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    const THREADS: usize = 8;
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    work()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: authstore::Result<T>, wanted: Constraint) {
    match result {
        Err(Error::Conflict { constraint, .. }) if constraint == wanted => {}
        other => panic!("expected Conflict({wanted:?}), got {other:?}"),
    }
}

#[test]
fn squatter_loses_every_way_in() -> authstore::Result<()> {
    let signin = signin();
    let store = signin.store();
    // An application that does not use `SignIn` has stored an unproved address.
    let (squatter, _) = store.create_user_with_account(
        with_email("ada@example.org", false),
        NewAccount::new("oauth", "evil", "1"),
    )?;
    store.create_authenticator(passkey(&squatter, "c3F1YXR0ZXI", 0))?;
    let (token, _) = signin.begin_session(squatter.id, None, NOW)?;
    let change = signin.create_email_change(squatter.id, "evil@example.org", LATER)?;

    let link = signin.create_email_token("ada@example.org", LATER)?;
    let ada = signin
        .sign_in_with_email_token("ada@example.org", link.expose(), NOW)?
        .expect("the link is valid");

    assert_eq!(ada.user.id, squatter.id);
    assert_eq!(ada.user.email_verified, Some(NOW));
    let removed = ada.removed.expect("something was removed");
    assert_eq!(removed.accounts.len(), 1);
    assert_eq!(removed.authenticators.len(), 1);
    assert_eq!(removed.sessions, 1);

    assert_eq!(store.get_user_by_account("evil", "1")?, None);
    assert_eq!(store.get_authenticator("c3F1YXR0ZXI")?, None);
    assert_eq!(signin.resume_session(token.expose(), NOW)?, None);
    let (id, token) = (squatter.id, change.expose());
    assert_eq!(
        signin.confirm_email_change(id, "evil@example.org", token, NOW)?,
        None
    );
    // The address is now hers, and nothing is removed again.
    assert_eq!(
        signin.sign_in_with_email("ada@example.org", NOW)?.removed,
        None
    );
    Ok(())
}

#[test]
fn address_without_proof_is_not_stored() -> authstore::Result<()> {
    let signin = signin();
    let claimed = with_email("ada@example.org", false);
    let squatter = signin.sign_in_with_account(claimed, github("1"))?;
    assert_eq!(squatter.user.email, None);
    // Its owner gets a user of her own.
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?;
    assert!(ada.created);
    assert_ne!(ada.user.id, squatter.user.id);
    Ok(())
}

#[test]
fn accounts_are_not_linked_by_address() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let claimed = with_email("ada@example.org", true);
    assert_conflict(
        signin.sign_in_with_account(claimed, github("1")),
        Constraint::UserEmail,
    );
    assert_eq!(signin.list_accounts_by_user_id(ada.id)?, []);
    assert_eq!(signin.store().get_user_by_account("github", "1")?, None);
    Ok(())
}

#[test]
fn known_account_gets_the_tokens_given_now() -> authstore::Result<()> {
    let signin = signin();
    let expiring = NewAccount {
        expires_at: Some(1_764_072_000),
        token_type: Some("bearer".into()),
        ..github("1")
    };
    let first = signin.sign_in_with_account(with_email("ada@example.org", true), expiring)?;
    assert!(first.created);
    let again = NewAccount {
        access_token: Some("access-2".into()),
        ..NewAccount::new("oauth", "github", "1")
    };
    let second = signin.sign_in_with_account(NewUser::default(), again)?;
    assert!(!second.created);
    assert_eq!(second.user, first.user);
    let account = signin.get_account("github", "1")?.expect("the account");
    assert_eq!(account.access_token.as_deref(), Some("access-2"));
    assert_eq!(account.refresh_token.as_deref(), Some("refresh-1"));
    assert_eq!(account.token_type.as_deref(), Some("bearer"));
    assert_eq!(account.expires_at, None, "that of the old access token");
    Ok(())
}

#[test]
fn one_of_many_sign_ups_creates_the_user() {
    let signin = signin();
    let by_account = race(|| {
        signin
            .sign_in_with_account(with_email("ada@example.org", true), github("1"))
            .expect("signed in")
    });
    let by_email = race(|| {
        signin
            .sign_in_with_email("grace@example.org", NOW)
            .expect("signed in")
    });
    for people in [by_account, by_email] {
        assert_eq!(people.iter().filter(|person| person.created).count(), 1);
        assert!(people.iter().all(|person| person.user == people[0].user));
    }
}

#[test]
fn planted_session_ends_at_sign_in() -> authstore::Result<()> {
    let signin = signin();
    let evil = signin.sign_in_with_email("evil@example.org", NOW)?.user;
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (planted, _) = signin.begin_session(evil.id, None, NOW)?;
    let (token, _) = signin.begin_session(ada.id, Some(planted.expose()), NOW)?;
    assert_ne!(token.expose(), planted.expose());
    assert_eq!(signin.resume_session(planted.expose(), NOW)?, None);
    let (_, user) = signin
        .resume_session(token.expose(), NOW)?
        .expect("a session");
    assert_eq!(user.id, ada.id);
    Ok(())
}

#[test]
fn rotation_voids_the_token_and_has_one_winner() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (old, session) = signin.begin_session(ada.id, None, NOW)?;
    let rotated = race(|| signin.rotate_session(old.expose(), NOW).expect("rotated"));
    let tokens: Vec<&Secret> = rotated.iter().flatten().collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(signin.resume_session(old.expose(), NOW)?, None);
    let (now, _) = signin
        .resume_session(tokens[0].expose(), NOW)?
        .expect("a session");
    assert_eq!((now.id, now.expires), (session.id, session.expires));
    Ok(())
}

#[test]
fn link_works_once_in_time_and_for_its_address() -> authstore::Result<()> {
    let signin = signin();
    let link = signin.create_email_token("ada@example.org", LATER)?;
    assert!(!signin.use_email_token("evil@example.org", link.expose(), NOW)?);
    let used = race(|| {
        signin
            .use_email_token("ada@example.org", link.expose(), NOW)
            .expect("an answer")
    });
    assert_eq!(used.iter().filter(|used| **used).count(), 1);

    let late = signin.create_email_token("ada@example.org", LATER)?;
    assert!(!signin.use_email_token("ada@example.org", late.expose(), LATER)?);
    assert!(!signin.use_email_token("ada@example.org", late.expose(), NOW)?);
    Ok(())
}

#[test]
fn one_code_for_two_people_is_two_codes() -> authstore::Result<()> {
    let signin = signin();
    let code = Secret::from("123456".to_owned());
    signin.store_email_token("ada@example.org", &code, LATER)?;
    signin.store_email_token("grace@example.org", &code, LATER)?;
    assert!(signin.use_email_token("ada@example.org", "123456", NOW)?);
    assert!(signin.use_email_token("grace@example.org", "123456", NOW)?);
    Ok(())
}

#[test]
fn authjs_uses_the_links_of_this_side() -> authstore::Result<()> {
    let secret = "AUTH_SECRET of the front end".to_owned();
    let signin = signin().with_verification_tokens(VerificationTokens::AuthJs { secret });
    let code = Secret::from("abc".to_owned());
    signin.store_email_token("ada@example.org", &code, LATER)?;
    // printf '%s' 'abcAUTH_SECRET of the front end' | sha256sum
    let stored = "0f5f8f0e5dba2975f33bc51d56a635e9a81bff1a09c23d0cd0d426e8ec6bc847";
    assert!(
        signin
            .store()
            .use_verification_token("ada@example.org", stored)?
            .is_some()
    );
    Ok(())
}

#[test]
fn hijackers_change_of_address_is_void() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let confirm = |email: &str, token: &Secret| {
        signin.confirm_email_change(ada.id, email, token.expose(), NOW)
    };

    let hijack = signin.create_email_change(ada.id, "evil@example.org", LATER)?;
    signin.end_all_sessions(ada.id, None)?;
    assert_eq!(confirm("evil@example.org", &hijack)?, None);

    // A later change voids an earlier one, and a change is valid only for its address and user.
    let earlier = signin.create_email_change(ada.id, "evil@example.org", LATER)?;
    let later = signin.create_email_change(ada.id, "countess@example.org", LATER)?;
    assert_eq!(confirm("evil@example.org", &earlier)?, None);
    assert_eq!(confirm("evil@example.org", &later)?, None);
    let grace = signin.sign_in_with_email("grace@example.org", NOW)?.user;
    let token = later.expose();
    let other = signin.confirm_email_change(grace.id, "countess@example.org", token, NOW)?;
    assert_eq!(other, None);

    let changed = confirm("countess@example.org", &later)?.expect("valid");
    assert_eq!(changed.email.as_deref(), Some("countess@example.org"));
    assert_eq!(confirm("countess@example.org", &later)?, None);
    Ok(())
}

/// A mailer may read such a string as two addresses.
#[test]
fn part_of_an_address_is_not_confirmed() -> authstore::Result<()> {
    let signin = signin();
    let eve = signin.sign_in_with_email("eve@example.org", NOW)?.user;
    for (first, rest) in [("eve+", "ada@example.org"), ("1", "ada@example.org")] {
        let both = format!("{first}{rest}");
        let secret = signin.create_email_change(eve.id, &both, LATER)?;
        let token = secret.expose();
        for (email, token) in [
            (rest, format!("{token} {first}")),
            (rest, format!("{first} {token}")),
            (first, format!("{token}{rest}")),
            (first, format!("{rest}{token}")),
            (first, format!("{rest} {token}")),
        ] {
            assert_eq!(
                signin.confirm_email_change(eve.id, email, &token, NOW)?,
                None
            );
        }
        let changed = signin.confirm_email_change(eve.id, &both, token, NOW)?;
        assert!(changed.is_some());
    }
    Ok(())
}

#[test]
fn leaked_database_holds_no_live_token() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (token, session) = signin.begin_session(ada.id, None, NOW)?;
    let stored = &signin.store().list_sessions_by_user_id(ada.id)?[0];
    assert_eq!(stored, &session);
    assert!(!stored.session_token.contains(token.expose()));
    // The stored value does not work as a token.
    assert_eq!(signin.resume_session(&stored.session_token, NOW)?, None);
    assert!(signin.resume_session(token.expose(), NOW)?.is_some());
    Ok(())
}

#[test]
fn stray_cookies_find_nothing() -> authstore::Result<()> {
    let long = "x".repeat(900);
    for tokens in [SessionTokens::Hashed, SessionTokens::Plain] {
        let signin = signin().with_session_tokens(tokens);
        for cookie in ["", long.as_str(), "nul\0", "sha256:", "é"] {
            assert_eq!(signin.resume_session(cookie, NOW)?, None, "{cookie:?}");
            assert!(!signin.end_session(cookie)?);
            assert!(signin.rotate_session(cookie, NOW)?.is_none());
            assert!(!signin.use_email_token(cookie, cookie, NOW)?);
        }
    }
    Ok(())
}

#[test]
fn session_lives_for_its_lifetime() -> authstore::Result<()> {
    let signin = signin().with_session_lifetime(SessionLifetime {
        idle: Duration::hours(2),
        absolute: Duration::hours(5),
        renew_after: Duration::minutes(30),
    });
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let began = NOW;
    let (token, session) = signin.begin_session(ada.id, None, began)?;
    assert_eq!(
        session.created_at(),
        Some(began),
        "the caller's clock counts"
    );
    let resume = |minutes: i64| {
        let now = began + Duration::minutes(minutes);
        let resumed = signin.resume_session(token.expose(), now);
        resumed.map(|found| found.map(|(session, _)| session.expires))
    };
    assert_eq!(resume(29)?, Some(session.expires), "not due yet");
    let renewed = resume(100)?.expect("live");
    assert!(renewed > session.expires);
    let last = resume(210)?.expect("live");
    assert_eq!(last, began + Duration::hours(5));
    assert_eq!(
        resume(299)?,
        Some(last),
        "the absolute lifetime has been reached"
    );
    assert_eq!(resume(301)?, None);

    let (idle, _) = signin.begin_session(ada.id, None, began)?;
    let later = began + Duration::hours(2);
    assert_eq!(signin.resume_session(idle.expose(), later)?, None);
    Ok(())
}

#[test]
fn session_in_use_outlives_a_short_idle_lifetime() -> authstore::Result<()> {
    let signin = signin().with_session_lifetime(SessionLifetime {
        idle: Duration::hours(1),
        ..SessionLifetime::default()
    });
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (token, _) = signin.begin_session(ada.id, None, NOW)?;
    for half_hours in 1..10 {
        let now = NOW + Duration::minutes(30 * half_hours);
        assert!(signin.resume_session(token.expose(), now)?.is_some());
    }
    Ok(())
}

#[test]
fn clock_that_goes_back_ends_no_session() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let long_ago = NOW - Duration::days(365);
    let (plain, session) = signin.begin_session(ada.id, None, NOW)?;
    let (detailed, _) = signin.begin_session_with_details(ada.id, None, None, None, NOW)?;
    for token in [plain, detailed] {
        let (then, _) = signin
            .resume_session(token.expose(), long_ago)?
            .expect("live");
        assert_eq!(then.expires, session.expires);
        assert!(signin.resume_session(token.expose(), LATER)?.is_some());
    }
    Ok(())
}

#[test]
fn locked_session_is_live_or_none() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (token, session) = signin.begin_session(ada.id, None, NOW)?;
    let locked = signin.lock_session(token.expose(), LATER)?;
    assert_eq!(locked, Some((session.clone(), ada)));
    assert_eq!(signin.lock_session("stray", LATER)?, None);
    assert_eq!(signin.lock_session(token.expose(), session.expires)?, None);
    signin.end_session(token.expose())?;
    assert_eq!(signin.lock_session(token.expose(), LATER)?, None);
    Ok(())
}

#[test]
fn only_plain_addresses_get_links() -> authstore::Result<()> {
    let signin = signin();
    let user = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    for email in [
        "eve@evil.example,ada@example.org",
        "eve@evil.example;ada@example.org",
        "\"ada@example.org\" <eve@evil.example>",
        "\"ada@example.org\"@evil.example",
        "ada@example.org <eve@evil.example>",
        "<ada@example.org>",
        "friends: ada@example.org",
        "(eve)ada@example.org",
        "ada\\@example.org",
        "ada@example.org\r\nBcc: eve@evil.example",
        "ada@example.org eve@evil.example",
        " ada@example.org",
        "ada\u{a0}@example.org",
        "ada@evil.example@example.org",
        "@example.org",
        "ada@",
        "ada",
        "",
    ] {
        let refused = |result: Result<(), Error>| match result {
            Err(Error::Invalid { field, .. }) => field == "email",
            _ => false,
        };
        let link = signin.create_email_token(email, LATER).map(drop);
        assert!(refused(link), "{email:?}");
        let change = signin.create_email_change(user.id, email, LATER).map(drop);
        assert!(refused(change), "{email:?}");
        let signed_in = signin.sign_in_with_email(email, NOW).map(drop);
        assert!(refused(signed_in), "{email:?}");
    }
    for email in [
        "ada@example.org",
        "Ada.Lovelace+news@example.org",
        "o'hara!#$%&*/=?^_`{|}~-@example.org",
        "josé@exämple.org",
        "ada@localhost",
        "ada@[192.0.2.1]",
    ] {
        signin.create_email_token(email, LATER)?;
    }
    Ok(())
}

#[test]
fn codes_are_voided_however_the_address_is_written() -> authstore::Result<()> {
    let signin = signin().with_addresses(Addresses::Lowercase);
    let user = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let change = signin.create_email_change(user.id, "new@example.org", LATER)?;
    for code in ["111111", "222222"] {
        signin.store_email_token("Ada@example.org", &Secret::from(code.to_owned()), LATER)?;
    }
    let identifier = format!("email-change:{}", user.id);
    assert_eq!(signin.void_email_tokens(&identifier)?, 0);
    assert_eq!(signin.void_email_tokens("ADA@example.org")?, 2);
    assert!(!signin.use_email_token("ada@example.org", "111111", NOW)?);
    let changed = signin.confirm_email_change(user.id, "new@example.org", change.expose(), NOW)?;
    assert!(changed.is_some(), "a change of address is no link");
    Ok(())
}

#[test]
fn endless_session_lives_until_the_last_year() -> authstore::Result<()> {
    let signin = signin().with_session_lifetime(SessionLifetime {
        idle: Duration::MAX,
        absolute: Duration::MAX,
        renew_after: Duration::hours(1),
    });
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let (token, session) = signin.begin_session(ada.id, None, NOW)?;
    assert_eq!(session.expires, datetime!(9999-12-31 23:59:59 UTC));
    let later = NOW + Duration::days(365_000);
    assert!(signin.resume_session(token.expose(), later)?.is_some());
    Ok(())
}

#[test]
fn hashing_in_place_keeps_everyone_signed_in() -> authstore::Result<()> {
    let signin = signin();
    let store = signin.store();
    for number in 0..3 {
        let user = store.create_user(NewUser::default())?;
        let token = format!("plain-{number}");
        store.create_session(NewSession::new(user.id, token, NOW + Duration::days(1)))?;
    }
    assert_eq!(signin.hash_session_tokens()?, 3);
    assert_eq!(signin.hash_session_tokens()?, 0);
    for number in 0..3 {
        let token = format!("plain-{number}");
        assert!(signin.resume_session(&token, NOW)?.is_some());
        assert_eq!(store.get_session_and_user(&token)?, None);
    }
    let plain = signin.clone().with_session_tokens(SessionTokens::Plain);
    assert!(matches!(
        plain.hash_session_tokens(),
        Err(Error::Invalid {
            field: "session_tokens",
            ..
        })
    ));
    Ok(())
}

#[test]
fn lower_case_addresses_are_one() -> authstore::Result<()> {
    let signin = signin();
    let store = signin.store();
    let ada = store.create_user(with_email("Ada@Example.org", true))?;
    let collide = store.create_user(with_email("ada@example.org", true))?;
    store.create_user(with_email("grace@example.org", true))?;
    let collisions = signin.email_collisions()?;
    assert_eq!(collisions.len(), 1);
    assert_eq!(collisions[0].email, "ada@example.org");
    assert_eq!(collisions[0].users, [ada.id, collide.id]);
    assert_conflict(signin.lowercase_emails(), Constraint::UserEmail);

    store.delete_user(collide.id)?;
    assert_eq!(signin.email_collisions()?, []);
    assert_eq!(signin.lowercase_emails()?, 1);
    let signin = signin.with_addresses(Addresses::Lowercase);
    let found = signin.sign_in_with_email("ADA@example.org", NOW)?;
    assert_eq!(found.user.id, ada.id);
    let claimed = with_email("GRACE@example.org", true);
    assert_conflict(
        signin.sign_in_with_account(claimed, github("1")),
        Constraint::UserEmail,
    );
    Ok(())
}

/// The pages of users are read before they are changed.
#[test]
fn address_confirmed_meanwhile_is_kept_in_lower_case() -> authstore::Result<()> {
    let signin = interrupted("list_users", |store| {
        let ada = store.get_user_by_email("Ada@old.org").expect("a read");
        let changes = UserChanges {
            email: Change::set("ada@new.org"),
            ..UserChanges::default()
        };
        store
            .update_user(ada.expect("Ada").id, changes)
            .expect("a change");
        let grace = store.get_user_by_email("Grace@old.org").expect("a read");
        store
            .delete_user(grace.expect("Grace").id)
            .expect("a deletion");
    });
    let store = signin.store();
    let ada = store.create_user(with_email("Ada@old.org", true))?;
    store.create_user(with_email("Grace@old.org", true))?;
    store.create_user(with_email("Eve@old.org", true))?;
    assert_eq!(signin.lowercase_emails()?, 1);
    let ada = store.get_user(ada.id)?.expect("Ada");
    assert_eq!(ada.email.as_deref(), Some("ada@new.org"));
    assert!(store.get_user_by_email("eve@old.org")?.is_some());
    Ok(())
}

#[test]
fn copied_passkey_is_found_out() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    // Standard base64 with padding, as Auth.js stores it.
    let id = "KEDetxZcUfin+Vi6Za5/ZQ==";
    let known = signin.store().create_authenticator(passkey(&ada, id, 7))?;
    let used = signin.sign_in_with_authenticator(&known, 8, false)?;
    assert_eq!(used.expect("known").user, ada);
    for replayed in [8, 7, 0] {
        assert_conflict(
            signin.sign_in_with_authenticator(&known, replayed, true),
            Constraint::AuthenticatorCounter,
        );
    }
    let stored = signin.store().get_authenticator(id)?.expect("there");
    assert_eq!((stored.counter, stored.credential_backed_up), (8, false));

    // A synced passkey reports 0 forever.
    let synced = signin
        .store()
        .create_authenticator(passkey(&ada, "c3luY2Vk", 0))?;
    for _ in 0..2 {
        assert!(
            signin
                .sign_in_with_authenticator(&synced, 0, true)?
                .is_some()
        );
    }
    let unknown = passkey(&ada, "dW5rbm93bg==", 0);
    assert_eq!(signin.sign_in_with_authenticator(&unknown, 1, true)?, None);
    Ok(())
}

#[test]
fn token_of_a_change_of_address_signs_no_one_in() -> authstore::Result<()> {
    for tokens in [VerificationTokens::Hashed, VerificationTokens::Plain] {
        let signin = signin().with_verification_tokens(tokens);
        let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
        let token = signin.create_email_change(ada.id, "new@example.org", LATER)?;
        let identifier = format!("email-change:{}", ada.id);
        let hashed = format!("{} new@example.org", token.expose());
        for given in [token.expose(), &hashed] {
            let used = signin.sign_in_with_email_token(&identifier, given, NOW)?;
            assert_eq!(used, None);
        }
        let changed =
            signin.confirm_email_change(ada.id, "new@example.org", token.expose(), NOW)?;
        assert!(changed.is_some());
    }
    Ok(())
}

#[test]
fn session_that_moves_while_it_is_resumed_has_its_new_user() -> authstore::Result<()> {
    let due = NOW + Duration::days(2);
    let signin = interrupted("get_session_and_user", |store| {
        let grace = store.get_user_by_email("grace@example.org").expect("read");
        for session in store
            .list_users(None, 10)
            .expect("a list")
            .iter()
            .flat_map(|user| store.list_sessions_by_user_id(user.id).expect("a list"))
        {
            let changes = SessionChanges {
                user_id: grace.as_ref().map(|grace| grace.id),
                ..SessionChanges::default()
            };
            store
                .update_session(&session.session_token, changes)
                .expect("moved");
        }
    });
    let store = signin.store();
    let ada = store.create_user(with_email("ada@example.org", true))?;
    let grace = store.create_user(with_email("grace@example.org", true))?;
    let (token, _) = signin.begin_session(ada.id, None, NOW)?;
    let (session, user) = signin.resume_session(token.expose(), due)?.expect("live");
    assert_eq!((session.user_id, user), (grace.id, grace));
    Ok(())
}

#[test]
fn address_that_changes_during_the_sign_in_is_kept() -> authstore::Result<()> {
    let signin = interrupted("get_user_by_email", |store| {
        let squatter = store.list_users(None, 1).expect("a list").remove(0);
        let changes = UserChanges {
            email: Change::set("grace@example.org"),
            email_verified: Change::Set(NOW),
            ..UserChanges::default()
        };
        store.update_user(squatter.id, changes).expect("changed");
    });
    let store = signin.store();
    let grace = store.create_user(with_email("ada@example.org", false))?;
    store.link_account(grace.id, github("1"))?;
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?;
    assert!(ada.created, "{ada:?}");
    let grace = store.get_user(grace.id)?.expect("there");
    assert_eq!(grace.email.as_deref(), Some("grace@example.org"));
    assert_eq!(store.list_accounts_by_user_id(grace.id)?.len(), 1);
    Ok(())
}

/// Between verifying the signature and signing in, the passkey was deleted and registered anew.
#[test]
fn signature_of_an_earlier_passkey_signs_no_one_in() -> authstore::Result<()> {
    let signin = signin();
    let ada = signin.sign_in_with_email("ada@example.org", NOW)?.user;
    let grace = signin.sign_in_with_email("grace@example.org", NOW)?.user;
    let store = signin.store();
    let verified = store.create_authenticator(passkey(&ada, "a2V5", 7))?;
    let same_user = Authenticator {
        credential_public_key: "another".to_owned(),
        ..verified.clone()
    };
    for registered in [passkey(&grace, "a2V5", 7), same_user] {
        store.delete_authenticator("a2V5")?;
        store.create_authenticator(registered.clone())?;
        assert_eq!(
            signin.sign_in_with_authenticator(&verified, 8, false)?,
            None
        );
    }
    Ok(())
}

#[test]
fn provider_tokens_are_encrypted_at_rest() -> authstore::Result<()> {
    let plain = signin();
    let old = plain.clone().with_cipher(KeyRing::new("old", [1; 32]));
    let new = plain
        .clone()
        .with_cipher(KeyRing::new("new", [2; 32]).with_old_key("old", [1; 32]));
    let full = |id: &str| NewAccount {
        refresh_token: Some("secret-1".into()),
        access_token: Some("secret-2".into()),
        id_token: Some("secret-3".into()),
        session_state: Some("secret-4".into()),
        oauth_token_secret: Some("secret-5".into()),
        oauth_token: Some("secret-6".into()),
        ..NewAccount::new("oauth", "github", id)
    };
    plain.sign_in_with_account(NewUser::default(), full("plain"))?;
    let user = old.sign_in_with_account(NewUser::default(), full("old"))?;
    new.link_account(user.user.id, full("new"))?;
    for id in ["plain", "old", "new"] {
        let account = new.get_account("github", id)?.expect("there");
        assert_eq!(account.refresh_token.as_deref(), Some("secret-1"));
        assert_eq!(account.oauth_token.as_deref(), Some("secret-6"));
    }
    for id in ["old", "new"] {
        let stored = plain.get_account("github", id)?.expect("there");
        for token in [
            stored.refresh_token,
            stored.access_token,
            stored.id_token,
            stored.session_state,
            stored.oauth_token_secret,
            stored.oauth_token,
        ] {
            let token = token.expect("a token");
            assert!(token.starts_with(&format!("enc:{id}:")), "{token}");
        }
    }

    // An update encrypts the fields that it sets under the current key, and keeps the others.
    let changes = AccountChanges {
        access_token: Change::set("secret-7"),
        oauth_token: Change::Clear,
        ..AccountChanges::default()
    };
    let updated = new.update_account("github", "old", changes)?;
    assert_eq!(updated.access_token.as_deref(), Some("secret-7"));
    assert_eq!(updated.refresh_token.as_deref(), Some("secret-1"));
    assert_eq!(updated.oauth_token, None);
    assert_eq!(new.get_account("github", "old")?, Some(updated));
    let stored = plain.get_account("github", "old")?.expect("there");
    let key_of = |token: Option<String>| token.map(|token| token[..8].to_owned());
    assert_eq!(key_of(stored.access_token).as_deref(), Some("enc:new:"));
    assert_eq!(key_of(stored.refresh_token).as_deref(), Some("enc:old:"));

    // A value that was moved to another row does not decrypt, and the error does not show it.
    let stolen = plain.get_account("github", "old")?.expect("there");
    let moved = AccountChanges {
        access_token: stolen.access_token.into(),
        ..AccountChanges::default()
    };
    plain.store().update_account("github", "new", moved)?;
    let error = new.get_account("github", "new").expect_err("moved");
    assert_eq!(
        error.to_string(),
        "database error: could not decrypt Account.access_token"
    );

    // A token that was stored without a cipher, and only looks like an encrypted one.
    let alike = |token: &str| AccountChanges {
        access_token: Change::set(token),
        ..AccountChanges::default()
    };
    plain.update_account("github", "new", alike("enc:ya29/secret:8"))?;
    let account = new.get_account("github", "new")?.expect("there");
    assert_eq!(account.access_token.as_deref(), Some("enc:ya29/secret:8"));
    plain.update_account("github", "new", alike("enc:ya29.secret:8888"))?;
    let error = new.get_account("github", "new").expect_err("no such key");
    let cause = std::error::Error::source(&error).expect("a cause");
    assert!(!cause.to_string().contains("secret"), "{cause}");
    Ok(())
}

#[test]
fn one_of_many_refreshes_wins() -> authstore::Result<()> {
    let plain = signin();
    let encrypted = plain.clone().with_cipher(KeyRing::new("1", [1; 32]));
    for (signin, id) in [(plain, "plain"), (encrypted, "encrypted")] {
        signin.sign_in_with_account(NewUser::default(), github(id))?;
        let changes = AccountChanges {
            refresh_token: Change::set("refresh-2"),
            access_token: Change::set("access-2"),
            ..AccountChanges::default()
        };
        let refreshed = race(|| {
            signin
                .refresh_account("github", id, "refresh-1", changes.clone())
                .expect("an answer")
        });
        assert_eq!(refreshed.iter().flatten().count(), 1, "{id}");
        let account = signin.get_account("github", id)?.expect("there");
        assert_eq!(account.refresh_token.as_deref(), Some("refresh-2"));
    }
    Ok(())
}

#[test]
fn debug_shows_no_secret() -> authstore::Result<()> {
    let signin = signin()
        .with_verification_tokens(VerificationTokens::AuthJs {
            secret: "AUTH_SECRET".into(),
        })
        .with_cipher(KeyRing::new("1", *b"a key of thirty-two bytes, no ot"));
    let secret = Secret::generate();
    let text = format!("{signin:?} {secret:?}");
    for hidden in ["AUTH_SECRET", "a key", "97, 32", secret.expose()] {
        assert!(!text.contains(hidden), "{text}");
    }
    Ok(())
}
