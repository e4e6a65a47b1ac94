//! What holds on SQLite alone, in one process. `sqlite_processes` is about several.
#![cfg(feature = "sqlite")]

mod concurrency;
mod faults;
mod group_commit;
mod log;
mod orphans;
mod query_plans;
mod rejected;
mod replaced;
