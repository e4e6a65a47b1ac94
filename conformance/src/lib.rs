//! Certifies that a backend of `authstore` keeps the contract.
