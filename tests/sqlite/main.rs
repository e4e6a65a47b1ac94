//! Tests for SQLite only, in one process. `sqlite_processes` tests several.
#![cfg(feature = "sqlite")]

mod concurrency;
mod faults;
mod group_commit;
mod log;
mod orphans;
mod query_plans;
mod rejected;
mod replaced;
