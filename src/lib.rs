//! Storage for authentication, for blocking (non-async) Rust programs.
//!
//! An [`AuthStore`] stores the users of a program: the accounts they sign in with (GitHub, Google, ...), their
//! sessions, the secrets behind magic links, and their passkeys. It stores them in SQLite, inside the program, or on a
//! PostgreSQL, MySQL or MariaDB server, in the tables of [Auth.js](https://authjs.dev).
//!
//! ```
//! use authstore::signin::SignIn;
//! use authstore::{AuthStore, NewAccount, NewUser};
//! use time::OffsetDateTime;
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::connect("sqlite::memory:")?;
//! store.migrate()?;
//! let signin = SignIn::new(store);
//! let now = OffsetDateTime::now_utc();
//!
//! // A user comes back from GitHub, for the first time or again.
//! let profile = NewUser { name: Some("Ada".into()), ..NewUser::default() };
//! let ada = signin.sign_in_with_account(profile, NewAccount::new("oauth", "github", "583231"))?.user;
//! // The browser gets a token. The database has only its hash.
//! let (token, _) = signin.begin_session(ada.id, None, now)?;
//! // Afterwards, you recognize the browser by this token.
//! let (_, user) = signin.resume_session(token.expose(), now)?.expect("a live session");
//! assert_eq!(user.name.as_deref(), Some("Ada"));
//! # Ok(())
//! # }
//! ```
//!
//! It does not talk to GitHub, send email, set cookies or hash passwords. Use any crates you like for those.
//!
//! # Where to go from here
//!
//! - The [guide] covers everything from opening a store to writing your own backend.
//! - [`signin`] makes the decisions of a sign-in for you, safely by default.
//! - [`AuthStore`] has all operations, and [`Error`] lists the ways in which they fail.
//! - [`migration`] manages the schema, and your application's own tables.
//! - [`observe`] reports operations to logs and metrics.
//! - [`Backend`] is the contract for those who write or wrap a backend.
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `sqlite-bundled` | SQLite, compiled in; needs a C compiler | yes |
//! | `sqlite` | SQLite, with the system's library, or with the one that another crate in the program links | yes, through `sqlite-bundled` |
//! | `postgres` | PostgreSQL | no |
//! | `postgres-tls` | the same, and TLS (rustls) | no |
//! | `mysql` | MySQL and MariaDB | no |
//! | `mysql-tls` | the same, and TLS (rustls) | no |
//! | `mariadb-auth` | MySQL and MariaDB, and MariaDB's authentication plugins ed25519 and parsec | no |
//! | `cli` | the command `authstore`: `migrate`, `sweep`, `hash-session-tokens` and `emails` | no |
//! | `serde` | serialization of the models, as JSON for example, without their secrets, and deserialization of some | no |
//! | `encryption` | [`signin::KeyRing`], which encrypts the tokens of providers | no |
//! | `log` | [`observe::to_log`] | no |
//! | `tracing` | [`observe::to_tracing`] | no |
//! | `testing` | [`testing::FailingBackend`], for the tests of an application | no |

// The code that the databases share is unused without any of them.
#![cfg_attr(
    not(any(feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod backend;
mod cost;
mod created_at;
mod dialect;
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
mod sql_value;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod url;
mod validate;

pub use backend::{Backend, BackendTransaction};
pub use dialect::DialectSql;
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
pub use sql_value::{FromSqlValue, SqlRow, SqlValue};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteBackend, SqliteOptions, Synchronous};
pub use store::AuthStore;
pub use transaction::Transaction;

#[doc(hidden)]
pub use operations::types as operation_types;
// Their types are part of this interface.
pub use time;
pub use uuid;

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
