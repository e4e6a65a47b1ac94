//! What holds on PostgreSQL alone. What holds on every server is in `tests/servers`.

mod log;
mod schema;
mod tls;
mod waiting;

use std::process::ExitCode;

use authstore_test_databases::run;

fn main() -> ExitCode {
    let mut tests = Vec::new();
    tests.extend(log::tests());
    tests.extend(schema::tests());
    tests.extend(tls::tests());
    tests.extend(waiting::tests());
    run(tests)
}
