//! Tests for PostgreSQL only.

mod failover;
mod log;
mod named_schema;
mod pooler;
mod schema;
mod settings;
mod terminated;
mod tls;
mod waiting;

use authstore_test_databases::Test;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    tests.extend(failover::tests());
    tests.extend(log::tests());
    tests.extend(named_schema::tests());
    tests.extend(pooler::tests());
    tests.extend(schema::tests());
    tests.extend(settings::tests());
    tests.extend(terminated::tests());
    tests.extend(tls::tests());
    tests.extend(waiting::tests());
    tests
}
