//! The databases that `authstore` is tested on: SQLite in memory and on a file, PostgreSQL, MySQL and MariaDB.
//!
//! A [`Database`] is a new, empty database for one test. A server is started in a container when it is first needed,
//! shared by all tests of the process, and removed at the end, even if a test fails or the process is killed.
//!
//! Tests on servers are written once, as functions of a [`Kind`]. [`run`] runs them under `cargo test`, as a test for
//! each database. The output ends with a list of the databases that are not available, and how to provide them.
//!
//! # Environment
//!
//! - `AUTHSTORE_TEST_POSTGRES_URL`, `AUTHSTORE_TEST_MYSQL_URL`, `AUTHSTORE_TEST_MARIADB_URL`: a running server to use
//!   instead of a container, with a user who may create databases. Each test creates and drops a database
//!   `authstore_test_...` there.
//! - `AUTHSTORE_TEST_POSTGRES_IMAGE`, `AUTHSTORE_TEST_MYSQL_IMAGE`, `AUTHSTORE_TEST_MARIADB_IMAGE`: the image to start
//!   (`postgres:17`, `mysql:9`, `mariadb:11`).
//! - `AUTHSTORE_TEST_PGBOUNCER_IMAGE`, `AUTHSTORE_TEST_PGBOUNCER_OLD_IMAGE`: images with PgBouncer from 1.21 on, and
//!   before (`authstore/pgbouncer:1.24`, `authstore/pgbouncer:1.18`).
//! - `AUTHSTORE_TEST_REQUIRE`: a comma-separated list of databases whose absence is a failure. It may also name `node`
//!   (Node.js, for the tests with Auth.js), `browser` (Chromium with its driver, for the sign-in example) and `valkey`
//!   (the server of Valkey or Redis, for the example backend).
//!
//! `cargo nextest` runs each test in a separate process, each of which would start a container. Pass it the URLs of
//! running servers, or let `with-servers` start them: `cargo run -p authstore-test-databases --bin with-servers --
//! cargo nextest run --workspace`.

mod cleanup;
mod client;
mod command;
mod container;
mod database;
mod galera;
mod harness;
mod kind;
mod location;
mod pooler;
mod port;
mod proxy;
mod replication;
mod server;
mod trials;

pub use client::{Client, TextRow};
pub use command::command;
pub use database::{Database, store, with_options};
pub use galera::{Galera, GaleraHarness};
pub use harness::DatabaseHarness;
pub use kind::Kind;
pub use pooler::{PgBouncer, Pooler};
pub use port::free_port;
pub use proxy::{Proxy, Traffic};
pub use replication::Replication;
pub use server::{Server, Setup};
pub use trials::{Needs, Test, required, run, run_waiting};
