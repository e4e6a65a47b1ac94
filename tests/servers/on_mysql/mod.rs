//! What holds on MySQL and MariaDB alone.

mod session;
mod tls;

use authstore_test_databases::Test;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = session::tests();
    tests.extend(tls::tests());
    tests
}
