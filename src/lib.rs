//! The database half of sign-in, for Rust programs that do not use async.
//!
//! An [`AuthStore`] keeps the people who sign in to a program: users, the accounts they sign in with (GitHub, Google,
//! ...), their sessions, the secrets behind magic links, and their passkeys. It keeps them in SQLite, inside the
//! program, or on a database server, in the tables of [Auth.js](https://authjs.dev).
//!
//! ```
//! use authstore::{AuthStore, NewAccount, NewSession, NewUser};
//! use time::{Duration, OffsetDateTime};
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::connect("sqlite::memory:")?;
//! store.migrate()?;
//!
//! // Somebody has come back from GitHub, for the first time.
//! let (ada, _) = store.create_user_with_account(
//!     NewUser { email: Some("ada@example.org".into()), ..NewUser::default() },
//!     NewAccount::new("oauth", "github", "583231"),
//! )?;
//! // The browser gets a session ...
//! let token = format!("{:032x}", rand::random::<u128>());
//! let expires = OffsetDateTime::now_utc() + Duration::days(30);
//! store.create_session(NewSession::new(ada.id, &token, expires))?;
//! // ... by which it is known from then on.
//! let (session, user) = store.get_session_and_user(&token)?.expect("a session");
//! assert_eq!(user.email.as_deref(), Some("ada@example.org"));
//! # assert_eq!(session.expires.date(), expires.date());
//! # Ok(())
//! # }
//! ```
//!
//! What it leaves to you and to other crates: talking to GitHub, sending e-mail, setting cookies, hashing passwords.
//!
//! # Where to go from here
//!
//! - The [guide] goes from opening a store to writing a backend of your own.
//! - [`AuthStore`] is what an application calls, and [`Error`] what it has to expect.
//! - [`migration`] is about the schema, and about an application's own tables.
//! - [`Backend`] is the contract, for those who write or wrap a backend.
//!
//! # Features
//!
//! | feature | what it brings | on by default |
//! |---|---|---|
//! | `sqlite` | SQLite, which is compiled in and takes a C compiler | yes |
//! | `postgres` | PostgreSQL | no |
//! | `postgres-tls` | the same, and TLS with rustls | no |
//! | `mysql` | MySQL and MariaDB | no |
//! | `mysql-tls` | the same, and TLS with rustls | no |
//! | `cli` | the command `authstore`: `migrate up`, `down`, `status`, `adopt` and `sql`, and `sweep` | no |
//! | `log` | [`observe::to_log`] | no |
//! | `tracing` | [`observe::to_tracing`] | no |
//! | `testing` | [`testing::FailingBackend`], for the tests of an application | no |

// What the databases share is of no use without any of them.
#![cfg_attr(
    not(any(feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod backend;
mod created_at;
mod error;
pub mod guide;
pub mod migration;
mod model;
#[cfg(feature = "mysql")]
mod mysql;
pub mod observe;
mod operations;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "serde")]
mod serde;
pub mod signin;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod url;
mod validate;

pub use backend::Backend;
pub use error::{BoxError, Constraint, Entity, Error, Result};
pub use model::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, ExpiredCounts, NewAccount, NewSession, NewUser, Removal, Session,
    SessionChanges, SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
#[cfg(feature = "mysql")]
pub use mysql::{MysqlBackend, MysqlOptions, MysqlSslMode};
pub use pool::PoolState;
#[cfg(feature = "postgres")]
pub use postgres::{
    PostgresBackend, PostgresOptions, PostgresPrepare, PostgresSslMode, PostgresTargetSession,
};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteBackend, SqliteOptions, Synchronous};
pub use store::AuthStore;

#[doc(hidden)]
pub use operations::types as operation_types;
// Their types are part of this interface.
pub use time;
pub use uuid;

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
