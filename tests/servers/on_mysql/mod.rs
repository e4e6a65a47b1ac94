//! Tests for MySQL and MariaDB only.

mod adoption;
mod application;
mod failover;
mod galera;
mod lower_case;
mod session;
mod signing_in;
mod tls;

use authstore_test_databases::Test;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = adoption::tests();
    tests.extend(application::tests());
    tests.extend(failover::tests());
    tests.extend(galera::tests());
    tests.extend(lower_case::tests());
    tests.extend(session::tests());
    tests.extend(signing_in::tests());
    tests.extend(tls::tests());
    tests
}
