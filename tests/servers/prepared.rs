//! Statements are prepared once per connection, and stay prepared.

use authstore::AuthStore;
use authstore_test_databases::{Database, Kind, Needs, Test};

use crate::operations::{OPERATIONS, seed};

pub(crate) fn tests() -> Vec<Test> {
    Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "prepared.each_statement_once",
        each_statement_once,
    )
}

/// Returns how many statements the store's only connection has prepared and, on PostgreSQL, which lists them, when the
/// last was prepared.
fn prepared(kind: Kind, store: &AuthStore) -> (i64, String) {
    let sql = match kind {
        Kind::Postgres => {
            "SELECT count(*)::text, max(prepare_time)::text FROM pg_prepared_statements"
        }
        _ => "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'",
    };
    store
        .transaction(|transaction| {
            let rows = transaction.query(sql, &[])?;
            let cells: [String; 2] = [rows[0].get(0)?, rows[0].get(1)?];
            let [count, last] = match kind {
                Kind::Postgres => cells,
                _ => [cells[1].clone(), String::new()],
            };
            Ok::<_, authstore::Error>((count.parse().expect("a number"), last))
        })
        .expect("an answer")
}

fn call_all(store: &AuthStore) {
    for operation in OPERATIONS {
        let person = seed(store);
        (operation.call)(store, &person).expect(operation.name);
    }
}

fn each_statement_once(kind: Kind) {
    let database = Database::new(kind).expect("a server");
    let store = database.store_with("pool_size=1");
    call_all(&store);
    // This query is a statement, too.
    prepared(kind, &store);
    let first = prepared(kind, &store);
    for _ in 0..3 {
        call_all(&store);
    }
    assert_eq!(prepared(kind, &store), first);
    // There were many more calls than statements.
    let statements = 1..2 * OPERATIONS.len() as i64;
    assert!(statements.contains(&first.0), "{}", first.0);
}
