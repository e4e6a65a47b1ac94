//! The command `authstore`, run as a person or a script runs it.

mod migrate;
mod run;
mod signin;
mod sweep;
mod usage;
