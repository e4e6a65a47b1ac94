//! The database half of sign-in, for Rust programs that do not use async.

// What the databases share is of no use without any of them.
#![cfg_attr(
    not(any(feature = "mysql", feature = "sqlite")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod backend;
mod error;
pub mod migration;
mod model;
#[cfg(feature = "mysql")]
mod mysql;
mod pool;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod url;
mod validate;

pub use backend::Backend;
pub use error::{Constraint, Entity, Error, Result, Source};
pub use model::{
    Account, AccountChanges, Authenticator, Change, Expired, NewAccount, NewSession, NewUser,
    Session, SessionChanges, User, UserChanges, VerificationToken,
};
#[cfg(feature = "mysql")]
pub use mysql::{MysqlBackend, MysqlOptions, MysqlSslMode};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteBackend, SqliteOptions, Synchronous};
pub use store::AuthStore;
