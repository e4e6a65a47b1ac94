//! The command line, and the errors for an invalid one.

use crate::run::{Place, outcome};

const PASSWORD: &str = "correct-horse";

#[test]
fn help_teaches() {
    let place = Place::new();
    for line in ["--help", "migrate --help", "sweep --help"] {
        let help = place.succeed(line);
        assert!(help.contains("Examples:\n  authstore "), "{help}");
        assert!(help.contains("Exit codes:\n  0  done\n"), "{help}");
    }
    for line in [
        "migrate up --help",
        "migrate down --help",
        "migrate status --help",
        "migrate sql --help",
        "migrate adopt --help",
    ] {
        let help = place.succeed(line);
        assert!(help.contains("DATABASE_URL"), "{help}");
    }
    assert_eq!(
        place.succeed("--version"),
        format!("authstore {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_database_is_named_by_option_or_environment() {
    let place = Place::new();
    let mut nowhere = place.command("migrate up");
    nowhere.env_remove("DATABASE_URL");
    let nowhere = outcome(nowhere);
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
    assert!(nowhere.stderr.contains("--database-url URL"), "{nowhere:?}");

    let mut empty = place.command("migrate up");
    empty.env("DATABASE_URL", "");
    assert_eq!(outcome(empty).code, 2);

    // The option wins, whatever its position.
    for line in [
        "--database-url sqlite:other.db migrate up",
        "migrate --database-url sqlite:other.db up",
        "migrate up --database-url sqlite:other.db",
    ] {
        place.succeed(line);
        assert!(place.path("other.db").exists() && !place.path("auth.db").exists());
    }
}

#[test]
fn usage_and_database_errors_differ() {
    let place = Place::new();
    for line in [
        "",
        "migrat",
        "migrate",
        "migrate up --too 3",
        "migrate up --to three",
        "migrate down --steps 1 --all",
        "migrate down --steps 0",
        "migrate up --database-url oracle:x",
        "migrate up --database-url sqlite:auth.db?pool=3",
        "migrate up --database-url sqlite:missing/auth.db",
    ] {
        let outcome = place.run(line);
        assert_eq!(outcome.code, 2, "authstore {line}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "authstore {line}");
        assert_ne!(outcome.stderr, "", "authstore {line}");
    }
}

#[test]
fn a_password_is_never_printed() {
    let place = Place::new();
    let url = format!("postgres://ada:{PASSWORD}@127.0.0.1:1/auth?connect_timeout=1");
    for line in [
        "--help".to_owned(),
        "migrate up --help".to_owned(),
        "migrate up".to_owned(),
        "sweep".to_owned(),
        format!("migrate up {url}"),
        format!("migrate {url}"),
        format!("{url} migrate up"),
        format!("migrate up --database-ur {url}"),
        format!("migrate up --database-ur={url}"),
        format!("migrate up --to {url}"),
        format!("sweep --before {url}"),
        format!("sweep --database-url mysql://ada:{PASSWORD}@127.0.0.1:1/auth"),
        format!("sweep --database-url oracle://ada:{PASSWORD}@127.0.0.1:1/auth"),
        format!("sweep --database-url ada:{PASSWORD}@127.0.0.1:1/auth"),
    ] {
        let mut command = place.command(&line);
        command.env("DATABASE_URL", &url);
        let outcome = outcome(command);
        assert!(
            !format!("{outcome:?}").contains(PASSWORD),
            "authstore {line}: {outcome:?}"
        );
    }
}
