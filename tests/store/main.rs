//! What holds for every store whatever its database, tried on SQLite.
#![cfg(feature = "sqlite")]

mod errors;
mod migrations;
mod observe;
mod released;
mod secrets;
mod serde;
mod signin;
mod values;
