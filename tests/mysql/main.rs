//! What holds on MySQL and MariaDB alone. What holds on every server is in `tests/servers`.

mod tls;

use std::process::ExitCode;

use authstore_test_databases::run;

fn main() -> ExitCode {
    run(tls::tests())
}
