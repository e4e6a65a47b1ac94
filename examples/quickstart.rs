//! What the library does, step by step, on a real database.
//!
//!     cargo run --example quickstart              # on the SQLite file authstore-quickstart.db
//!     cargo run --example quickstart --features postgres -- URL       # on a server; or --features mysql
//!
//! Run it as often as you like: Ada signs up the first time, and signs in afterwards.

use std::error::Error;

use authstore::signin::{SignIn, SignedIn};
use authstore::{AuthStore, Change, NewAccount, NewUser, User, UserChanges};
use time::{Duration, OffsetDateTime};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "sqlite:authstore-quickstart.db".into());

    println!("1. Open the database and bring its schema up to date.");
    let store = AuthStore::connect(&url)?;
    let steps = store.migrate()?;
    for step in &steps {
        println!("   {step}");
    }
    println!("   {} migration(s) applied", steps.len());
    // The store stores what it gets. `SignIn` decides what that is: hashes of tokens, and only verified addresses.
    let signin = SignIn::new(store);

    println!("2. Ada signs in with GitHub.");
    let ada = sign_in_with_github(&signin)?;

    println!("3. Her browser gets a session, which identifies her afterwards.");
    let cookie = begin_session(&signin, &ada)?;
    greet(&signin, &cookie)?;
    greet(&signin, "a token that no one was given")?;

    println!("4. Grace signs in with a link that she gets by email.");
    let grace = sign_in_by_link(&signin, "grace@example.org")?;
    begin_session(&signin, &grace)?;

    println!("5. Grace may not take Ada's email address.");
    let changes = UserChanges {
        email: ada.email.clone().into(),
        // She has not proved that it is hers. `SignIn::create_email_change` would let her do that.
        email_verified: Change::Clear,
        ..UserChanges::default()
    };
    match signin.store().update_user(grace.id, changes) {
        Err(error @ authstore::Error::Conflict { .. }) => println!("   rejected: {error}"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("two users have one email address".into()),
    }

    println!("6. Both sign out, everywhere.");
    for user in [ada, grace] {
        let sessions = signin.end_all_sessions(user.id, None)?;
        println!("   {}: {sessions} session(s) ended", name(&user));
    }
    greet(&signin, &cookie)?;

    println!("7. Expired rows are deleted, as an hourly job would do.");
    let swept = signin
        .store()
        .delete_expired(OffsetDateTime::now_utc(), 1_000)?;
    println!(
        "   {} session(s), {} verification token(s) and {} challenge(s)",
        swept.sessions, swept.verification_tokens, swept.challenges
    );

    println!("\nAll of this is now in {}.", place(&url));
    Ok(())
}

/// What a program does when GitHub has redirected someone back, the `state` matches, and GitHub has said who it is.
fn sign_in_with_github(signin: &SignIn) -> authstore::Result<User> {
    let SignedIn { user, created, .. } = signin.sign_in_with_account(
        NewUser {
            name: Some("Ada Lovelace".into()),
            email: Some("ada@example.org".into()),
            // GitHub says that it has verified the address; otherwise it would not be stored.
            email_verified: Some(OffsetDateTime::now_utc()),
            image: Some("https://avatars.githubusercontent.com/u/583231".into()),
            ..NewUser::default()
        },
        NewAccount {
            access_token: Some("what GitHub calls an access token".into()),
            token_type: Some("bearer".into()),
            scope: Some("read:user,user:email".into()),
            ..NewAccount::new("oauth", "github", "583231")
        },
    )?;
    if created {
        println!("   {} signed up as user {}", name(&user), user.id);
    } else {
        println!("   {} was here before: no need to sign up", name(&user));
    }
    Ok(user)
}

/// Begins a session, and returns the token for the browser's cookie. The database gets only its hash.
///
/// If the browser sent a session's token, pass it instead of `None`: that session ends.
fn begin_session(signin: &SignIn, user: &User) -> authstore::Result<String> {
    let now = OffsetDateTime::now_utc();
    let (token, session) = signin.begin_session(user.id, None, now)?;
    println!(
        "   {} has a session until {}",
        name(user),
        session.expires.date()
    );
    Ok(token.into_exposed())
}

/// What a program does at every request: who is this?
fn greet(signin: &SignIn, cookie: &str) -> authstore::Result<()> {
    match signin.resume_session(cookie, OffsetDateTime::now_utc())? {
        Some((_, user)) => println!("   \"Hello, {}.\"", name(&user)),
        None => println!("   \"Hello, stranger. Please sign in.\""),
    }
    Ok(())
}

/// What a program does when someone asks for a link, and then presses the button on the page that it opens.
fn sign_in_by_link(signin: &SignIn, email: &str) -> Result<User, Box<dyn Error>> {
    let now = OffsetDateTime::now_utc();
    let link = signin.create_email_token(email, now + Duration::minutes(15))?;
    println!("   a link for {email} is on its way");

    let Some(signed_in) = signin.sign_in_with_email_token(email, link.expose(), now)? else {
        return Err("the link does not work".into());
    };
    println!("   the link works");
    match signin.sign_in_with_email_token(email, link.expose(), now)? {
        None => println!("   the same link a second time: it was used already"),
        Some(_) => return Err("the link worked twice".into()),
    }

    let changes = UserChanges {
        name: Change::set("Grace Hopper"),
        ..UserChanges::default()
    };
    let user = signin.store().update_user(signed_in.user.id, changes)?;
    println!("   {} is signed in", name(&user));
    Ok(user)
}

fn name(user: &User) -> &str {
    user.name.as_deref().unwrap_or("someone")
}

/// Returns the URL's database, without anything that may be a password: that may be before the host, or an option.
fn place(url: &str) -> &str {
    let url = url.split('?').next().unwrap_or_default();
    url.rsplit_once('@').map_or(url, |(_, place)| place)
}
