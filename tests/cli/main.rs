//! The command `authstore`, run as a person or a script runs it.

mod migrate;
mod run;
mod sweep;
mod usage;
