//! What a newcomer gets: how many crates come along, and the first program. Run through cargo, as a newcomer would.

mod dependency_count;
mod diagnostics;
mod documents;
mod quickstart;
