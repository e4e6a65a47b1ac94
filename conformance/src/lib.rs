//! Certifies that a backend of [`authstore`] keeps the contract.
//!
//! [`authstore::Backend`] says what a storage of users, accounts, sessions, verification tokens and authenticators must
//! do; this crate finds out whether one does. Whoever writes a backend writes a [`Harness`] of some ten lines and one
//! line of [`certify!`], and `cargo test` (or `cargo nextest run`) shows a test for each rule:
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
//! # What is tried
//!
//! - **Rules**, each with a permanent id, one sentence and one reason to fail. Each gets a storage of its own, so they
//!   run in any order, side by side or alone.
//! - **A model** ([`Model`]): what the contract says as a small sequential program. Random sequences of all operations,
//!   over few keys that collide, run on the model and on the backend; every result is compared, and what is left at the
//!   end. A sequence that differs is made as short as it goes and printed as the calls that one would type.
//! - **Races**: eight threads and two handles, begun together, over and over. When no two calls ever overlapped, the rule
//!   counts as not run. Histories of calls on one row are searched for an order that explains them.
//! - **Faults**, **migrations** and **secrets**, as far as the harness can bring them about. What it cannot, it declines
//!   with a reason ([`Harness::declined`]): the reason is on the certificate, and the rule runs anyway. One that
//!   passes though it was declined has failed.
//!
//! # Environment
//!
//! | variable | |
//! |---|---|
//! | [`AUTHSTORE_CONFORMANCE_SEED`](SEED_VARIABLE) | a number that all randomness is made of; a failure prints the one to replay it |
//! | [`AUTHSTORE_CONFORMANCE_PROFILE`](PROFILE_VARIABLE) | `quick` (by default), `certify` or `soak`: how much is tried |
//!
//! # Certificates
//!
//! [`Runner`] runs the rules in a program of your own and gives a [`Certificate`], which writes itself as JSON, JUnit XML
//! and Markdown. It says "certified" only when every rule of the registry ran and passed, or was declined with a reason.
//!
//! # A suite that can fail
//!
//! [`Reference`] is a backend that keeps every rule. The suite is tried on backends that keep the whole contract but for
//! one fault each. This is what they do wrong, and the rule that is proved, by a test, to find it out.
//!
#![doc = include_str!("../BROKEN.md")]

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
