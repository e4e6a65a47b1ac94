//! The package as a new user sees it: dependencies, documents, compiler errors and the first program, run through
//! cargo.

mod dependency_count;
mod diagnostics;
mod documents;
mod quickstart;
