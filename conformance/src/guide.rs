#![doc = include_str!("../README.md")]

#[doc = include_str!("../RULES.md")]
pub mod rules {}
