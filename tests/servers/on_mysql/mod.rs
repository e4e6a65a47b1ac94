//! What holds on MySQL and MariaDB alone.

mod tls;

use authstore_test_databases::Test;

pub(crate) fn tests() -> Vec<Test> {
    tls::tests()
}
