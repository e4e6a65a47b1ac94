//! Tests that hold for every database, run on SQLite.
#![cfg(feature = "sqlite")]

mod errors;
mod migrations;
mod observe;
mod released;
mod secrets;
mod serde;
mod signin;
mod values;
