#![doc = include_str!("../README.md")]
#![expect(clippy::test_attr_in_doctest, reason = "it is shown to be pasted")]

#[doc = include_str!("../RULES.md")]
pub mod rules {}
