//! A guide, from opening a store to writing your own backend.
//!
//! [Opening](#opening-a-store) · [migrating](#migrating) · [signing up](#signing-up-and-signing-in) ·
//! [sessions](#sessions) · [magic links](#magic-links) · [passkeys](#passkeys) · [your own
//! tables](#your-own-tables-in-one-transaction) · [changing](#changing-what-is-stored) ·
//! [errors](#errors) · [expiry](#expiry) · [threads and async](#threads-and-async) · [choosing a
//! database](#choosing-a-database) · [values](#values) · [watching](#watching-a-store) · [in
//! production](#in-production) · [other backends](#other-backends)
//!
//! # Opening a store
//!
//! To open the database at a URL from your program's settings, call [`AuthStore::connect`]:
//!
//! ```
//! # fn main() -> authstore::Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let url = format!("sqlite:{}/auth.db?pool_size=4", folder.path().display());
//! # /*
//! let url = std::env::var("DATABASE_URL").unwrap_or("sqlite:auth.db?pool_size=4".into());
//! # */
//! let store = authstore::AuthStore::connect(&url)?;
//! store.ping()?;
//! # Ok(())
//! # }
//! ```
//!
//! To set options in code, where the compiler checks them, use the options type of the database:
//!
//! ```
//! use authstore::{AuthStore, SqliteOptions, Synchronous};
//!
//! # fn main() -> authstore::Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let path = folder.path().join("auth.db");
//! # /*
//! let path = "auth.db";
//! # */
//! let options = SqliteOptions::file(path).pool_size(4).synchronous(Synchronous::Normal);
//! let store = AuthStore::new(options.open()?);
//! # store.ping()?;
//! # Ok(())
//! # }
//! ```
//!
//! Open one store when the program starts, and clone it to wherever you need it: clones share one pool of connections.
//! A wrong URL, option or password is reported immediately. Broken connections are replaced automatically.
//!
//! # Migrating
//!
//! [`AuthStore::migrate`] brings the tables up to date, and does nothing if they already are. Call it whenever the
//! program starts; any number of processes may do so concurrently. It rejects a database that a newer version of the
//! program has migrated. To migrate when you deploy instead, run the command `authstore migrate up` (feature `cli`).
//!
//! To adopt a database that Auth.js created, use [`Migrator::adopt`](migration::Migrator::adopt) or the command
//! `authstore migrate adopt --apply`, once. `docs/authjs.md` in the repository shows how.
//!
//! Everything else about the schema is in [`migration`]: its status, reverting, the SQL to review, and your
//! application's own migrations. The same runner applies them, and they may refer to the tables of this crate:
//!
//! ```
//! use authstore::AuthStore;
//! use authstore::migration::Series;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # std::fs::write(
//! #     folder.join("0001_create_team.up.sql"),
//! #     "CREATE TABLE team (owner text REFERENCES \"User\" (id));",
//! # )?;
//! # /*
//! let folder = "db/migrations"; // 0001_create_team.up.sql, 0001_create_team.down.sql, ...
//! # */
//! let store = AuthStore::connect("sqlite::memory:")?;
//! store.migrate()?;
//! if let Some(migrator) = store.migrator() {
//!     let own = migrator.with_series(Series::from_dir("teams", folder)?);
//!     for step in own.up()? {
//!         println!("{step}"); // teams 0001_create_team up (1 ms)
//!     }
//! #   assert!(own.up()?.is_empty());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Signing up and signing in
//!
//! [`SignIn`](signin::SignIn) wraps a store and makes the decisions of a sign-in, safely by default. Its module lists
//! the [threats](signin#threats), what `SignIn` does about each, and what you have to do yourself. The name of the
//! provider and its ID for the user identify an account:
//!
//! ```
//! use authstore::signin::SignIn;
//! use authstore::{AuthStore, Constraint, Error, NewAccount, NewUser};
//! use time::OffsetDateTime;
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::connect("sqlite::memory:")?;
//! store.migrate()?;
//! let signin = SignIn::new(store);
//!
//! # let provider_says_verified = true;
//! let profile = NewUser {
//!     name: Some("Ada".into()),
//!     email: Some("ada@example.org".into()),
//!     // Without this the address is not stored: no one has proved it.
//!     email_verified: provider_says_verified.then(OffsetDateTime::now_utc),
//!     ..NewUser::default()
//! };
//! let google = NewAccount {
//!     access_token: Some("ya29.a0AfH6S".into()),
//!     refresh_token: Some("1//0gFf".into()),
//!     expires_at: Some(1_795_000_000), // seconds since 1970
//!     ..NewAccount::new("oidc", "google", "110169484474386276334")
//! };
//! match signin.sign_in_with_account(profile, google) {
//!     Ok(signed_in) if signed_in.created => println!("Welcome!"),
//!     Ok(_) => println!("Welcome back!"),
//!     // Another user has the address. Anyone can claim an address at some provider, so it does not sign them in.
//!     Err(Error::Conflict { constraint: Constraint::UserEmail, .. }) => {
//!         println!("Please sign in with a link first, then link your Google account.");
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! To link another account to a user who is signed in, call [`link_account`](signin::SignIn::link_account). To remove
//! one, call [`unlink_account_of_user`](AuthStore::unlink_account_of_user); with `keep_last`, it never removes the
//! user's last way to sign in. After refreshing an access token, store the new tokens with
//! [`refresh_account`](signin::SignIn::refresh_account). It writes nothing if another request was faster, because a
//! provider voids a refresh token once it is used.
//!
//! To encrypt the tokens of accounts at rest, give the `SignIn` a [`TokenCipher`](signin::TokenCipher).
//!
//! # Sessions
//!
//! A session means that a browser is signed in. The browser's cookie holds its token, the database only the token's
//! hash:
//!
//! ```
//! use authstore::signin::SignIn;
//! # use authstore::{AuthStore, NewUser};
//! use time::OffsetDateTime;
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let signin = SignIn::new(store);
//! # let ada = signin.store().create_user(NewUser::default())?;
//! # let cookie_that_was_sent: Option<&str> = None;
//! let now = OffsetDateTime::now_utc();
//! // Every sign-in creates a new token, and ends the session that the browser had.
//! let (token, _session) = signin.begin_session(ada.id, cookie_that_was_sent, now)?;
//! let cookie = token.expose();
//!
//! // At every request. It also extends the session, but does not write each time.
//! let signed_in = signin.resume_session(cookie, now)?;
//! assert_eq!(signed_in.map(|(_, user)| user.id), Some(ada.id));
//!
//! signin.end_session(cookie)?; // sign out here
//! signin.end_all_sessions(ada.id, None)?; // sign out everywhere
//! assert_eq!(signin.resume_session(cookie, now)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! [`SessionLifetime`](signin::SessionLifetime) sets the idle and the total lifetime of a session. For a page "where
//! you are signed in", begin sessions with [details](signin::SignIn::begin_session_with_details), list them with
//! [`list_sessions_with_details_by_user_id`](AuthStore::list_sessions_with_details_by_user_id), and end one by its ID
//! with [`delete_session_of_user`](AuthStore::delete_session_of_user). The page needs no token.
//!
//! An Auth.js front end looks sessions up by the token itself. If it shares your sessions, choose
//! [`SessionTokens::Plain`](signin::SessionTokens::Plain).
//!
//! # Magic links
//!
//! A link proves that a user can read an email address. It works once: if several requests use it concurrently, exactly
//! one gets in.
//!
//! ```
//! use authstore::signin::SignIn;
//! # use authstore::AuthStore;
//! use time::{Duration, OffsetDateTime};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let signin = SignIn::new(store);
//! let now = OffsetDateTime::now_utc();
//! let email = signin.normalize_email("grace@example.org");
//! let token = signin.create_email_token(&email, now + Duration::minutes(15))?;
//! // Send https://example.org/verify?email=...&token=... to `email`. The page has a button, because mail scanners open
//! // links. Serve it with `Referrer-Policy: no-referrer`, and keep its address out of access logs: it has the token.
//!
//! // When the button is pressed:
//! let Some(grace) = signin.sign_in_with_email_token(&email, token.expose(), now)? else {
//!     println!("This link was used already, or has expired.");
//!     return Ok(());
//! };
//! if let Some(removed) = grace.removed {
//!     // Someone else had entered her address without proving it. The user is now hers alone.
//!     println!("{} account(s) were removed", removed.accounts.len());
//! }
//! assert_eq!(signin.sign_in_with_email_token(&email, token.expose(), now)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! [`create_email_change`](signin::SignIn::create_email_change) and
//! [`confirm_email_change`](signin::SignIn::confirm_email_change) change an address the same way. Change the address of
//! the user who is signed in, never of one whom the link names. To treat `Ada@x.org` and `ada@x.org` as one address,
//! choose [`Addresses::Lowercase`](signin::Addresses::Lowercase).
//!
//! # Passkeys
//!
//! An [`Authenticator`] stores what WebAuthn needs to know about a passkey. To check signatures, use a crate such as
//! `webauthn-rs`. [`use_authenticator`](AuthStore::use_authenticator) applies WebAuthn's rule for the signature counter
//! in one atomic step: the counter must increase, unless it is always zero, as it is for passkeys that are synchronized
//! between devices. Otherwise the passkey was copied or the answer replayed, and the call fails with a conflict.
//! [`sign_in_with_authenticator`](signin::SignIn::sign_in_with_authenticator) does this and returns the user.
//!
//! ```
//! use authstore::{AuthStore, Authenticator, Constraint, Error, NewUser};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let ada = store.create_user(NewUser::default())?;
//! store.create_authenticator(Authenticator {
//!     credential_id: "KEDetxZcUfinhVi6Za5nZQ".into(), // base64url, or base64 as Auth.js writes it
//!     user_id: ada.id,
//!     provider_account_id: "KEDetxZcUfinhVi6Za5nZQ".into(),
//!     credential_public_key: "pQECAyYgASFYIGmSdQ".into(),
//!     counter: 0,
//!     credential_device_type: "multiDevice".into(),
//!     credential_backed_up: true,
//!     transports: Some("internal,hybrid".into()),
//! })?;
//!
//! # let signin = authstore::signin::SignIn::new(store.clone());
//! let passkey = store.get_authenticator("KEDetxZcUfinhVi6Za5nZQ")?.expect("a passkey");
//! // Check the signature; then, with the counter and the backup state that it covers:
//! # let (counter, backed_up) = (1, true);
//! let signed_in = signin.sign_in_with_authenticator(&passkey, counter, backed_up)?;
//! # assert_eq!(signed_in.expect("known").user.id, passkey.user_id);
//! let replayed = signin.sign_in_with_authenticator(&passkey, counter, backed_up);
//! assert!(matches!(
//!     replayed,
//!     Err(Error::Conflict { constraint: Constraint::AuthenticatorCounter, .. })
//! ));
//! # assert_eq!(store.list_authenticators_by_user_id(ada.id)?.len(), 1);
//! # assert!(store.delete_authenticator(&passkey.credential_id)?);
//! # Ok(())
//! # }
//! ```
//!
//! Between two requests of a ceremony, keep its challenge with
//! [`create_challenge`](AuthStore::create_challenge): [`use_challenge`](AuthStore::use_challenge) returns it once. Keep
//! OAuth's state and PKCE verifier there too.
//!
//! Bind each challenge to the browser that began: set a cookie with a random value, put its hash into the payload, and
//! compare it when the browser returns. The challenge alone proves only that someone began. An attacker could begin,
//! and let you finish: you would be signed in as the attacker, or link the attacker's account to your user (RFC 9700,
//! section 4.7).
//!
//! # Your own tables, in one transaction
//!
//! [`transaction`](AuthStore::transaction) runs operations of the store together with your own SQL, all or nothing.
//! After a conflict with another transaction the closure runs again, so it must have no other effects, such as sending
//! mail. Inside it, use only `tx`:
//!
//! ```
//! use authstore::signin::SignIn;
//! # use authstore::{AuthStore, Error};
//! use time::OffsetDateTime;
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # store.transaction(|tx| tx.execute("CREATE TABLE profile (user_id text REFERENCES \"User\" (id), plan text)", &[]))?;
//! # let signin = SignIn::new(store.clone());
//! let grace = store.transaction(|tx| {
//!     let now = OffsetDateTime::now_utc();
//!     let grace = signin.on(tx).sign_in_with_email("grace@example.org", now)?;
//!     if grace.created {
//!         let values = [grace.user.id.into(), "free".into()];
//!         tx.execute("INSERT INTO profile (user_id, plan) VALUES (?, ?)", &values)?;
//!     }
//!     Ok::<_, Error>(grace)
//! })?;
//! # assert!(grace.created);
//! # Ok(())
//! # }
//! ```
//!
//! # Changing what is stored
//!
//! An update writes the fields that you name, and no others, in one step: two concurrent updates of different fields
//! both survive. For an optional field, [`Change`] distinguishes "keep it", "set it" and "clear it". The operation
//! returns the updated row.
//!
//! Do not change an address this way: `email_verified` would stay, and vouch for an address that no one has proved. Use
//! [`create_email_change`](signin::SignIn::create_email_change).
//!
//! ```
//! use authstore::{AuthStore, Change, NewUser, UserChanges};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let ada = store.create_user(NewUser { email: Some("ada@example.org".into()), ..NewUser::default() })?;
//! let changes = UserChanges {
//!     name: Change::set("Ada Lovelace"),
//!     image: Change::Clear,
//!     ..UserChanges::default()
//! };
//! let ada = store.update_user(ada.id, changes)?;
//! assert_eq!(ada.name.as_deref(), Some("Ada Lovelace"));
//! assert_eq!(ada.email.as_deref(), Some("ada@example.org")); // as it was
//!
//! // Deletes her accounts, sessions and passkeys too.
//! store.delete_user(ada.id)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! The variant of an [`Error`] says what to do next:
//!
//! | error | what it means | what to do |
//! |---|---|---|
//! | [`Invalid`](Error::Invalid) | a value or an option is invalid | fix the input; the error names the field |
//! | [`Conflict`](Error::Conflict) | another row has this value | choose another; the error names the [`Constraint`] |
//! | [`NotFound`](Error::NotFound) | an update, or a reference, names a row that does not exist | the error names the [`Entity`] |
//! | [`Rejected`](Error::Rejected) | one of your own constraints or triggers rejected the write | the error names the constraint |
//! | [`Unavailable`](Error::Unavailable) | no answer, busy for too long, or full; nothing was written by this operation | retry; see below for several steps |
//! | [`OutcomeUnknown`](Error::OutcomeUnknown) | the connection was lost, or time ran out, during a write | check whether it was written, then retry |
//! | [`Migration`](Error::Migration) | the schema is missing or out of date | migrate; or see [`MigrationError`](migration::MigrationError) |
//! | [`Backend`](Error::Backend) | anything else: a bug, a broken file | report it |
//!
//! Some methods of [`SignIn`](signin::SignIn) take several steps, as their documentation says. After an error, the steps
//! before it are done, unless you run the method in a [transaction](AuthStore::transaction).
//!
//! A lookup that finds nothing returns `None` or `false`; that is not an error. No error shows a token, a password or
//! another stored value. The `Debug` of a model shows no token either. You can log both.
//!
//! For example, when a user opens the link that changes the user's email address:
//!
//! ```
//! use authstore::{Constraint, Error};
//! # use authstore::AuthStore;
//! # use authstore::signin::SignIn;
//! # use time::{Duration, OffsetDateTime};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let signin = SignIn::new(store);
//! # let now = OffsetDateTime::now_utc();
//! # let grace = signin.sign_in_with_email("grace@example.org", now)?.user;
//! # let wanted = "ada@example.org";
//! # let secret = signin.create_email_change(grace.id, wanted, now + Duration::hours(1))?;
//! # let token = secret.expose();
//! # signin.sign_in_with_email(wanted, now)?;
//! // In a transaction, the link can be used again if the second of the two steps fails.
//! let confirmed = signin.store().transaction(|tx| {
//!     signin.on(tx).confirm_email_change(grace.id, wanted, token, now)
//! });
//! let answer = match confirmed {
//!     Ok(Some(_)) => "Saved.".to_owned(),
//!     Ok(None) => "This link was already used, or has expired.".to_owned(),
//!     Err(Error::Conflict { constraint: Constraint::UserEmail }) => "This address is taken.".to_owned(),
//!     Err(Error::Invalid { field, reason }) => format!("Please correct {field}: {reason}."),
//!     Err(error) if error.is_retryable() => "Please try again in a minute.".to_owned(),
//!     Err(error) => return Err(error),
//! };
//! assert_eq!(answer, "This address is taken.");
//! # Ok(())
//! # }
//! ```
//!
//! # Expiry
//!
//! Nothing is deleted behind your back. Expired rows stay until you call [`delete_expired`](AuthStore::delete_expired).
//! It deletes the oldest first, and at most `limit` of each kind, so that it never blocks a busy database for long.
//! Call it from a job every hour or every day, or run the command `authstore sweep`:
//!
//! ```
//! # fn main() -> authstore::Result<()> {
//! # let store = authstore::AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! let now = time::OffsetDateTime::now_utc();
//! loop {
//!     let deleted = store.delete_expired(now, 1_000)?;
//!     let counts = [deleted.sessions, deleted.verification_tokens, deleted.challenges];
//!     if counts.iter().all(|count| *count < 1_000) {
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! You pass the time; no database's clock is used. A row that expires exactly `now` has expired, for `delete_expired`
//! and for `is_expired` alike.
//!
//! # Threads and async
//!
//! An [`AuthStore`] and a [`SignIn`](signin::SignIn) are `Send`, `Sync` and cheap to clone. Every call blocks its
//! thread until the database has answered or a time limit has elapsed. In an async program, call it on a thread where
//! blocking is allowed:
//!
//! ```
//! use authstore::User;
//! use authstore::signin::SignIn;
//! # use authstore::AuthStore;
//!
//! async fn signed_in(signin: &SignIn, cookie: String) -> authstore::Result<Option<User>> {
//!     let signin = signin.clone();
//!     let now = time::OffsetDateTime::now_utc();
//!     let found = tokio::task::spawn_blocking(move || signin.resume_session(&cookie, now))
//!         .await
//!         .expect("the store does not panic")?;
//!     Ok(found.map(|(_, user)| user))
//! }
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let signin = SignIn::new(store);
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
//! # assert_eq!(runtime.block_on(signed_in(&signin, "stray".into()))?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Choosing a database
//!
//! Start with SQLite. It is part of your program: there is nothing to install, and no server that could be unreachable.
//! One file serves more sign-ins than most programs have. Any number of processes may use it if it is on a local disk;
//! one of them writes at a time. Back it up with `VACUUM INTO` or `sqlite3 .backup`; do not copy the file.
//!
//! Use a server if several machines need the same users, or if you run one already: PostgreSQL (feature `postgres`),
//! MySQL or MariaDB (feature `mysql`). Your code stays the same; the URL changes:
//!
//! | URL | in code |
//! |---|---|
//! | `sqlite:auth.db`, `sqlite::memory:` | `SqliteOptions` |
//! | `postgres://user:password@host/database` | `PostgresOptions` |
//! | `mysql://user:password@host/database`, `mariadb://...` | `MysqlOptions` |
//!
//! Each of these types lists the options for the URL and their defaults: the number of connections, time limits, and
//! TLS.
//!
//! The contract is the same on every database. It is the documentation of [`Backend`], and the crate
//! `authstore-conformance` tests it on each of them.
//!
//! The tables are the same as those of Auth.js's Kysely adapter, including the names and formats of the columns. A
//! JavaScript front end can sign users in, and a Rust service can recognize them, on the same database.
//!
//! # Values
//!
//! Values are returned unchanged: nothing is trimmed, case-folded, normalized, rounded up or truncated. Keys are
//! compared bytewise, so `Ada@x.org` and `ada@x.org` are two addresses; to treat them as one, normalize before storing
//! and before looking up. Storing a value that does not fit fails with [`Error::Invalid`], and nothing is sent. A
//! lookup by a key that cannot be stored finds nothing, like any other key that does not exist:
//!
//! | kind | fields | what fits |
//! |---|---|---|
//! | key | email address, provider, account type, session token, identifier, verification token, a challenge's key | 1 to 255 characters, no NUL |
//! | credential id | of a passkey | 1 to 1,364 visible ASCII characters |
//! | provider account id | | a key or a credential id |
//! | text | everything else that is a string | up to 1,048,576 bytes of UTF-8, no NUL |
//! | time | `email_verified`, `expires` | the years 1970 to 9999; any offset, stored in UTC, truncated to milliseconds |
//! | integer | `expires_at`; `counter` | any `i64`; not negative |
//!
//! # Watching a store
//!
//! [`AuthStore::observe`] calls your function at the end of each operation, with its name, duration, number of attempts
//! and outcome, but no value. The module [`observe`] has ready-made functions for the crates `log` and `tracing`, and a
//! table of the levels. For a health check, call [`ping`](AuthStore::ping), and look at
//! [`pool_state`](AuthStore::pool_state): if `waiting` stays above zero, the pool is too small or the database too
//! slow.
//!
//! # In production
//!
//! `docs/production.md` in the repository explains what to set, and what to expect when something fails: poolers,
//! hosted services, failover, restarts, backups, least privilege. In short:
//!
//! - Connections to another machine use TLS, and the server is verified. A service with a private certificate authority
//!   needs `sslrootcert` or `ssl-ca`.
//! - A pooler for PostgreSQL needs no setting. A proxy for MySQL must not switch a client to another session.
//! - Name all hosts of a cluster in the URL: `postgres://app@db1,db2/auth`, `mysql://app@db1,db2/auth`. authstore finds
//!   the primary.
//! - Call [`delete_expired`](AuthStore::delete_expired) from a job, [`ping`](AuthStore::ping) from a health check, and
//!   [`observe`](AuthStore::observe) once, for your log.
//! - Retry an error if [`is_retryable`](Error::is_retryable) returns `true`. After
//!   [`OutcomeUnknown`](Error::OutcomeUnknown), check first whether it was written.
//!
//! # Other backends
//!
//! [`AuthStore::new`] takes any [`Backend`]: another database, a cache in front of one, your company's own storage. The
//! trait has one method for each operation, and its documentation is the contract. `AuthStore` checks values and
//! creates IDs before it calls the backend, so a backend only has to store. The crate `authstore-conformance` certifies
//! it.
//!
//! ## Wrappers
//!
//! A wrapper is a backend that forwards calls to another one: a cache, a counter, a fault for a test
//! ([`testing::FailingBackend`], feature `testing`). `Backend` is implemented for `Arc<B>` and `Box<B>`, including `dyn
//! Backend`, so you can keep a reference to the backend that you give to the store.
//!
//! Every method of the trait is required, so a wrapper that does not forward a new operation does not compile. If the
//! trait ever gets a method with a default, clippy's `missing_trait_methods` finds the wrappers that lack it. To write
//! a wrapper that treats all operations alike, use [`for_each_operation!`](crate::for_each_operation): it includes new
//! operations automatically.
//!
//! ## How the trait grows
//!
//! Until 1.0, a minor version (0.2, 0.3, ...) may add methods to `Backend`. They are required, and the changelog says
//! what each must do. A patch version (0.1.1, 0.1.2, ...) never does. From 1.0 on, a new operation requires a major
//! version.
//!
//! The rules of the conformance suite have editions. A new minor version of the suite may bring a new edition: rules
//! for the new operations, and stricter rules where the contract was already clear. A rule's ID is permanent, and its
//! `since` names the edition that added it. A certificate names its edition and stays valid for it. A certificate for
//! edition 1 says nothing about the rules of edition 2.

#[cfg(doc)]
use crate::{
    AuthStore, Authenticator, Backend, Change, Constraint, Entity, Error, Session, migration,
    observe, signin, testing,
};
