//! The command `authstore`, run like a user or a script does.

mod migrate;
mod run;
mod signin;
mod sweep;
mod usage;
