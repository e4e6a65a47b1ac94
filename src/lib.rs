//! The database half of sign-in, for Rust programs that do not use async.

mod backend;
mod error;
pub mod migration;
mod model;
#[allow(dead_code, reason = "unused without any database")]
mod pool;
#[allow(dead_code, reason = "unused without any database")]
mod sql;
mod store;
mod validate;

pub use backend::Backend;
pub use error::{Constraint, Entity, Error, Result, Source};
pub use model::{
    Account, AccountChanges, Authenticator, Change, Expired, NewAccount, NewSession, NewUser,
    Session, SessionChanges, User, UserChanges, VerificationToken,
};
pub use store::AuthStore;
