//! The rules' checks: a module for each group, a function for each rule.

pub(crate) mod create_user;
pub(crate) mod ping;
