//! Certifies that a backend of [`authstore`] keeps its contract.
//!
//! [`authstore::Backend`] defines what a storage of users, accounts, sessions, verification tokens and authenticators
//! must do; this crate checks whether yours does. Write a [`Harness`] of about ten lines and one line of [`certify!`],
//! and `cargo test` (or `cargo nextest run`) runs a test for each rule:
//!
//! ```
//! use authstore::AuthStore;
//! use authstore_conformance::{BoxError, Description, Harness, Storage};
//! # use authstore_conformance::Reference as MyBackend;
//!
//! struct MyHarness;
//!
//! impl Harness for MyHarness {
//!     fn describe(&self) -> Description {
//!         Description::new("my-backend", env!("CARGO_PKG_VERSION"))
//!     }
//!
//!     fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
//!         Ok(Box::new(MyStorage(MyBackend::new())))
//!     }
//! }
//!
//! struct MyStorage(MyBackend);
//!
//! impl Storage for MyStorage {
//!     fn open(&self) -> Result<AuthStore, BoxError> {
//!         Ok(AuthStore::new(self.0.clone()))
//!     }
//! }
//!
//! authstore_conformance::certify!(MyHarness);
//! ```
//!
//! ```text
//! test create_user::email_by_bytes ... ok
//! test use_verification_token::one_winner ... ok
//! ...
//! ```
//!
//! The module [`guide`] leads from an empty crate to a certificate. All rules are listed in [`guide::rules`] and, for
//! programs, in [`RULES`].
//!
//! # What is tested
//!
//! - **Rules**, each with a permanent id, one sentence and one reason to fail. Each gets its own storage, so they run
//!   in any order, in parallel or alone.
//! - **A model** ([`Model`]): the contract as a small sequential program. Random sequences of all operations, with few,
//!   colliding keys, run on the model and on the backend. Every result and all remaining rows are compared. A sequence
//!   whose results differ is shortened as far as possible and printed as Rust code.
//! - **Races**: eight threads with two handles start together, repeatedly. If no two calls ever overlapped, the rule
//!   counts as not run. Histories of calls on one row are checked for linearizability.
//! - **Faults**, **migrations** and **secrets**, as far as the harness supports them. It declines the other rules with
//!   a reason ([`Harness::declined`]). The certificate shows the reason, and the rule runs anyway: a declined rule that
//!   passes is a failure.
//!
//! # Environment
//!
//! | variable | |
//! |---|---|
//! | [`AUTHSTORE_CONFORMANCE_SEED`](SEED_VARIABLE) | the seed of all randomness; a failure prints the seed that replays it |
//! | [`AUTHSTORE_CONFORMANCE_PROFILE`](PROFILE_VARIABLE) | `quick` (the default), `certify` or `soak`: how much is tested |
//!
//! # Certificates
//!
//! [`Runner`] runs the rules in your own program and returns a [`Certificate`], which can be written as JSON, JUnit
//! XML, Markdown and HTML. It reads "certified" only if every rule of the registry ran and passed, or was declined with
//! a reason.
//!
//! # A suite that can fail
//!
//! [`Reference`] is a backend that keeps every rule. The suite itself is tested with broken backends.
//!
#![doc = include_str!("../BROKEN.md")]

mod application_table;
mod call;
mod certificate;
mod context;
mod failure;
mod fixture;
pub mod guide;
mod harness;
mod history;
mod html;
mod macros;
mod model;
mod outcome;
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
mod tally;
mod times;
pub mod values;

pub use certificate::{Certificate, Counts, RuleReport};
pub use harness::{BoxError, Declined, Description, Harness, Limits, Outage, Storage};
pub use html::to_html;
pub use model::{Answer, Model, Refusal};
pub use outcome::Outcome;
pub use profile::Profile;
pub use reference::{Reference, ReferenceHarness, ReferenceStorage};
pub use registry::RULES;
pub use rule::{Class, EDITION, Rule};
#[doc(hidden)]
pub use runner::test_rule;
pub use runner::{PROFILE_VARIABLE, Runner, SEED_VARIABLE};
pub use tally::Tried;
