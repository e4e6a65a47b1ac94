//! What becomes of the application's own objects when its database is adopted: each either does its work afterwards, or
//! is named in the dry run.

use authstore_test_databases::{Kind, Test};
use serde_json::json;

use crate::adopt::Theirs;
use crate::on_each;

pub(crate) fn tests() -> Vec<Test> {
    [
        on_each("objects_are_kept_or_named", objects_are_kept_or_named),
        on_each("unreadable_rows_are_named", unreadable_rows_are_named),
    ]
    .into_iter()
    .flatten()
    .collect()
}

enum Fate {
    /// This statement succeeds after the adoption.
    Kept(&'static str),
    /// The dry run lists a change with these words.
    Changed(&'static str),
    /// The dry run lists these words as blocking, until this statement has resolved it.
    Blocking(&'static str, &'static str),
}
use Fate::{Blocking, Changed, Kept};

/// Statements apart by `;;`, and what becomes of what they create. Names are in double quotes, for every database.
type Case = (&'static str, Fate);

const EVERYWHERE: &[Case] = &[
    (
        r#"ALTER TABLE "User" ADD COLUMN "nick" varchar(20)"#,
        Kept(r#"UPDATE "User" SET "nick" = 'x'"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "visits" int NOT NULL DEFAULT 3"#,
        Kept(r#"INSERT INTO "User" ("email") VALUES ('default@example.org')"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "team" varchar(20);;CREATE UNIQUE INDEX "team_key" ON "User" ("team")"#,
        Kept(r#"DROP INDEX "team_key" ON_USER"#),
    ),
    (
        r#"CREATE INDEX "provider_of" ON "Account" ("provider", "userId")"#,
        Kept(r#"DROP INDEX "provider_of" ON_ACCOUNT"#),
    ),
    (
        r#"CREATE INDEX "by_name" ON "User" ("name")"#,
        Kept(r#"DROP INDEX "by_name" ON_USER"#),
    ),
    (
        r#"CREATE VIEW "people" AS SELECT "nick" FROM "User""#,
        Kept(r#"SELECT * FROM "people""#),
    ),
    (
        r#"CREATE UNIQUE INDEX "one_image" ON "User" ("image")"#,
        Blocking("one_image", r#"DROP INDEX "one_image" ON_USER"#),
    ),
    (
        r#"CREATE TABLE "Audit" ("what" varchar(20) CHECK ("what" = 'session'))"#,
        Kept(r#"SELECT * FROM "Audit""#),
    ),
];

const POSTGRES: &[Case] = &[
    (
        r#"CREATE VIEW "mails" AS SELECT "email" FROM "User""#,
        Blocking("mails", r#"DROP VIEW "mails""#),
    ),
    (
        r#"CREATE MATERIALIZED VIEW "ends" AS SELECT "expires" FROM "Session""#,
        Blocking("ends", r#"DROP MATERIALIZED VIEW "ends""#),
    ),
    (
        r#"CREATE RULE "quiet" AS ON UPDATE TO "User" WHERE NEW."email" = 'x' DO INSTEAD NOTHING"#,
        Blocking("quiet", r#"DROP RULE "quiet" ON "User""#),
    ),
    (
        r#"CREATE POLICY "own_mail" ON "User" USING ("email" = 'x')"#,
        Blocking("own_mail", r#"DROP POLICY "own_mail" ON "User""#),
    ),
    (
        r#"CREATE POLICY "own_nick" ON "User" USING ("nick" = 'x');;ALTER TABLE "User" ENABLE ROW LEVEL SECURITY"#,
        Kept(r#"DROP POLICY "own_nick" ON "User""#),
    ),
    (
        r#"ALTER TABLE "Session" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"#,
        Blocking(
            "row security",
            r#"ALTER TABLE "Session" NO FORCE ROW LEVEL SECURITY"#,
        ),
    ),
    (
        r#"CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';;CREATE TRIGGER "mail_changes" BEFORE UPDATE OF "email" ON "User" FOR EACH ROW EXECUTE FUNCTION nothing()"#,
        Blocking("mail_changes", r#"DROP TRIGGER "mail_changes" ON "User""#),
    ),
    (
        r#"CREATE TRIGGER "any_change" BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION nothing()"#,
        Kept(r#"DROP TRIGGER "any_change" ON "User""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "folded" text GENERATED ALWAYS AS (lower("email")) STORED"#,
        Blocking("folded", r#"ALTER TABLE "User" DROP COLUMN "folded""#),
    ),
    (
        r#"CREATE PUBLICATION "SELF" FOR TABLE "User" WHERE ("email" = 'x')"#,
        Blocking("publication", r#"DROP PUBLICATION "SELF""#),
    ),
    (
        r#"CREATE FUNCTION mails() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT "email" FROM "User"; END"#,
        Blocking("mails()", "DROP FUNCTION mails()"),
    ),
    (
        r#"CREATE TABLE "Copies" ("of" "User")"#,
        Blocking("row type", r#"DROP TABLE "Copies""#),
    ),
    (
        r#"ALTER TABLE "User" ADD CONSTRAINT "has_at" CHECK ("email" LIKE '%@%')"#,
        Kept(r#"ALTER TABLE "User" DROP CONSTRAINT "has_at""#),
    ),
    (
        r#"ALTER TABLE "User" DROP CONSTRAINT "User_email_key";;CREATE UNIQUE INDEX "User_email_key" ON "User" ("email")"#,
        Kept(r#"SELECT 1"#),
    ),
    (
        r#"CREATE INDEX "folded_mail" ON "User" (lower("email"))"#,
        Kept(r#"DROP INDEX "folded_mail""#),
    ),
    (
        r#"ALTER TABLE "Session" ALTER COLUMN "expires" TYPE timestamp USING "expires" AT TIME ZONE 'UTC'"#,
        Changed("interpreted as UTC"),
    ),
    (
        r#"COMMENT ON COLUMN "User"."email" IS 'theirs';;GRANT SELECT ON "User" TO PUBLIC"#,
        Kept("SELECT 1 / (col_description('\"User\"'::regclass, 3) = 'theirs')::int"),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "number" bigint GENERATED ALWAYS AS IDENTITY"#,
        Kept(r#"SELECT "number" FROM "User""#),
    ),
];

const MYSQL: &[Case] = &[
    (
        r#"ALTER TABLE "User" ADD CONSTRAINT "has_at" CHECK ("email" LIKE '%@%')"#,
        Kept(r#"ALTER TABLE "User" DROP CONSTRAINT "has_at""#),
    ),
    (
        r#"CREATE TRIGGER "nicks" BEFORE INSERT ON "User" FOR EACH ROW SET NEW."nick" = 'from the trigger'"#,
        Kept(r#"DROP TRIGGER "nicks""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "folded" varchar(300) GENERATED ALWAYS AS (lower("email")) STORED"#,
        Kept(r#"SELECT "folded" FROM "User""#),
    ),
    (
        r#"CREATE TABLE "Mails" ("mail" varchar(255) NOT NULL, CONSTRAINT "mail_of" FOREIGN KEY ("mail") REFERENCES "User" ("email"))"#,
        Blocking("mail_of", r#"DROP TABLE "Mails""#),
    ),
    (
        r#"CREATE FULLTEXT INDEX "words" ON "User" ("name")"#,
        Kept(r#"DROP INDEX "words" ON "User""#),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "must" int NOT NULL"#,
        Blocking(
            "must",
            r#"ALTER TABLE "VerificationToken" DROP COLUMN "must""#,
        ),
    ),
];

const SQLITE: &[Case] = &[
    (
        r#"CREATE TRIGGER "nicks" AFTER INSERT ON "User" BEGIN UPDATE "User" SET "nick" = 'from the trigger' WHERE "id" = NEW."id"; END"#,
        Kept(r#"DROP TRIGGER "nicks""#),
    ),
    (
        r#"CREATE INDEX "some" ON "User" (lower("email")) WHERE "nick" IS NOT NULL"#,
        Kept(r#"DROP INDEX "some""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "folded" text AS (lower("email"))"#,
        Blocking("folded", r#"ALTER TABLE "User" DROP COLUMN "folded""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "age" int CHECK ("age" > 0)"#,
        Changed("CHECK"),
    ),
];

fn cases(kind: Kind) -> impl Iterator<Item = &'static Case> {
    let own = match kind {
        Kind::Postgres => POSTGRES,
        Kind::Mysql | Kind::Mariadb => MYSQL,
        _ => SQLITE,
    };
    EVERYWHERE.iter().chain(own)
}

fn run(theirs: &mut Theirs, kind: Kind, statements: &str) {
    let mysql = matches!(kind, Kind::Mysql | Kind::Mariadb);
    for statement in statements.split(";;") {
        let statement = if mysql {
            let statement = statement.replace("ON_USER", r#"ON "User""#);
            statement
                .replace("ON_ACCOUNT", r#"ON "Account""#)
                .replace('"', "`")
        } else {
            let name = format!("p{}", std::process::id());
            let statement = statement.replace("ON_USER", "").replace("ON_ACCOUNT", "");
            statement.replace("SELF", &name)
        };
        theirs.js.call("execute", &json!([statement]));
    }
}

fn objects_are_kept_or_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    theirs.js.call(
        "createUser",
        &json!([{ "name": "Ada", "email": "ada@example.org" }]),
    );
    for (setup, fate) in cases(kind) {
        run(&mut theirs, kind, setup);
        if let Blocking(words, resolution) = fate {
            let found = theirs.compare();
            assert!(
                found.obstacles.iter().any(|line| line.contains(words)),
                "{setup}: {found}"
            );
            theirs.adopt().expect_err(setup);
            run(&mut theirs, kind, resolution);
        }
    }
    let found = theirs.compare();
    assert_eq!(found.obstacles, [""; 0], "{found}");
    for (setup, fate) in cases(kind) {
        if let Changed(words) = fate {
            let named = found.differences.iter().any(|line| line.contains(words));
            assert!(named, "{setup}: {found}");
        }
    }
    theirs.adopt().expect("an adoption");
    assert!(theirs.compare().is_empty());
    for (_, fate) in cases(kind) {
        if let Kept(check) = fate {
            run(&mut theirs, kind, check);
        }
    }
}

/// The rows of the two tables, without reading them: JavaScript cannot represent all of these times.
fn counts(theirs: &mut Theirs, kind: Kind) -> serde_json::Value {
    let sql = r#"SELECT (SELECT count(*) FROM "Session") + (SELECT count(*) FROM "VerificationToken") AS "n""#;
    let quote = if matches!(kind, Kind::Mysql | Kind::Mariadb) {
        "`"
    } else {
        "\""
    };
    theirs.js.call("execute", &json!([sql.replace('"', quote)]))
}

/// A row that could not be read afterwards is named before anything changes.
fn unreadable_rows_are_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let user = theirs
        .js
        .call("createUser", &json!([{ "email": "ada@example.org" }]));
    let id = user["id"].as_str().expect("an id").to_owned();
    let times: &[&str] = match kind {
        Kind::Postgres => &[
            "'infinity'",
            "'275760-09-13'",
            "'1969-12-31'",
            "'0044-03-15 BC'",
        ],
        Kind::Mysql | Kind::Mariadb => &["'0000-00-00'", "'2026-11-00'", "'1969-12-31'"],
        _ => &[
            "'never'",
            "''",
            "1795446000000",
            "'+275760-09-13T00:00:00.000Z'",
            "x'00'",
        ],
    };
    for time in times {
        let insert = format!(
            r#"INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") VALUES ('{id}', '{id}', 'token', {time})"#
        );
        let insert_token = format!(
            r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires") VALUES ('ada@example.org', 'token', {time})"#
        );
        if matches!(kind, Kind::Mysql | Kind::Mariadb) {
            // Several connections: the mode has to be set in the statement's own.
            let mode = |sql: &str| {
                let sql = sql.replacen("INSERT INTO", "INSERT IGNORE INTO", 1);
                if kind == Kind::Mysql {
                    sql.replacen("INSERT", "INSERT /*+ SET_VAR(sql_mode='') */", 1)
                } else {
                    format!("SET STATEMENT sql_mode='' FOR {sql}")
                }
            };
            run(&mut theirs, kind, &mode(&insert));
            run(&mut theirs, kind, &mode(&insert_token));
        } else {
            run(&mut theirs, kind, &insert);
            run(&mut theirs, kind, &insert_token);
        }
        let before = counts(&mut theirs, kind);
        let found = theirs.compare();
        assert_eq!(found.obstacles.len(), 2, "{time}: {found}");
        assert!(
            found.obstacles.iter().any(|line| line.contains(&id)),
            "{found}"
        );
        assert!(!found.to_string().contains("ada@"), "{found}");
        theirs.adopt().expect_err(time);
        assert_eq!(counts(&mut theirs, kind), before);
        run(
            &mut theirs,
            kind,
            r#"DELETE FROM "Session";;DELETE FROM "VerificationToken""#,
        );
    }
    theirs.adopt().expect("an adoption");
}
