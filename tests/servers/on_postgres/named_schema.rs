//! Several applications in one database, each in its own schema.

use authstore::migration::MigrationError;
use authstore::{AuthStore, Error, NewUser};
use authstore_test_databases::{
    Database, Kind, Needs, PgBouncer, Pooler, Test, store, with_options,
};

use crate::connecting::words;
use crate::migrations::spawn_at;
use crate::operations::{OPERATIONS, seed};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (needs, name, test) in [
        (
            Needs::Shared,
            "named_schema.applications_share_a_database",
            applications_share_a_database as fn(Kind),
        ),
        (
            Needs::Pooler,
            "named_schema.applications_share_a_pooler",
            applications_share_a_pooler,
        ),
        (
            Needs::Shared,
            "named_schema.migrate_url_uses_the_same_schema",
            migrate_url_uses_the_same_schema,
        ),
        (
            Needs::Shared,
            "named_schema.only_its_own_tables_are_adopted",
            only_its_own_tables_are_adopted,
        ),
        (
            Needs::Shared,
            "named_schema.rights_are_needed_only_to_create",
            rights_are_needed_only_to_create,
        ),
        (
            Needs::Shared,
            "named_schema.missing_search_path_is_named",
            missing_search_path_is_named,
        ),
        (
            Needs::Shared,
            "named_schema.no_table_is_hidden",
            no_table_is_hidden,
        ),
    ] {
        tests.extend(Test::on(&[Kind::Postgres], needs, name, test));
    }
    tests
}

/// Names that change their meaning, or become invalid, if they are not quoted or are quoted twice.
const NAMES: [&str; 4] = ["Auth App", "a\"b", "UPPER", "a.b, public;--\\'"];

fn in_schema(url: String, name: &str) -> String {
    let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    with_options(url, &format!("schema={encoded}"))
}

fn applications_share_a_database(kind: Kind) {
    let database = Database::new(kind).unwrap();
    check_apart(&database, &database.url());
}

fn applications_share_a_pooler(kind: Kind) {
    // All of them use the same session of the server.
    let settings = ["pool_mode = transaction", "default_pool_size = 1"];
    for (version, options) in [
        (PgBouncer::Old, ""),
        (PgBouncer::Recent, ""),
        (PgBouncer::Recent, "prepare=always"),
    ] {
        let database = Database::new(kind).unwrap();
        let pooler = Pooler::start(version, database.server(), &settings).unwrap();
        check_apart(
            &database,
            &with_options(pooler.url(database.name()), options),
        );
    }
}

fn check_apart(database: &Database, url: &str) {
    let urls = NAMES.map(|name| in_schema(url.to_owned(), name));
    let unmigrated = AuthStore::connect(&urls[0]).unwrap();
    match unmigrated.create_user(NewUser::default()) {
        Err(Error::Migration(MigrationError::SchemaMissing { .. })) => {}
        other => panic!("{other:?}"),
    }
    let processes = urls.each_ref().map(|url| spawn_at("migrate", url));
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", output.status);
        assert!(!output.stdout.is_empty());
    }
    let stores = urls
        .each_ref()
        .map(|url| AuthStore::connect(url).expect("the store can be opened"));
    let users = stores.each_ref().map(|store| {
        let new = NewUser {
            email: Some("ada@example.org".into()),
            ..NewUser::default()
        };
        store.create_user(new).unwrap()
    });
    for (index, store) in stores.iter().enumerate() {
        for (other, user) in users.iter().enumerate() {
            let found = store.get_user(user.id).unwrap().is_some();
            assert_eq!(found, index == other, "{} {}", NAMES[index], NAMES[other]);
        }
        seed(store);
        assert!(store.migrate().unwrap().is_empty());
    }
    for operation in OPERATIONS {
        let person = seed(&stores[0]);
        (operation.call)(&stores[0], &person)
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
    }
    let mut client = database.client();
    let mut wanted: Vec<String> = NAMES.map(str::to_owned).into();
    wanted.sort();
    let schemas = client.query(
        r#"SELECT n.nspname::text COLLATE "C" FROM pg_class AS c
           JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relname = 'User' ORDER BY 1"#,
    );
    let schemas: Vec<String> = schemas
        .into_iter()
        .filter_map(|row| row[0].clone())
        .collect();
    assert_eq!(schemas, wanted);
    stores[0].migrator().unwrap().down(usize::MAX).unwrap();
    assert!(stores[1].get_user(users[1].id).unwrap().is_some());
}

/// A table created in the first schema of the search path would hide the application's, with its rows, in the second.
fn no_table_is_hidden(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut client = database.client();
    client.query("CREATE SCHEMA app");
    client.query(r#"CREATE TABLE public."Session" (theirs int)"#);
    client.query("CREATE TABLE public.authstore_challenge (theirs int)");
    let both = with_options(database.url(), "options=-csearch_path%3Dapp,public");
    match AuthStore::connect(&both).unwrap().migrate() {
        Err(Error::Migration(MigrationError::ForeignTables { tables })) => {
            assert_eq!(tables, ["Session", "authstore_challenge"]);
        }
        other => panic!("{other:?}"),
    }
    let alone = with_options(database.url(), "options=-csearch_path%3Dapp");
    AuthStore::connect(&alone).unwrap().migrate().unwrap();
}

/// Otherwise the tables would be created in a schema where no operation looks for them.
fn migrate_url_uses_the_same_schema(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let options: authstore::PostgresOptions = database.url().parse().unwrap();
    let store = AuthStore::new(
        options
            .clone()
            .schema("Auth App")
            .migrate_url(options)
            .open()
            .unwrap(),
    );
    store.migrate().unwrap();
    seed(&store);
}

fn only_its_own_tables_are_adopted(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut client = database.client();
    for schema in ["\"Auth App\"", "public"] {
        client.query(&format!(
            r#"CREATE SCHEMA IF NOT EXISTS {schema};
               CREATE TABLE {schema}."User" (
                   "id" text PRIMARY KEY, "name" text, "email" text UNIQUE, "emailVerified" timestamptz, "image" text
               );
               INSERT INTO {schema}."User" ("id", "email")
               VALUES ('0193c1d6-4b38-7c4e-9ad5-0d1c2b3a4f5e', 'ada@example.org')"#
        ));
    }
    let store = AuthStore::connect(&in_schema(database.url(), "Auth App")).unwrap();
    store.migrator().unwrap().adopt().unwrap();
    assert!(store.migrate().unwrap().is_empty());
    assert!(
        store
            .get_user_by_email("ada@example.org")
            .unwrap()
            .is_some()
    );
    seed(&store);
    let types = client.query_one(
        r#"SELECT string_agg(n.nspname || ' ' || format_type(c.atttypid, c.atttypmod), ', ' ORDER BY n.nspname)
           FROM pg_attribute AS c JOIN pg_class AS t ON t.oid = c.attrelid
           JOIN pg_namespace AS n ON n.oid = t.relnamespace
           WHERE t.relname = 'User' AND c.attname = 'id'"#,
    );
    assert_eq!(types, "Auth App uuid, public text");
    let tables = client.query_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables, "1");
}

fn rights_are_needed_only_to_create(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let url = in_schema(database.url(), "Auth App");
    let owner = store(&url);
    let role = format!("{}_app", database.name());
    let mut client = database.client();
    client.query(&format!(
        r#"CREATE ROLE {role} LOGIN PASSWORD 'app';
           GRANT USAGE ON SCHEMA "Auth App" TO {role};
           GRANT ALL ON ALL TABLES IN SCHEMA "Auth App" TO {role};
           CREATE SCHEMA "locked""#
    ));
    let place = database.url().split_once('@').unwrap().1.to_owned();
    let url = format!("postgres://{role}:app@{place}");
    let migrate = |name: &str| {
        let store = AuthStore::connect(&in_schema(url.clone(), name))?;
        store.migrate()
    };
    let results = ["Auth App", "locked", "new"].map(migrate);
    drop(owner);
    client.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    let [up_to_date, locked, new] = results;
    assert!(up_to_date.unwrap().is_empty());
    for (result, word) in [(locked, "locked"), (new, "permission denied for database")] {
        let error = result.unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("permission denied"), "{text}");
        assert!(text.contains(word), "{text}");
    }
}

/// The error must not be "run migrate first", because that was done.
fn missing_search_path_is_named(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let url = with_options(database.url(), "options=-c%20search_path%3Dnowhere");
    let store = AuthStore::connect(&url).unwrap();
    let words = words(&store.migrate().unwrap_err());
    assert!(words.contains("search_path"), "{words}");
    assert!(words.contains("schema="), "{words}");
    assert!(!words.contains("run migrate first"), "{words}");

    // The name in the URL is enough.
    let store = AuthStore::connect(&in_schema(database.url(), "nowhere")).unwrap();
    store.migrate().unwrap();
}
