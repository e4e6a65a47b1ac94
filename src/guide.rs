//! A guide, from opening a store to writing a backend of your own.
//!
//! [Opening](#opening-a-store) · [migrating](#migrating) · [signing up](#signing-up-and-signing-in) ·
//! [sessions](#sessions) · [magic links](#magic-links) · [passkeys](#passkeys) · [changing](#changing-what-is-stored) ·
//! [errors](#errors) · [expiry](#expiry) · [threads and async](#threads-and-async) ·
//! [choosing a database](#choosing-a-database) · [values](#values) · [other backends](#other-backends)
//!
//! # Opening a store
//!
//! [`AuthStore::connect`] opens what a URL names, which is what belongs in a program's settings:
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
//! The same in code, where the compiler checks the options:
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
//! Open one when the program starts, and clone it to wherever it is needed: clones share one pool of connections. A
//! wrong URL, option or password is reported at once. Later on, connections that break are replaced by themselves.
//!
//! # Migrating
//!
//! [`AuthStore::migrate`] brings the tables up to date, and does nothing when they are. Call it whenever the program
//! starts; any number of processes may do so at the same moment. A database that a later version of the program has
//! migrated is refused. Who would rather migrate as a step of the deployment runs the command `authstore migrate up`
//! (feature `cli`).
//!
//! A database that Auth.js has made is taken over once, by [`Migrator::adopt`](migration::Migrator::adopt) or the command
//! `authstore migrate adopt`; the guide `docs/authjs.md` in the repository tells how.
//!
//! Everything else about the schema is in [`migration`]: its state, the way back, the SQL to read, and an application's
//! own migrations, which are run by the same runner and may refer to the tables here:
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
//! A provider tells a program who is there by the pair of its own name and its name for the person. Look for it with
//! [`get_user_by_account`](AuthStore::get_user_by_account); who is not found, signs up.
//! [`create_user_with_account`](AuthStore::create_user_with_account) writes user and account together or not at all:
//! done one after the other, a failure between them would leave a user who can never sign in and whose e-mail address is
//! taken.
//!
//! ```
//! use authstore::{AuthStore, Constraint, Error, NewAccount, NewUser, User};
//!
//! fn sign_in(store: &AuthStore, github_id: &str, email: &str) -> authstore::Result<User> {
//!     if let Some(user) = store.get_user_by_account("github", github_id)? {
//!         return Ok(user);
//!     }
//!     let user = NewUser { email: Some(email.into()), ..NewUser::default() };
//!     let account = NewAccount::new("oauth", "github", github_id);
//!     match store.create_user_with_account(user, account) {
//!         Ok((user, _)) => Ok(user),
//!         // The same person, at the same moment, in another tab: who came first has signed up.
//!         Err(Error::Conflict { constraint: Constraint::ProviderAccount }) => {
//!             let user = store.get_user_by_account("github", github_id)?;
//!             user.ok_or_else(|| Error::unavailable("the account was unlinked meanwhile"))
//!         }
//!         // The address is taken: somebody has signed up by other means. See below.
//!         Err(error) => Err(error),
//!     }
//! }
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let ada = sign_in(&store, "583231", "ada@example.org")?;
//! # assert_eq!(sign_in(&store, "583231", "ada@example.org")?, ada);
//! # let taken = sign_in(&store, "1", "ada@example.org");
//! # assert!(matches!(taken, Err(Error::Conflict { constraint: Constraint::UserEmail })));
//! # Ok(())
//! # }
//! ```
//!
//! A `Conflict` over [`UserEmail`](Constraint::UserEmail) says that there is a user with this address, who signs in some
//! other way. Do not just link the new account to that user: whoever can claim the address at some provider would get in.
//! Let the person sign in the old way first, and then [`link_account`](AuthStore::link_account):
//!
//! ```
//! use authstore::{Change, AccountChanges, AuthStore, NewAccount, NewUser};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let ada = store.create_user(NewUser::default())?;
//! let google = NewAccount {
//!     access_token: Some("ya29.a0AfH6S".into()),
//!     refresh_token: Some("1//0gFf".into()),
//!     expires_at: Some(1_795_000_000), // seconds since 1970
//!     ..NewAccount::new("oidc", "google", "110169484474386276334")
//! };
//! store.link_account(ada.id, google)?;
//! assert_eq!(store.list_accounts_by_user_id(ada.id)?.len(), 1);
//!
//! // Later, when the provider has given new tokens:
//! let refreshed = AccountChanges {
//!     access_token: Change::set("ya29.b1BgI7T"),
//!     expires_at: Change::Set(1_795_003_600),
//!     ..AccountChanges::default()
//! };
//! let account = store.update_account("google", "110169484474386276334", refreshed)?;
//! assert_eq!(account.refresh_token.as_deref(), Some("1//0gFf")); // as it was
//!
//! store.unlink_account("google", "110169484474386276334")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Sessions
//!
//! A session says that a browser is signed in. Its token is what the browser's cookie holds, and it is yours to make, of
//! at least 128 random bits from a generator fit for secrets, such as that of the crate `rand`:
//!
//! ```
//! use authstore::{AuthStore, NewSession, NewUser, SessionChanges, User};
//! use time::{Duration, OffsetDateTime};
//!
//! /// Who sends this cookie, if anybody is signed in by it.
//! fn signed_in(store: &AuthStore, cookie: &str) -> authstore::Result<Option<User>> {
//!     let now = OffsetDateTime::now_utc();
//!     let Some((session, user)) = store.get_session_and_user(cookie)? else {
//!         return Ok(None);
//!     };
//!     if session.is_expired(now) {
//!         return Ok(None);
//!     }
//!     // Whoever comes back stays signed in: move the expiry on, but not at every request.
//!     if session.expires < now + Duration::days(29) {
//!         let changes = SessionChanges {
//!             expires: Some(now + Duration::days(30)),
//!             ..SessionChanges::default()
//!         };
//!         store.update_session(cookie, changes)?;
//!     }
//!     Ok(Some(user))
//! }
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let ada = store.create_user(NewUser::default())?;
//! let cookie = format!("{:032x}", rand::random::<u128>());
//! let expires = OffsetDateTime::now_utc() + Duration::days(7);
//! store.create_session(NewSession::new(ada.id, &cookie, expires))?;
//! assert_eq!(signed_in(&store, &cookie)?.as_ref(), Some(&ada));
//! # assert!(store.list_sessions_by_user_id(ada.id)?[0].expires > expires);
//!
//! store.delete_session(&cookie)?; // sign out here
//! store.delete_sessions_by_user_id(ada.id, None)?; // sign out everywhere
//! assert_eq!(signed_in(&store, &cookie)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! [`get_session_and_user`](AuthStore::get_session_and_user) reads both in one round trip. It returns an expired session
//! as any other, since only the program knows what expiry means to it: always ask
//! [`is_expired`](Session::is_expired). [`list_sessions_by_user_id`](AuthStore::list_sessions_by_user_id) makes a page
//! "where you are signed in", and [`delete_sessions_by_user_id`](AuthStore::delete_sessions_by_user_id) the button on
//! it, with the token to `keep` for "everywhere but here".
//!
//! # Magic links
//!
//! A verification token proves that somebody reads an e-mail address. It works once: of any number of requests at the same
//! moment, exactly one gets it from [`use_verification_token`](AuthStore::use_verification_token).
//!
//! ```
//! use authstore::{AuthStore, VerificationToken};
//! use time::{Duration, OffsetDateTime};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! let email = "grace@example.org";
//! let secret = format!("{:032x}", rand::random::<u128>());
//! let expires = OffsetDateTime::now_utc() + Duration::minutes(15);
//! store.create_verification_token(VerificationToken::new(email, &secret, expires))?;
//! // Send the link to the address: https://example.org/verify?email=...&token=...
//!
//! // When it is opened:
//! match store.use_verification_token(email, &secret)? {
//!     Some(token) if !token.is_expired(OffsetDateTime::now_utc()) => {} // it is Grace
//!     _ => panic!("the link was used already, is too old, or was never sent"),
//! }
//! assert_eq!(store.use_verification_token(email, &secret)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! Then find the user with [`get_user_by_email`](AuthStore::get_user_by_email), or create one with `email_verified` set.
//! What you store need not be the secret itself: Auth.js stores a hash, so that who can read the database cannot sign in.
//!
//! # Passkeys
//!
//! An [`Authenticator`] keeps what WebAuthn needs to know about a passkey; checking signatures is for a crate such as
//! `webauthn-rs`. [`use_authenticator`](AuthStore::use_authenticator) applies WebAuthn's rule for the signature counter in
//! one atomic step: it must grow, unless it is always zero, as it is for passkeys that are synchronized between devices.
//! Otherwise the passkey was copied or the answer replayed, and the call is a conflict.
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
//! let passkey = store.get_authenticator("KEDetxZcUfinhVi6Za5nZQ")?.expect("a passkey");
//! // Check the signature; then, with the counter and the backup state that it covers:
//! # let (counter, backed_up) = (1, true);
//! store.use_authenticator(&passkey.credential_id, counter, backed_up)?;
//! let replayed = store.use_authenticator(&passkey.credential_id, counter, backed_up);
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
//! # Changing what is stored
//!
//! An update writes the fields that it names, and no others, in one step: two updates of different fields at the same
//! time both survive. Where a field may be empty, [`Change`] tells "leave it", "set it" and "clear it" apart. What comes
//! back is the row as this update left it.
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
//! // With all that belongs to her: accounts, sessions and passkeys.
//! store.delete_user(ada.id)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! [`Error`] says what to do next, and not which database said no in which words:
//!
//! | error | what it means | what to do |
//! |---|---|---|
//! | [`Invalid`](Error::Invalid) | a value or an option is not acceptable | mend the input; it names the field |
//! | [`Conflict`](Error::Conflict) | somebody has that already | choose another; it names the [`Constraint`] |
//! | [`NotFound`](Error::NotFound) | an update, or a reference, names a row that is not there | it names the [`Entity`] |
//! | [`Rejected`](Error::Rejected) | a constraint or trigger of the application's own refused the write | it names the constraint |
//! | [`Unavailable`](Error::Unavailable) | no answer, or busy for too long; nothing was written | try again |
//! | [`OutcomeUnknown`](Error::OutcomeUnknown) | the connection was lost during a write | look, then try again |
//! | [`Migration`](Error::Migration) | the schema is not there, or not the right one | migrate; or see [`MigrationError`](migration::MigrationError) |
//! | [`Backend`](Error::Backend) | anything else: a bug, a broken file | tell somebody |
//!
//! To look for something and not find it is no error, but `None` or `false`. No error shows a token, a password or any
//! other value that is stored, and neither does the `Debug` of a model: both may be logged.
//!
//! A form in which a person chooses an e-mail address:
//!
//! ```
//! use authstore::{AuthStore, Constraint, Error, NewUser, UserChanges};
//!
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let new = |email: &str| NewUser { email: Some(email.into()), ..NewUser::default() };
//! # store.create_user(new("ada@example.org"))?;
//! # let grace = store.create_user(new("grace@example.org"))?;
//! # let wanted = String::from("ada@example.org");
//! let changes = UserChanges { email: authstore::Change::Set(wanted), ..UserChanges::default() };
//! let answer = match store.update_user(grace.id, changes) {
//!     Ok(_) => "Saved.".to_owned(),
//!     Err(Error::Conflict { constraint: Constraint::UserEmail }) => "This address is taken.".to_owned(),
//!     Err(Error::Invalid { field, reason }) => format!("Please mend {field}: {reason}."),
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
//! Nothing is deleted behind your back. What has expired stays until [`delete_expired`](AuthStore::delete_expired) is
//! called, which takes the oldest first and at most so many at a time, so that a busy database is never held up. Call it
//! from a job every hour or every day, or run the command `authstore sweep`:
//!
//! ```
//! # fn main() -> authstore::Result<()> {
//! # let store = authstore::AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! let now = time::OffsetDateTime::now_utc();
//! loop {
//!     let deleted = store.delete_expired(now, 1_000)?;
//!     if deleted.sessions < 1_000 && deleted.verification_tokens < 1_000 {
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The time is yours to give: no database's clock has a say. An expiry that is exactly `now` is over, for
//! `delete_expired` and for `is_expired` alike.
//!
//! # Threads and async
//!
//! An [`AuthStore`] is `Send`, `Sync` and cheap to clone. Every call blocks its thread until the database has answered,
//! for no longer than the time limits in the options allow. In an async program, put it on a thread where blocking is
//! allowed:
//!
//! ```
//! use authstore::{AuthStore, User};
//!
//! async fn signed_in(store: &AuthStore, cookie: String) -> authstore::Result<Option<User>> {
//!     let store = store.clone();
//!     let found = tokio::task::spawn_blocking(move || store.get_session_and_user(&cookie))
//!         .await
//!         .expect("the store does not panic")?;
//!     let now = time::OffsetDateTime::now_utc();
//!     Ok(found.filter(|(session, _)| !session.is_expired(now)).map(|(_, user)| user))
//! }
//! # fn main() -> authstore::Result<()> {
//! # let store = AuthStore::connect("sqlite::memory:")?;
//! # store.migrate()?;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
//! # assert_eq!(runtime.block_on(signed_in(&store, "nobody's".into()))?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Choosing a database
//!
//! Start with SQLite. It is in the program, so that there is nothing to install and nothing to be unreachable, and a file
//! on one machine serves many more sign-ins than most programs have. Any number of processes may use the file, as long as
//! it lies on a local disk; writers take turns. Back it up with SQLite's own means (`VACUUM INTO`, `sqlite3 .backup`)
//! rather than by copying the file.
//!
//! Take a server when several machines need the same users, or when you run one already: PostgreSQL (feature `postgres`),
//! MySQL or MariaDB (feature `mysql`). The code stays the same; the URL changes:
//!
//! | URL | in code |
//! |---|---|
//! | `sqlite:auth.db`, `sqlite::memory:` | `SqliteOptions` |
//! | `postgres://user:password@host/database` | `PostgresOptions` |
//! | `mysql://user:password@host/database`, `mariadb://...` | `MysqlOptions` |
//!
//! Each of these types lists the options that may follow in the URL, and their defaults: how many connections to keep, how
//! long to wait for what, and TLS.
//!
//! Whatever the database, the contract is the same, to the letter: it is written at [`Backend`], and the crate
//! `authstore-conformance` tests each of its rules on every one of them.
//!
//! The tables are those of Auth.js's Kysely adapter, down to the columns' names and formats: a JavaScript front end may
//! sign people in, and a Rust service know them, by the same database.
//!
//! # Values
//!
//! What goes in comes out: nothing is trimmed, folded, normalized, rounded up or truncated. Keys are compared by their
//! bytes, so `Ada@x.org` and `ada@x.org` are two addresses: lower-case them yourself where they should be one. What does
//! not fit is [`Error::Invalid`] where it would be stored, and is not sent. A lookup by a key that cannot be stored finds
//! nothing, like any other key that does not exist:
//!
//! | kind | fields | what fits |
//! |---|---|---|
//! | key | email address, provider, account type, session token, identifier, verification token, a challenge's key | 1 to 255 characters, no NUL |
//! | credential id | of a passkey | 1 to 1,364 visible ASCII characters |
//! | provider account id | | a key or a credential id |
//! | text | everything else that is a string | up to 1,048,576 bytes of UTF-8, no NUL |
//! | time | `email_verified`, `expires` | the years 1970 to 9999; any offset, stored in UTC, cut to milliseconds |
//! | integer | `expires_at`; `counter` | any `i64`; not negative |
//!
//! # Other backends
//!
//! [`AuthStore::new`] takes any [`Backend`]: another database, a cache in front of one, a company's own storage. The
//! trait is one method for each operation; its documentation is the contract. Values are checked and ids made before a
//! backend is asked, so that it has only to store. `authstore-conformance` certifies the result.

#[cfg(doc)]
use crate::{
    AuthStore, Authenticator, Backend, Change, Constraint, Entity, Error, Session, migration,
};
