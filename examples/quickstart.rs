//! What the library is for, step by step, on a real database.
//!
//!     cargo run --example quickstart              # on the SQLite file authstore-quickstart.db
//!     cargo run --example quickstart --features postgres -- URL       # on a server; or --features mysql
//!
//! Run it as often as you like: Ada signs up the first time, and signs in from then on.

use std::error::Error;

use authstore::{AuthStore, NewAccount, NewSession, NewUser, User, UserChanges, VerificationToken};
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
    println!("   {} step(s) taken, and the tables are there", steps.len());

    println!("2. Ada signs in with GitHub.");
    let ada = sign_in_with_github(&store)?;

    println!("3. Her browser gets a session, and is known by it from then on.");
    let cookie = open_session(&store, &ada)?;
    greet(&store, &cookie)?;
    greet(&store, "a token that nobody was given")?;

    println!("4. Grace signs in by a link that she is sent by e-mail.");
    let grace = sign_in_by_magic_link(&store, "grace@example.org")?;
    open_session(&store, &grace)?;

    println!("5. Grace may not take Ada's e-mail address.");
    let changes = UserChanges {
        email: ada.email.clone().into(),
        ..UserChanges::default()
    };
    match store.update_user(grace.id, changes) {
        Err(error @ authstore::Error::Conflict { .. }) => println!("   refused: {error}"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("two users have one e-mail address".into()),
    }

    println!("6. Both sign out, everywhere.");
    for user in [ada, grace] {
        let sessions = store.delete_sessions_by_user_id(user.id, None)?;
        println!("   {}: {sessions} session(s) ended", name(&user));
    }
    greet(&store, &cookie)?;

    println!("7. What has expired is swept away, as an hourly job would do.");
    let swept = store.delete_expired(OffsetDateTime::now_utc(), 1_000)?;
    println!(
        "   {} session(s) and {} verification token(s)",
        swept.sessions, swept.verification_tokens
    );

    println!("\nAll of this is now in {}.", place(&url));
    Ok(())
}

/// What a program does when GitHub has sent somebody back, and said who it is.
fn sign_in_with_github(store: &AuthStore) -> authstore::Result<User> {
    let github_id = "583231";
    if let Some(user) = store.get_user_by_account("github", github_id)? {
        println!("   {} was here before: no need to sign up", name(&user));
        return Ok(user);
    }
    // User and account are stored together or not at all: nobody is left who cannot sign in.
    let (user, account) = store.create_user_with_account(
        NewUser {
            name: Some("Ada Lovelace".into()),
            email: Some("ada@example.org".into()),
            image: Some("https://avatars.githubusercontent.com/u/583231".into()),
            ..NewUser::default()
        },
        NewAccount {
            access_token: Some(random_token()),
            token_type: Some("bearer".into()),
            scope: Some("read:user,user:email".into()),
            ..NewAccount::new("oauth", "github", github_id)
        },
    )?;
    println!(
        "   {} signed up as user {}, with account {} at {}",
        name(&user),
        user.id,
        account.provider_account_id,
        account.provider
    );
    Ok(user)
}

/// Signs a user in for 30 days, and returns what belongs in the browser's cookie.
fn open_session(store: &AuthStore, user: &User) -> authstore::Result<String> {
    let expires = OffsetDateTime::now_utc() + Duration::days(30);
    let session = store.create_session(NewSession::new(user.id, random_token(), expires))?;
    println!(
        "   {} has a session until {}",
        name(user),
        session.expires.date()
    );
    Ok(session.session_token)
}

/// What a program does at every request: who is this?
fn greet(store: &AuthStore, cookie: &str) -> authstore::Result<()> {
    match store.get_session_and_user(cookie)? {
        Some((session, user)) if !session.is_expired(OffsetDateTime::now_utc()) => {
            println!("   \"Hello, {}.\"", name(&user));
        }
        _ => println!("   \"Hello, stranger. Please sign in.\""),
    }
    Ok(())
}

/// What a program does when somebody asks for a link, and then opens it.
fn sign_in_by_magic_link(store: &AuthStore, email: &str) -> Result<User, Box<dyn Error>> {
    let secret = random_token();
    let expires = OffsetDateTime::now_utc() + Duration::minutes(15);
    store.create_verification_token(VerificationToken::new(email, &secret, expires))?;
    println!("   a link for {email} is on its way");

    let now = OffsetDateTime::now_utc();
    match store.use_verification_token(email, &secret)? {
        Some(token) if !token.is_expired(now) => println!("   the link works"),
        _ => return Err("the link does not work".into()),
    }
    match store.use_verification_token(email, &secret)? {
        None => println!("   the same link a second time: it was used already"),
        Some(_) => return Err("the link worked twice".into()),
    }

    // Whoever opened the link reads this address: it is verified.
    let user = match store.get_user_by_email(email)? {
        Some(user) => store.update_user(
            user.id,
            UserChanges {
                email_verified: authstore::Change::Set(now),
                ..UserChanges::default()
            },
        )?,
        None => store.create_user(NewUser {
            name: Some("Grace Hopper".into()),
            email: Some(email.into()),
            email_verified: Some(now),
            ..NewUser::default()
        })?,
    };
    println!("   {} is signed in", name(&user));
    Ok(user)
}

/// 128 random bits from a generator fit for secrets.
fn random_token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn name(user: &User) -> &str {
    user.name.as_deref().unwrap_or("somebody")
}

/// The database without what may be a password.
fn place(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, place)| place)
}
