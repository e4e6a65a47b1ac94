//! The databases that `authstore` is tested on: SQLite in memory and on a file, PostgreSQL, MySQL and MariaDB.
//!
//! A [`Database`] is a new, empty database for one test. A server is started in a container when it is first asked for,
//! shared by all tests of the process, and removed at the end, also when a test fails or the process is killed.
//!
//! Tests that run on servers are written once, as functions of a [`Kind`], and run by [`run`] under `cargo test`: a test
//! for each database, named by it. A database that cannot be had is reported by name at the end, with what to do about
//! it.
//!
//! # Environment
//!
//! - `AUTHSTORE_TEST_POSTGRES_URL`, `AUTHSTORE_TEST_MYSQL_URL`, `AUTHSTORE_TEST_MARIADB_URL`: a running server to use
//!   instead of a container, with a user who may create databases. Each test makes a database `authstore_test_...`
//!   there and drops it.
//! - `AUTHSTORE_TEST_POSTGRES_IMAGE`, `AUTHSTORE_TEST_MYSQL_IMAGE`, `AUTHSTORE_TEST_MARIADB_IMAGE`: the image to start
//!   (`postgres:17`, `mysql:9`, `mariadb:11`).
//! - `AUTHSTORE_TEST_PGBOUNCER_IMAGE`, `AUTHSTORE_TEST_PGBOUNCER_OLD_IMAGE`: images with PgBouncer from 1.21 on, and
//!   before (`authstore/pgbouncer:1.24`, `authstore/pgbouncer:1.18`).
//! - `AUTHSTORE_TEST_REQUIRE`: names of databases, with commas between them, whose absence is a failure; `node` among them
//!   is Node.js, which the tests with Auth.js need, `browser` Chromium with its driver, for the sign-in example, and
//!   `valkey` a server of Valkey or Redis, for the example of a backend.
//!
//! `cargo nextest` runs each test in a process of its own, each of which would start a container. Give it the URLs of
//! running servers, or let `with-servers` start them for it: `cargo run -p authstore-test-databases --bin with-servers
//! -- cargo nextest run --workspace`.

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
pub use proxy::{Proxy, Traffic};
pub use replication::Replication;
pub use server::{Server, Setup};
pub use trials::{Needs, Test, required, run, run_waiting};
