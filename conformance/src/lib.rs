//! Certifies that a backend of `authstore` keeps the contract: one named test for each rule.
//!
//! # A suite that can fail
//!
//! The suite is tried on backends that keep the whole contract but for one fault each. This is what they do wrong, and
//! the rule that is proved, by a test, to find it out.
//!
#![doc = include_str!("../BROKEN.md")]

mod call;
mod certificate;
mod context;
mod failure;
mod fixture;
mod harness;
mod history;
mod macros;
mod model;
mod profile;
mod race;
mod reference;
mod registry;
mod rule;
mod rules;
mod runner;
mod sequence;
mod show;
mod strings;
mod times;
pub mod values;

pub use certificate::{Certificate, Counts, RuleReport};
pub use harness::{BoxError, Declined, Description, Harness, Storage};
pub use model::{Answer, Model, Refusal};
pub use profile::Profile;
pub use reference::{Reference, ReferenceHarness, ReferenceStorage};
pub use registry::RULES;
pub use rule::{Class, EDITION, Rule};
#[doc(hidden)]
pub use runner::test_rule;
pub use runner::{Outcome, PROFILE_VARIABLE, Runner, SEED_VARIABLE};
