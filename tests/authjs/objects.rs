//! The application's own objects during an adoption: each either works afterwards, or is named in the dry run.

use authstore_test_databases::{Kind, Needs, Test};
use serde_json::{Value, json};

use crate::adopt::Theirs;
use crate::on_each;

pub(crate) fn tests() -> Vec<Test> {
    [
        on_each("objects_are_kept_or_named", objects_are_kept_or_named),
        on_each(
            "extra_columns_with_our_names_are_kept",
            extra_columns_with_our_names_are_kept,
        ),
        on_each("unreadable_rows_are_named", unreadable_rows_are_named),
        Test::on(
            &[Kind::SqliteFile],
            Needs::Shared,
            "numbers_that_are_the_same_string_are_named",
            numbers_that_are_the_same_string_are_named,
        ),
        Test::on(
            &[Kind::SqliteFile],
            Needs::Shared,
            "unreadable_strings_are_named",
            unreadable_strings_are_named,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "a_table_without_room_for_keys_is_named",
            a_table_without_room_for_keys_is_named,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "a_table_without_room_for_columns_is_named",
            a_table_without_room_for_columns_is_named,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "a_failure_is_found_before_the_first_change",
            a_failure_is_found_before_the_first_change,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "update_times_are_kept",
            update_times_are_kept,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

enum Outcome {
    /// This statement succeeds after the adoption.
    Kept(&'static str),
    /// This query finds a row after the adoption.
    Shown(&'static str),
    /// This statement violates a constraint, and is rejected after the adoption.
    Holds(&'static str),
    /// The dry run lists a change with this text.
    Changed(&'static str),
    /// The dry run lists this text as an obstacle, until this statement has resolved it.
    Blocking(&'static str, &'static str),
}
use Outcome::{Blocking, Changed, Holds, Kept, Shown};

/// Statements, separated by `;;`, and the outcome for the objects that they create. Names are in double quotes for
/// every database.
type Case = (&'static str, Outcome);

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
    // These reject nothing that a key of the schema allows.
    (
        r#"ALTER TABLE "User" ADD COLUMN "site" varchar(20) DEFAULT 'main' NOT NULL;;CREATE UNIQUE INDEX "of_site" ON "User" ("site", "id")"#,
        Kept(r#"DROP INDEX "of_site" ON_USER"#),
    ),
    (
        r#"CREATE UNIQUE INDEX "mail_of_site" ON "User" ("email", "site")"#,
        Kept(r#"DROP INDEX "mail_of_site" ON_USER"#),
    ),
    (
        r#"CREATE UNIQUE INDEX "session_of" ON "Session" ("userId", "sessionToken")"#,
        Kept(
            r#"INSERT INTO "Session" ("userId", "sessionToken", "expires") SELECT "id", "id", '2030-01-01' FROM "User""#,
        ),
    ),
    (
        r#"CREATE UNIQUE INDEX "token_for" ON "VerificationToken" ("identifier", "token")"#,
        Kept(
            r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires") VALUES ('a', 'first', '2030-01-01'), ('a', 'second', '2030-01-01')"#,
        ),
    ),
    (
        r#"CREATE TABLE "Audit" ("what" varchar(20) CHECK ("what" = 'session'))"#,
        Kept(r#"SELECT * FROM "Audit""#),
    ),
];

const POSTGRES: &[Case] = &[
    (
        r#"CREATE UNIQUE INDEX "linked_by" ON "Account" ("provider", "providerAccountId", "userId")"#,
        Kept(r#"DROP INDEX "linked_by""#),
    ),
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
    (
        r#"ALTER TABLE "User" ADD COLUMN "serial" bigserial"#,
        Shown(r#"SELECT 1 WHERE pg_get_serial_sequence('"User"', 'serial') IS NOT NULL"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "shout" text GENERATED ALWAYS AS (upper("nick")) STORED"#,
        Shown(r#"SELECT 1 FROM pg_attribute WHERE attname = 'shout' AND attgenerated = 's'"#),
    ),
    (
        r#"ALTER TABLE "User" ADD CONSTRAINT "no_twins" EXCLUDE USING hash ("image" WITH =)"#,
        Blocking(
            "no_twins",
            r#"ALTER TABLE "User" DROP CONSTRAINT "no_twins""#,
        ),
    ),
    (
        r#"CREATE TABLE "Members" () INHERITS ("User")"#,
        Blocking("inheritance", r#"DROP TABLE "Members""#),
    ),
    (
        r#"CREATE STATISTICS "both" ON "type", "provider" FROM "Account""#,
        Kept(r#"DROP STATISTICS "both""#),
    ),
    (
        r#"CREATE DOMAIN "age" AS int CHECK (VALUE > 0);;ALTER TABLE "User" ADD COLUMN "age" "age""#,
        Holds(r#"UPDATE "User" SET "age" = 0"#),
    ),
    (
        r#"CREATE DOMAIN "address" AS varchar(255) CHECK (VALUE LIKE '%@%');;ALTER TABLE "VerificationToken" ALTER COLUMN "identifier" TYPE "address""#,
        Blocking(
            "address",
            r#"ALTER TABLE "VerificationToken" ALTER COLUMN "identifier" TYPE varchar(255)"#,
        ),
    ),
    (
        r#"CREATE TABLE "Team" ("id" int PRIMARY KEY);;ALTER TABLE "User" ADD COLUMN "teamId" int CONSTRAINT "in_team" REFERENCES "Team" DEFERRABLE"#,
        Holds(r#"UPDATE "User" SET "teamId" = 7"#),
    ),
    (
        r#"CREATE TABLE "Mailing" ("mail" varchar(255) REFERENCES "User" ("email"))"#,
        Holds(r#"INSERT INTO "Mailing" VALUES ('nobody')"#),
    ),
    (
        r#"ALTER TABLE "Session" REPLICA IDENTITY USING INDEX "Session_sessionToken_key""#,
        Shown(
            r#"SELECT 1 FROM pg_index WHERE indrelid = '"Session"'::regclass AND indisreplident"#,
        ),
    ),
    (
        r#"CLUSTER "Account" USING "Account_userId_index""#,
        Shown(
            r#"SELECT 1 FROM pg_index WHERE indrelid = '"Account"'::regclass AND indisclustered"#,
        ),
    ),
    (
        r#"GRANT UPDATE ("email") ON "User" TO PUBLIC;;GRANT SELECT ON "Session" TO PUBLIC"#,
        Shown(
            r#"SELECT 1 FROM information_schema.column_privileges AS c, information_schema.table_privileges AS t WHERE c.grantee = 'PUBLIC' AND c.column_name = 'email' AND c.privilege_type = 'UPDATE' AND t.grantee = 'PUBLIC' AND t.table_name = 'Session'"#,
        ),
    ),
    (
        r#"COMMENT ON TABLE "Session" IS 'theirs';;CREATE INDEX "commented" ON "Session" ("userId", "expires");;COMMENT ON INDEX "commented" IS 'theirs'"#,
        Shown(
            r#"SELECT 1 WHERE obj_description('"Session"'::regclass) = 'theirs' AND obj_description('"commented"'::regclass) = 'theirs'"#,
        ),
    ),
    (
        r#"CREATE INDEX "named" ON "User" ("name" text_pattern_ops DESC) WHERE "email" LIKE '%@%'"#,
        Shown(
            r#"SELECT 1 FROM pg_indexes WHERE indexname = 'named' AND indexdef LIKE '%pattern_ops DESC%WHERE%'"#,
        ),
    ),
    (
        r#"CREATE TRIGGER "asleep" BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION nothing();;ALTER TABLE "User" DISABLE TRIGGER "asleep""#,
        Shown(r#"SELECT 1 FROM pg_trigger WHERE tgname = 'asleep' AND tgenabled = 'D'"#),
    ),
    (
        r#"ALTER TABLE "Account" ALTER "providerAccountId" TYPE text;;INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId") SELECT "id", 'oauth', 'x', repeat('é', 256) FROM "User""#,
        Blocking("missing or too long", r#"DELETE FROM "Account""#),
    ),
];

/// Ids that become uuid, and what else of the application's own refers to them.
const POSTGRES_IDS: &[Case] = &[
    (
        r#"ALTER TABLE "Account" DROP CONSTRAINT "Account_userId_fkey";;ALTER TABLE "Session" DROP CONSTRAINT "Session_userId_fkey";;ALTER TABLE "User" ALTER "id" TYPE varchar(36);;ALTER TABLE "Account" ALTER "id" TYPE varchar(30), ALTER "userId" TYPE varchar(36), ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ON DELETE CASCADE;;ALTER TABLE "Session" ALTER "userId" TYPE varchar(36), ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ON DELETE CASCADE;;COMMENT ON CONSTRAINT "Session_userId_fkey" ON "Session" IS 'theirs'"#,
        Shown(
            r#"SELECT 1 FROM pg_constraint WHERE conname = 'Session_userId_fkey' AND obj_description(oid, 'pg_constraint') = 'theirs'"#,
        ),
    ),
    (
        r#"CREATE TABLE "Post" ("author" varchar(36) DEFAULT current_setting('app.user', true) CONSTRAINT "by_user" REFERENCES "User" ON DELETE CASCADE CONSTRAINT "by_user_too" REFERENCES "User");;COMMENT ON COLUMN "Post"."author" IS 'who';;COMMENT ON CONSTRAINT "by_user" ON "Post" IS 'it''s theirs'"#,
        Changed(r#"the column of the foreign key by_user of "Post" will become uuid"#),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "userId" varchar(36) REFERENCES "User" ON DELETE CASCADE"#,
        Holds(
            r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires", "userId") VALUES ('x', 'x', now(), gen_random_uuid())"#,
        ),
    ),
    // An id that is not the schema's.
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "id" varchar(36) UNIQUE;;INSERT INTO "VerificationToken" ("identifier", "token", "expires", "id") VALUES ('x', 'marked', now(), 'no UUID');;CREATE TABLE "Mark" ("of" varchar(36) REFERENCES "VerificationToken" ("id"));;INSERT INTO "Mark" VALUES ('no UUID')"#,
        Holds(r#"INSERT INTO "Mark" VALUES ('other')"#),
    ),
    (
        "SELECT 1",
        Shown(
            r#"SELECT 1 FROM pg_attribute, pg_constraint WHERE conname = 'by_user' AND confdeltype = 'c' AND obj_description(pg_constraint.oid, 'pg_constraint') = 'it''s theirs' AND attrelid = conrelid AND attname = 'author' AND atthasdef AND col_description(attrelid, attnum) = 'who'"#,
        ),
    ),
    (
        "SELECT 1",
        Holds(r#"INSERT INTO "Post" VALUES (gen_random_uuid())"#),
    ),
    (
        "SELECT 1",
        Kept(
            r#"DO $$ BEGIN PERFORM set_config('app.user', (SELECT "id"::text FROM "User" LIMIT 1), true); INSERT INTO "Post" DEFAULT VALUES; END $$"#,
        ),
    ),
    (
        r#"CREATE DOMAIN "user_id" AS varchar(36);;CREATE TABLE "Note" ("by" "user_id" REFERENCES "User")"#,
        Blocking("of the domain user_id", r#"DROP TABLE "Note""#),
    ),
    (
        r#"CREATE TABLE "Note" ("key" varchar(36), "by" varchar(36) GENERATED ALWAYS AS ("key") STORED REFERENCES "User")"#,
        Blocking("but is generated", r#"DROP TABLE "Note""#),
    ),
    (
        r#"CREATE TABLE "Parent" ("by" varchar(36));;CREATE TABLE "Note" (FOREIGN KEY ("by") REFERENCES "User") INHERITS ("Parent")"#,
        Blocking("inherited", r#"DROP TABLE "Note""#),
    ),
    (
        r#"CREATE TABLE "Note" ("by" varchar(36) REFERENCES "User") PARTITION BY HASH ("by")"#,
        Blocking("part of the partition key", r#"DROP TABLE "Note""#),
    ),
    (
        r#"CREATE TABLE "Log" ("n" int, "by" varchar(36) REFERENCES "User") PARTITION BY RANGE ("n");;CREATE TABLE "Log1" PARTITION OF "Log" FOR VALUES FROM (0) TO (9)"#,
        Holds(r#"INSERT INTO "Log" VALUES (1, gen_random_uuid())"#),
    ),
    (
        r#"CREATE TABLE "Tag" ("id" varchar(36) PRIMARY KEY);;CREATE TABLE "Note" ("by" varchar(36) REFERENCES "User" CONSTRAINT "tagged" REFERENCES "Tag")"#,
        Blocking(
            r#"tagged of "Note" is on by"#,
            r#"ALTER TABLE "Note" DROP CONSTRAINT "tagged""#,
        ),
    ),
    (
        r#"ALTER TABLE "Note" ADD PRIMARY KEY ("by");;CREATE TABLE "Reply" ("to" varchar(36) CONSTRAINT "answers" REFERENCES "Note")"#,
        Blocking(
            r#"answers of "Reply" refers to "Note".by"#,
            r#"ALTER TABLE "Reply" DROP CONSTRAINT "answers""#,
        ),
    ),
    (
        r#"ALTER TABLE "Note" DISABLE TRIGGER ALL"#,
        Blocking(
            "has disabled triggers",
            r#"ALTER TABLE "Note" ENABLE TRIGGER ALL"#,
        ),
    ),
    (
        r#"CREATE INDEX "collated" ON "Note" ("by" COLLATE "POSIX")"#,
        Blocking("collated", r#"DROP INDEX "collated""#),
    ),
    (
        r#"CREATE INDEX "split" ON "User" USING spgist ("id")"#,
        Blocking("split", r#"DROP INDEX "split""#),
    ),
    (
        r#"CREATE INDEX "hashed" ON "User" USING hash ("id")"#,
        Kept(r#"DROP INDEX "hashed""#),
    ),
    (
        r#"CREATE TABLE "Loose" ("by" varchar(36));;INSERT INTO "Loose" VALUES ('no one');;ALTER TABLE "Loose" ADD FOREIGN KEY ("by") REFERENCES "User" NOT VALID"#,
        Blocking(
            r#""Loose".by becomes uuid, but 1 rows"#,
            r#"DELETE FROM "Loose""#,
        ),
    ),
    (
        r#"DROP INDEX "Session_userId_index";;CREATE INDEX "ranges" ON "Session" USING brin ("expires");;CREATE INDEX "hashes" ON "Session" USING hash ("userId")"#,
        Changed("Session.userId has no index"),
    ),
    (
        "SELECT 1",
        Kept(r#"DROP INDEX "Session_userId_idx", "Session_expires_idx", "ranges", "hashes""#),
    ),
    // A row without an id, in a column whose type changes, and in one whose type does not.
    (
        r#"ALTER TABLE "Account" DROP CONSTRAINT "Account_pkey", ALTER "id" DROP DEFAULT, ALTER "id" DROP NOT NULL;;INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId") SELECT "id", 'oauth', 'github', '1' FROM "User";;CREATE RULE "quiet" AS ON UPDATE TO "Account" DO INSTEAD NOTHING"#,
        Shown(r#"SELECT 1 FROM "Account" WHERE "id" IS NOT NULL"#),
    ),
    (
        r#"ALTER TABLE "Session" DROP CONSTRAINT "Session_pkey", ALTER "id" DROP DEFAULT, ALTER "id" DROP NOT NULL;;INSERT INTO "Session" ("userId", "sessionToken", "expires") SELECT "id", 'token', '2030-01-01' FROM "User";;CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';;CREATE CONSTRAINT TRIGGER "deferred" AFTER UPDATE ON "Session" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later()"#,
        Changed("the trigger deferred of Session will run"),
    ),
    (
        r#"CREATE RULE "noted" AS ON UPDATE TO "Session" DO ALSO NOTHING"#,
        Changed("the rule noted of Session will run"),
    ),
];

/// From PostgreSQL 15.
const POSTGRES_NULLS: &[Case] = &[
    (
        r#"ALTER TABLE "User" ADD COLUMN "handle" text, ADD CONSTRAINT "one_handle" UNIQUE NULLS NOT DISTINCT ("handle")"#,
        Blocking(
            "one_handle",
            r#"ALTER TABLE "User" DROP CONSTRAINT "one_handle""#,
        ),
    ),
    (
        r#"ALTER TABLE "Session" ADD COLUMN "handle" text;;CREATE UNIQUE INDEX "one_of_type" ON "Session" ("userId", "handle") NULLS NOT DISTINCT"#,
        Blocking("one_of_type", r#"DROP INDEX "one_of_type""#),
    ),
    // Keys on the schema's columns become those of the schema.
    (
        r#"CREATE UNIQUE INDEX "linked_once" ON "Account" ("provider", "providerAccountId") NULLS NOT DISTINCT"#,
        Kept("SELECT 1"),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD CONSTRAINT "again" UNIQUE NULLS NOT DISTINCT ("token")"#,
        Kept("SELECT 1"),
    ),
];

const MYSQL: &[Case] = &[
    (
        r#"CREATE UNIQUE INDEX "linked_by" ON "Account" ("provider", "providerAccountId", "userId")"#,
        Blocking(
            "linked_by of Account is on provider and providerAccountId and userId, where a string becomes too long",
            r#"DROP INDEX "linked_by" ON "Account""#,
        ),
    ),
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
    (
        // On MariaDB, changing a column drops its CHECK.
        r#"ALTER TABLE "User" MODIFY "image" varchar(255) COMMENT 'it''s theirs' CHECK ("image" <> 'it''s a \\ "" wrong one')"#,
        Holds(r#"UPDATE "User" SET "image" = 'it''s a \\ "" wrong one'"#),
    ),
    (
        r#"ALTER TABLE "User" COMMENT 'people'"#,
        Shown(
            "SELECT 1 FROM information_schema.COLUMNS AS c JOIN information_schema.TABLES AS t USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_COMMENT = 'it''s theirs' AND TABLE_COMMENT = 'people'",
        ),
    ),
    (
        r#"ALTER TABLE "Account" MODIFY "scope" varchar(255) INVISIBLE"#,
        Changed("Account.scope is INVISIBLE"),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "unseen" int INVISIBLE"#,
        Shown(
            "SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'unseen' AND EXTRA LIKE '%INVISIBLE%'",
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "initial" varchar(1) AS (left("name", 1)) VIRTUAL, ADD KEY "initials" ("initial")"#,
        Kept(r#"DROP INDEX "initials" ON "User""#),
    ),
    (
        r#"CREATE INDEX "beginnings" ON "Account" ("provider"(10), "scope"(5), "type" DESC)"#,
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'beginnings' GROUP BY INDEX_NAME HAVING SUM(SUB_PART) = 15 AND MAX(COLLATION) = 'D'",
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "number" int NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY "number" ("number"), AUTO_INCREMENT = 100"#,
        Shown(
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND AUTO_INCREMENT >= 100",
        ),
    ),
    (
        r#"CREATE TABLE "Team" ("id" int PRIMARY KEY);;ALTER TABLE "User" ADD COLUMN "teamId" int, ADD CONSTRAINT "in_team" FOREIGN KEY ("teamId") REFERENCES "Team" ("id")"#,
        Holds(r#"UPDATE "User" SET "teamId" = 7"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "place" point;;UPDATE "User" SET "place" = point(0, 0);;ALTER TABLE "User" MODIFY "place" point NOT NULL DEFAULT (point(0, 0));;CREATE SPATIAL INDEX "places" ON "User" ("place")"#,
        Kept(r#"DROP INDEX "places" ON "User""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "bio" varchar(100);;CREATE FULLTEXT INDEX "about" ON "User" ("name", "bio")"#,
        Blocking("about", r#"DROP INDEX "about" ON "User""#),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ROW_FORMAT = COMPACT, CONVERT TO CHARACTER SET latin1"#,
        Changed("the row format Compact"),
    ),
    (
        r#"ALTER TABLE "Session" MODIFY "sessionToken" varchar(255) CHARACTER SET latin1 NOT NULL, ROW_FORMAT = REDUNDANT"#,
        Changed("the row format Redundant"),
    ),
    (
        r#"ALTER TABLE "VerificationToken" PARTITION BY KEY ("token") PARTITIONS 2"#,
        Blocking(
            "partitioned",
            r#"ALTER TABLE "VerificationToken" REMOVE PARTITIONING"#,
        ),
    ),
    (
        r#"ALTER TABLE "Account" MODIFY "token_type" varchar(255) CHARACTER SET latin1, ADD INDEX "wide" ("provider", "type", "token_type", "session_state"(10), "expires_at")"#,
        Blocking("wide", r#"DROP INDEX "wide" ON "Account""#),
    ),
    (
        r#"CREATE INDEX "less_wide" ON "Account" ("provider", "type", "token_type")"#,
        Kept(r#"DROP INDEX "less_wide" ON "Account""#),
    ),
    (
        r#"CREATE VIEW "mails" AS SELECT "email" FROM "User" WHERE "name" = 'Ada'"#,
        Shown(r#"SELECT * FROM "mails""#),
    ),
    (
        r#"CREATE USER SELF;;GRANT SELECT ("email") ON "User" TO SELF"#,
        Shown(
            "SELECT 1 FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'email'",
        ),
    ),
    ("SELECT 1", Kept("DROP USER SELF")),
    (
        r#"ALTER TABLE "Account" MODIFY "providerAccountId" varchar(300) NOT NULL;;INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId") SELECT "id", 'oauth', 'x', repeat('é', 256) FROM "User""#,
        Blocking("too long", r#"DELETE FROM "Account""#),
    ),
];

const MYSQL_ALONE: &[Case] = &[
    (
        r#"CREATE INDEX "lowered" ON "User" ((lower("email")))"#,
        Kept(r#"DROP INDEX "lowered" ON "User""#),
    ),
    (
        r#"CREATE INDEX "shouted" ON "User" ((upper("name")))"#,
        Blocking("shouted", r#"DROP INDEX "shouted" ON "User""#),
    ),
    (
        r#"CREATE INDEX "cut" ON "User" ((cast("name" AS char(9))))"#,
        Kept(r#"DROP INDEX "cut" ON "User""#),
    ),
    (
        r#"CREATE INDEX "ignored" ON "User" ("name") INVISIBLE"#,
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'ignored' AND IS_VISIBLE = 'NO'",
        ),
    ),
    (
        r#"ALTER TABLE "Session" ALTER INDEX "sessionToken" INVISIBLE;;ALTER TABLE "Session" ADD KEY "Session_expires_idx" ("expires") INVISIBLE"#,
        Changed("the key sessionToken of Session will be replaced"),
    ),
    (
        "SELECT 1",
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'Session_sessionToken_key' AND IS_VISIBLE = 'YES'",
        ),
    ),
    (
        "SELECT 1",
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'Session_expires_idx' AND IS_VISIBLE = 'YES'",
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "tags" json, ADD INDEX "tagged" ((cast("tags" AS unsigned array)))"#,
        Kept(r#"DROP INDEX "tagged" ON "User""#),
    ),
    (
        r#"ALTER TABLE "User" ADD CONSTRAINT "not_yet" CHECK ("email" = 'x') NOT ENFORCED"#,
        Shown(
            "SELECT 1 FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'not_yet' AND ENFORCED = 'NO'",
        ),
    ),
];

const MARIADB_ALONE: &[Case] = &[
    (
        r#"CREATE INDEX "ignored" ON "User" ("name") IGNORED"#,
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'ignored' AND IGNORED = 'YES'",
        ),
    ),
    (
        r#"ALTER TABLE "Session" ALTER INDEX "sessionToken" IGNORED;;ALTER TABLE "Session" ADD KEY "Session_expires_idx" ("expires") IGNORED"#,
        Changed("the key sessionToken of Session will be replaced"),
    ),
    (
        "SELECT 1",
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'Session_sessionToken_key' AND IGNORED = 'NO'",
        ),
    ),
    (
        "SELECT 1",
        Shown(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'Session_expires_idx' AND IGNORED = 'NO'",
        ),
    ),
    (
        r#"ALTER TABLE "Session" ADD COLUMN "tagged" varchar(50) AS (concat("userId", 'x')) STORED"#,
        Blocking(
            "Session.tagged is generated from userId",
            r#"ALTER TABLE "Session" DROP COLUMN "tagged""#,
        ),
    ),
    (
        r#"ALTER TABLE "Account" ADD COLUMN "short" varchar(8) AS (left("id", 8)) VIRTUAL, ADD KEY "shorts" ("short")"#,
        Blocking(
            "Account.short is generated from id",
            r#"DROP INDEX "shorts" ON "Account""#,
        ),
    ),
    (
        r#"CREATE TABLE "Past" ("of" varchar(36), CONSTRAINT "past_of" FOREIGN KEY ("of") REFERENCES "User" ("id")) WITH SYSTEM VERSIONING"#,
        Blocking("the foreign key past_of of Past", r#"DROP TABLE "Past""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "tags" json"#,
        Holds(r#"UPDATE "User" SET "tags" = 'no JSON'"#),
    ),
    (
        r#"ALTER TABLE "Account" MODIFY "userId" varchar(36) NOT NULL CHECK ("userId" <> 'x')"#,
        Shown(
            "SELECT 1 FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'userId'",
        ),
    ),
    (
        r#"CREATE TABLE "Note" ("of" varchar(36) CHECK ("of" <> 'x'), CONSTRAINT "note_of" FOREIGN KEY ("of") REFERENCES "User" ("id"))"#,
        Shown(
            "SELECT 1 FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'of'",
        ),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD SYSTEM VERSIONING"#,
        Blocking(
            "system versioned",
            r#"ALTER TABLE "VerificationToken" DROP SYSTEM VERSIONING"#,
        ),
    ),
    (
        r#"ALTER TABLE "Account" ADD COLUMN "mood" varchar(9) CHECK ("mood" <> 'bad');;SET STATEMENT check_constraint_checks = 0 FOR INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId", "mood") SELECT "id", 'oauth', 'github', 'moody', 'bad' FROM "User""#,
        Shown(r#"SELECT 1 FROM "Account" WHERE "mood" = 'bad'"#),
    ),
];

const SQLITE: &[Case] = &[
    (
        r#"CREATE UNIQUE INDEX "linked_by" ON "Account" ("provider", "providerAccountId", "userId")"#,
        Kept(r#"DROP INDEX "linked_by""#),
    ),
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
        r#"ALTER TABLE "User" ADD COLUMN "age"CHECK("age" > 0)"#,
        Changed(r#"an unnamed CHECK constraint of User will be dropped: "age" > 0"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "size" int CONSTRAINT "a ""size""" CHECK ("size" IN (1, 2)) CONSTRAINT small CHECK ("size" <> 'CHECK (5)')"#,
        Changed(r#"the CHECK constraint a "size" of User will be dropped: "size" IN (1, 2)"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "check" text DEFAULT 'CHECK (7)'"#,
        Changed("the CHECK constraint small of User"),
    ),
    (
        r#"ALTER TABLE "Account" ADD COLUMN "label" text NOT NULL ON CONFLICT IGNORE DEFAULT 'x'"#,
        Changed("the ON CONFLICT clauses of Account"),
    ),
    (
        r#"CREATE TABLE "Team" ("id" integer PRIMARY KEY);;ALTER TABLE "User" ADD COLUMN "teamId" integer REFERENCES "Team" ON DELETE SET NULL"#,
        Holds(r#"UPDATE "User" SET "teamId" = 7"#),
    ),
    (
        r#"ALTER TABLE "Session" ADD COLUMN "teamId" integer REFERENCES "Team" DEFERRABLE INITIALLY DEFERRED"#,
        Changed("the deferred foreign keys of Session"),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "handle" text COLLATE NOCASE"#,
        Changed("User has columns with a COLLATE clause"),
    ),
    (
        r#"DROP TABLE "VerificationToken";;CREATE TABLE "VerificationToken" ("identifier" text NOT NULL, "token" text NOT NULL UNIQUE, "expires" text NOT NULL, "for" text, "raw" any, UNIQUE ("for", "identifier"), UNIQUE ("token", "identifier"), PRIMARY KEY ("identifier", "token")) STRICT, WITHOUT ROWID"#,
        Changed("VerificationToken is STRICT"),
    ),
    ("SELECT 1", Changed("VerificationToken is WITHOUT ROWID")),
    (
        "SELECT 1",
        Kept(r#"DROP INDEX "VerificationToken_token_identifier_key""#),
    ),
    (
        r#"INSERT INTO "VerificationToken" VALUES ('a', 'b', '2030-01-01T00:00:00.000Z', 'c', '05')"#,
        Holds(
            r#"INSERT INTO "VerificationToken" VALUES ('a', 'd', '2030-01-01T00:00:00.000Z', 'c', NULL)"#,
        ),
    ),
    // ANY means another affinity in a table that is not STRICT.
    (
        "SELECT 1",
        Shown(r#"SELECT 1 FROM "VerificationToken" WHERE typeof("raw") = 'text' AND "raw" = '05'"#),
    ),
    (
        r#"CREATE TABLE "Squad" ("id" integer PRIMARY KEY);;INSERT INTO "Team" VALUES (1);;INSERT INTO "Squad" VALUES (2);;ALTER TABLE "User" ADD COLUMN "both" integer REFERENCES "Team" REFERENCES "Squad" ("id")"#,
        Holds(r#"UPDATE "User" SET "both" = 1"#),
    ),
    ("SELECT 1", Holds(r#"UPDATE "User" SET "both" = 2"#)),
    (
        r#"CREATE VIEW "accounts" AS SELECT * FROM "Account""#,
        Changed("the view accounts selects all columns of a table"),
    ),
    (
        r#"ALTER TABLE "User" DROP COLUMN "image";;ALTER TABLE "User" ADD COLUMN "image" text"#,
        Changed(
            "the columns of the table User will have another order: id, name, email, emailVerified, image, ",
        ),
    ),
    (
        r#"CREATE VIEW "broken" AS SELECT missing FROM "User";;CREATE TRIGGER "broken too" AFTER DELETE ON "Team" BEGIN INSERT INTO "nowhere" VALUES (1); END"#,
        Kept(r#"DROP TRIGGER "broken too""#),
    ),
    (
        r#"CREATE VIEW "mails" AS SELECT "email" FROM "User";;CREATE TRIGGER "into_mails" INSTEAD OF INSERT ON "mails" BEGIN INSERT INTO "User" ("email") VALUES (NEW."email"); END"#,
        Kept(r#"INSERT INTO "mails" VALUES ('view@example.org')"#),
    ),
    (
        r#"CREATE TABLE "Log" ("of" text);;CREATE TRIGGER "logged" AFTER INSERT ON "Log" BEGIN UPDATE "User" SET "nick" = 'logged' WHERE "id" = NEW."of"; END"#,
        Kept(r#"INSERT INTO "Log" SELECT "id" FROM "User""#),
    ),
    (
        "SELECT 1",
        Shown(r#"SELECT 1 FROM "User" WHERE "nick" = 'logged'"#),
    ),
    (
        r#"INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId") SELECT "id", 'oauth', 'x', replace(hex(zeroblob(128)), '0', 'é') FROM "User""#,
        Blocking("too long", r#"DELETE FROM "Account""#),
    ),
];

/// Keys, what refers to them, and names that the schema needs.
const POSTGRES_KEYS: &[Case] = &[
    (
        r#"ALTER TABLE "User" DROP CONSTRAINT "User_email_key", ADD CONSTRAINT "second" UNIQUE ("email");;CREATE TABLE "Letter" ("mail" varchar(255) CONSTRAINT "letter_to" REFERENCES "User" ("email") ON UPDATE CASCADE DEFERRABLE);;ALTER TABLE "User" ADD CONSTRAINT "User_email_key" UNIQUE ("email")"#,
        Changed("the key second of User will be replaced"),
    ),
    (
        r#"INSERT INTO "Letter" SELECT "email" FROM "User""#,
        Holds(r#"INSERT INTO "Letter" VALUES ('no one')"#),
    ),
    (
        "SELECT 1",
        Shown(
            r#"SELECT 1 FROM pg_constraint WHERE conname = 'letter_to' AND confupdtype = 'c' AND condeferrable AND convalidated"#,
        ),
    ),
    (
        r#"CREATE TABLE "Link" ("token" varchar(255) REFERENCES "VerificationToken" ("token"))"#,
        Holds(r#"INSERT INTO "Link" VALUES ('none')"#),
    ),
    (
        r#"ALTER TABLE "Account" DROP CONSTRAINT "Account_pkey", ADD PRIMARY KEY ("id") INCLUDE ("type");;CREATE TABLE "Bill" ("of" uuid REFERENCES "Account")"#,
        Holds(r#"INSERT INTO "Bill" VALUES (gen_random_uuid())"#),
    ),
    (
        r#"CREATE TABLE "Part" ("mail" varchar(255) REFERENCES "User" ("email")) PARTITION BY LIST ("mail");;CREATE TABLE "Part1" PARTITION OF "Part" DEFAULT"#,
        Holds(r#"INSERT INTO "Part" VALUES ('no one')"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "boss" uuid REFERENCES "User", ADD COLUMN "like" varchar(255) REFERENCES "User" ("email")"#,
        Holds(r#"UPDATE "User" SET "like" = 'no one'"#),
    ),
    // Foreign keys of the application's own on a column of that name, and one that includes the column.
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "userId" uuid REFERENCES "User" ON DELETE SET NULL"#,
        Holds(
            r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires", "userId") VALUES ('x', 'x', now(), gen_random_uuid())"#,
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "tenant" int, ADD UNIQUE ("id", "tenant");;ALTER TABLE "Session" ADD COLUMN "tenant" int, ADD CONSTRAINT "in_tenant" FOREIGN KEY ("userId", "tenant") REFERENCES "User" ("id", "tenant")"#,
        Holds(
            r#"INSERT INTO "Session" ("userId", "sessionToken", "expires", "tenant") SELECT "id", 'x', now(), 5 FROM "User""#,
        ),
    ),
    (
        r#"CREATE TABLE "Lost" ("mail" varchar(255) REFERENCES "User" ("email"));;ALTER TABLE "Lost" DISABLE TRIGGER ALL;;INSERT INTO "Lost" VALUES ('no one')"#,
        Blocking("1 rows refer to no row of User", r#"DELETE FROM "Lost""#),
    ),
    (
        r#"CREATE UNIQUE INDEX "backwards" ON "Session" ("sessionToken" DESC);;ALTER TABLE "Session" DROP CONSTRAINT "Session_sessionToken_key""#,
        Changed("the key backwards of Session will be replaced"),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD PRIMARY KEY ("identifier", "token")"#,
        Changed("the key VerificationToken_pkey of VerificationToken will be replaced"),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "note" int;;CREATE TABLE "Plain" ("a" int PRIMARY KEY);;CREATE VIEW "grouped" AS SELECT "note" FROM "VerificationToken" GROUP BY "identifier", "token""#,
        Blocking("grouped", r#"DROP VIEW "grouped""#),
    ),
    (
        r#"ALTER TABLE "Account" DROP CONSTRAINT "Account_userId_fkey", ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE"#,
        Changed("Account does not refer to User"),
    ),
    (
        r#"ALTER TABLE "Account" ADD CONSTRAINT "twice" FOREIGN KEY ("userId") REFERENCES "User" ON DELETE RESTRICT"#,
        Changed("the foreign key twice of Account will be replaced"),
    ),
    (
        r#"ALTER TABLE "User" REPLICA IDENTITY USING INDEX "second""#,
        Blocking(
            "replica identity",
            r#"ALTER TABLE "User" REPLICA IDENTITY DEFAULT"#,
        ),
    ),
    (
        r#"ALTER TABLE "VerificationToken" REPLICA IDENTITY USING INDEX "VerificationToken_token_key""#,
        Blocking(
            "replica identity",
            r#"ALTER TABLE "VerificationToken" REPLICA IDENTITY FULL"#,
        ),
    ),
    (
        r#"ALTER TABLE "Session" SET UNLOGGED"#,
        Blocking("unlogged", r#"ALTER TABLE "Session" SET LOGGED"#),
    ),
    (
        r#"ALTER TABLE "User" ALTER COLUMN "image" SET STORAGE EXTERNAL"#,
        Shown(
            r#"SELECT 1 FROM pg_attribute WHERE attrelid = '"User"'::regclass AND attname = 'image' AND attstorage = 'e'"#,
        ),
    ),
    (
        r#"CREATE TYPE "pair" AS ("a" "Session", "b" int);;CREATE DOMAIN "pairs" AS "pair"[];;CREATE TABLE "Pairs" ("of" "pairs")"#,
        Blocking("the column of of \"Pairs\"", r#"DROP TABLE "Pairs""#),
    ),
    (
        r#"CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';;CREATE EVENT TRIGGER "onlooker" ON ddl_command_end EXECUTE FUNCTION seen()"#,
        Changed("the event trigger onlooker (ddl_command_end)"),
    ),
    (
        r#"CREATE TABLE "Session_expires_idx" ("a" int)"#,
        Blocking("Session_expires_idx", r#"DROP TABLE "Session_expires_idx""#),
    ),
    (
        r#"CREATE INDEX "Session_expires_idx" ON "Session" ("userId")"#,
        Blocking(
            "Session_expires_idx",
            r#"ALTER INDEX "Session_expires_idx" RENAME TO "of_user""#,
        ),
    ),
    (
        r#"CREATE SEQUENCE "Account_provider_providerAccountId_key""#,
        Blocking(
            "Account_provider_providerAccountId_key",
            r#"DROP SEQUENCE "Account_provider_providerAccountId_key""#,
        ),
    ),
    (
        r#"CREATE TABLE "Odd" ("id" int CONSTRAINT "Authenticator_pkey" PRIMARY KEY)"#,
        Blocking("Authenticator_pkey", r#"DROP TABLE "Odd""#),
    ),
    (
        r#"CREATE TYPE "Authenticator" AS ENUM ('a')"#,
        Blocking("Authenticator", r#"DROP TYPE "Authenticator""#),
    ),
    (
        r#"CREATE TABLE "authstore_adoption" ("a" int)"#,
        Blocking("authstore_adoption", r#"DROP TABLE "authstore_adoption""#),
    ),
    (
        r#"CREATE VIEW "authstore_challenge" AS SELECT 1"#,
        Blocking("authstore_challenge", r#"DROP VIEW "authstore_challenge""#),
    ),
    (
        r#"ALTER TABLE "Session" DROP CONSTRAINT "Session_userId_fkey", ADD CONSTRAINT "Session_userId_fkey" CHECK ("expires" > '2000-01-01')"#,
        Blocking(
            "Session_userId_fkey",
            r#"ALTER TABLE "Session" DROP CONSTRAINT "Session_userId_fkey""#,
        ),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ALTER COLUMN "expires" TYPE timestamp USING "expires" AT TIME ZONE 'UTC';;CREATE INDEX "days" ON "VerificationToken" (("expires"::date))"#,
        Blocking("days", r#"DROP INDEX "days""#),
    ),
    (
        r#"ALTER TABLE "Session" ALTER COLUMN "id" DROP DEFAULT, ALTER COLUMN "id" TYPE text;;ALTER TABLE "Session" ADD CONSTRAINT "long_id" CHECK (length("id") = 36)"#,
        Blocking(
            "long_id",
            r#"ALTER TABLE "Session" DROP CONSTRAINT "long_id""#,
        ),
    ),
    (
        r#"CREATE INDEX "patterns" ON "Session" ("id" text_pattern_ops)"#,
        Blocking("patterns", r#"DROP INDEX "patterns""#),
    ),
];

/// Keys, what refers to them, rows that block a change, and names that the schema needs.
const MYSQL_KEYS: &[Case] = &[
    (
        r#"CREATE TABLE "Loud" ("of" varchar(36), CONSTRAINT "loud_of" FOREIGN KEY ("of") REFERENCES "User" ("id"));;INSERT INTO "Loud" SELECT upper("id") FROM "User""#,
        Blocking(
            "the foreign key loud_of of Loud cannot be added again: 1 rows",
            r#"UPDATE "Loud" SET "of" = lower("of")"#,
        ),
    ),
    (
        "SELECT 1",
        Holds(r#"INSERT INTO "Loud" VALUES (upper('0b9f2c9e-6f63-4b6e-8d0c-2f6f2a0f4c11'))"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "seen" datetime;;LAX UPDATE "User" SET "seen" = '0000-00-00'"#,
        Shown(r#"SELECT 1 FROM "User" WHERE CAST("seen" AS char) LIKE '0000-00-00%'"#),
    ),
    (
        r#"CREATE TABLE "Diary" ("of" varchar(36), "at" datetime, CONSTRAINT "diary_of" FOREIGN KEY ("of") REFERENCES "User" ("id"));;LAX INSERT INTO "Diary" SELECT "id", '2026-00-00' FROM "User""#,
        Shown(r#"SELECT 1 FROM "Diary" WHERE CAST("at" AS char) LIKE '%-00-00%'"#),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ADD PRIMARY KEY ("identifier", "token")"#,
        Changed("the key PRIMARY of VerificationToken will be replaced"),
    ),
    (
        r#"CREATE FULLTEXT INDEX "VerificationToken_identifier_idx" ON "VerificationToken" ("identifier")"#,
        Changed("the key VerificationToken_identifier_idx of VerificationToken will be replaced"),
    ),
    (
        r#"CREATE TABLE "authstore_challenge" ("a" int)"#,
        Blocking("authstore_challenge", r#"DROP TABLE "authstore_challenge""#),
    ),
    (
        r#"ALTER TABLE "Session" RENAME COLUMN "id" TO "ID""#,
        Blocking(
            "Session.ID is spelled id",
            r#"ALTER TABLE "Session" RENAME COLUMN "ID" TO "id""#,
        ),
    ),
    (
        r#"CREATE TABLE "Rival" ("of" varchar(36), CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("of") REFERENCES "User" ("id"))"#,
        Blocking("Session_userId_fkey", r#"DROP TABLE "Rival""#),
    ),
    (
        r#"CREATE TABLE "authstore_adoption" ("a" int)"#,
        Blocking("authstore_adoption", r#"DROP TABLE "authstore_adoption""#),
    ),
    (
        r#"ALTER TABLE "Account" ADD CONSTRAINT "twice" FOREIGN KEY ("userId") REFERENCES "User" ("id")"#,
        Changed("the foreign key twice of Account will be replaced"),
    ),
    (
        r#"ALTER TABLE "Account" ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 1"#,
        Blocking(
            "compressed",
            r#"ALTER TABLE "Account" ROW_FORMAT = DYNAMIC KEY_BLOCK_SIZE = 0"#,
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "tenant" varchar(20), ADD UNIQUE KEY "of_tenant" ("tenant", "name")"#,
        Blocking("of_tenant", r#"DROP INDEX "of_tenant" ON "User""#),
    ),
];

/// What uses an id, whose type changes, in every table; and tables whose names differ in case only.
const MYSQL_IDS: &[Case] = &[
    // An id that is not the schema's.
    (
        r#"ALTER TABLE "VerificationToken" ADD COLUMN "id" varchar(36), ADD UNIQUE KEY "marked" ("id");;INSERT INTO "VerificationToken" ("identifier", "token", "expires", "id") VALUES ('x', 'marked', now(), 'no UUID');;CREATE TABLE "Mark" ("of" varchar(36), "text" varchar(100), "short" varchar(8) AS (left("of", 8)) VIRTUAL, KEY ("short"), KEY ("of"), FULLTEXT KEY "marks" ("of", "text"), FOREIGN KEY ("of") REFERENCES "VerificationToken" ("id"));;INSERT INTO "Mark" ("of") VALUES ('no UUID')"#,
        Holds(r#"INSERT INTO "Mark" ("of") VALUES ('other')"#),
    ),
    (
        r#"ALTER TABLE "Account" ADD COLUMN "grantedBy" varchar(36), ADD CONSTRAINT "granted_by" FOREIGN KEY ("grantedBy") REFERENCES "User" ("id") ON DELETE SET NULL"#,
        Shown(
            r#"SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'granted_by' AND DELETE_RULE = 'SET NULL'"#,
        ),
    ),
    (
        r#"ALTER TABLE "Session" ADD COLUMN "by" varchar(36), ADD CONSTRAINT "by_account" FOREIGN KEY ("by") REFERENCES "Account" ("id")"#,
        Shown(
            r#"SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'by_account'"#,
        ),
    ),
    (
        r#"CREATE TABLE "user" ("id" int PRIMARY KEY, "name" varchar(255), KEY "names" ("name"))"#,
        Kept(r#"DROP INDEX "names" ON "user""#),
    ),
    (
        r#"CREATE TABLE "ACCOUNT" ("userId" varchar(36), KEY "of_user" ("userId"), CONSTRAINT "shouted" FOREIGN KEY ("userId") REFERENCES "User" ("id"))"#,
        Holds(r#"INSERT INTO "ACCOUNT" VALUES ('no one')"#),
    ),
    (
        r#"CREATE TABLE "session" ("id" int, "userId" int)"#,
        Kept(r#"INSERT INTO "session" VALUES (1, 2)"#),
    ),
    (
        r#"ALTER TABLE "Account" ADD FULLTEXT KEY "words" ("scope", "userId")"#,
        Blocking(
            "the full-text index words of Account",
            r#"DROP INDEX "words" ON "Account""#,
        ),
    ),
    (
        r#"CREATE TABLE "Essay" ("of" varchar(36), "text" varchar(100), KEY ("of"), FULLTEXT KEY "essays" ("of", "text"), FOREIGN KEY ("of") REFERENCES "User" ("id"))"#,
        Blocking(
            "the full-text index essays of Essay",
            r#"DROP INDEX "essays" ON "Essay""#,
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "folded" varchar(255) AS (lower("email")) STORED, ADD UNIQUE KEY "folded_key" ("folded")"#,
        Blocking("folded_key", r#"DROP INDEX "folded_key" ON "User""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "realm" varchar(600), MODIFY "email" varchar(255) CHARACTER SET latin1 NOT NULL, ADD UNIQUE KEY "of_realm" ("realm", "email")"#,
        Blocking(
            "the index of_realm of User becomes too long",
            r#"DROP INDEX "of_realm" ON "User""#,
        ),
    ),
    (
        r#"ALTER TABLE "VerificationToken" ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 4"#,
        Blocking(
            "compressed",
            r#"ALTER TABLE "VerificationToken" ROW_FORMAT = DYNAMIC KEY_BLOCK_SIZE = 0"#,
        ),
    ),
    (
        r#"ALTER TABLE "Session" DROP FOREIGN KEY "Session_userId_fk", DROP FOREIGN KEY "Session_ibfk_1";;ALTER TABLE "Session" MODIFY "userId" varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"#,
        Blocking(
            "Session.userId compares strings by the collation utf8mb4_general_ci",
            r#"ALTER TABLE "Session" MODIFY "userId" varchar(36) NOT NULL"#,
        ),
    ),
];

/// Names that the adoption needs or cannot use, and clauses that it must parse as SQLite does.
const SQLITE_KEYS: &[Case] = &[
    (
        r#"CREATE TABLE "Other" ("a" text);;CREATE INDEX "Session_expires_idx" ON "Other" ("a")"#,
        Blocking("Session_expires_idx", r#"DROP INDEX "Session_expires_idx""#),
    ),
    (
        r#"CREATE INDEX "Session_expires_idx" ON "Session" ("sessionToken")"#,
        Blocking("Session_expires_idx", r#"DROP INDEX "Session_expires_idx""#),
    ),
    (
        r#"CREATE TABLE "account_userid_idx" ("a" text)"#,
        Blocking("Account_userId_idx", r#"DROP TABLE "account_userid_idx""#),
    ),
    (
        r#"CREATE VIEW "authstore_adoption" AS SELECT 1"#,
        Blocking("authstore_adoption", r#"DROP VIEW "authstore_adoption""#),
    ),
    (
        r#"CREATE TABLE "authstore_adopted_User" ("a" text)"#,
        Blocking(
            "authstore_adopted_User",
            r#"DROP TABLE "authstore_adopted_User""#,
        ),
    ),
    (
        r#"CREATE TABLE "authstore_challenge" ("a" text)"#,
        Blocking("authstore_challenge", r#"DROP TABLE "authstore_challenge""#),
    ),
    (
        r#"ALTER TABLE "User" RENAME COLUMN "image" TO "Image""#,
        Blocking(
            "User.Image is spelled image",
            r#"ALTER TABLE "User" RENAME COLUMN "Image" TO "image""#,
        ),
    ),
    (
        r#"DROP TABLE "VerificationToken";;CREATE TABLE "VerificationToken" ("identifier" text NOT NULL, "token" text NOT NULL UNIQUE, "expires" text NOT NULL, "rowid" text)"#,
        Blocking(
            "VerificationToken has an extra column, rowid",
            r#"ALTER TABLE "VerificationToken" DROP COLUMN "rowid""#,
        ),
    ),
    (
        r#"DROP TABLE "VerificationToken";;CREATE TABLE "VerificationToken" ("identifier" text NOT NULL, "token" text NOT NULL UNIQUE, "expires" text NOT NULL, "kind" text DEFAULT 'one' UNIQUE)"#,
        Blocking(
            "rejects rows that the schema allows",
            r#"DROP TABLE "VerificationToken";;CREATE TABLE "VerificationToken" ("identifier" text NOT NULL, "token" text NOT NULL UNIQUE, "expires" text NOT NULL, "a_b" text, "a" text, "b" text, UNIQUE ("a_b"), UNIQUE ("a", "b"), UNIQUE ("a"))"#,
        ),
    ),
    (
        r#"CREATE INDEX "VerificationToken_a_key" ON "User" ("name");;INSERT INTO "VerificationToken" VALUES ('a', 'b', '2030-01-01T00:00:00.000Z', 'c', 'd', 'e')"#,
        Holds(
            r#"INSERT INTO "VerificationToken" VALUES ('a', 'x', '2030-01-01T00:00:00.000Z', 'y', 'd', 'z')"#,
        ),
    ),
    (
        "SELECT 1",
        Holds(
            r#"INSERT INTO "VerificationToken" VALUES ('a', 'x', '2030-01-01T00:00:00.000Z', 'c', 'y', 'z')"#,
        ),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "words" text DEFAULT 'COLLATE x ON CONFLICT y INITIALLY DEFERRED'"#,
        Kept(r#"INSERT INTO "User" ("email", "name") VALUES ('words@example.org', 'words')"#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "quoted" text DEFAULT "a name";;ALTER TABLE "User" ADD COLUMN "bare" text DEFAULT yes;;ALTER TABLE "User" ADD COLUMN "negative" "primary key, ""odd""" DEFAULT -1"#,
        Shown(
            r#"SELECT 1 FROM "User" WHERE "name" = 'words' AND "quoted" = 'a name' AND "bare" = 'yes' AND "negative" = -1 AND "words" LIKE 'COLLATE%'"#,
        ),
    ),
    (
        r#"CREATE TRIGGER "Session_expires_idx" AFTER INSERT ON "User" BEGIN SELECT 1; END"#,
        Kept(r#"DROP TRIGGER "Session_expires_idx""#),
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "bär" text DEFAULT bär"#,
        Kept(r#"INSERT INTO "User" ("email", "name") VALUES ('bear@example.org', 'bear')"#),
    ),
    (
        "SELECT 1",
        Shown(r#"SELECT 1 FROM "User" WHERE "name" = 'bear' AND "bär" = 'bär'"#),
    ),
    (
        r#"CREATE INDEX "authstore_migration" ON "User" ("name")"#,
        Blocking(
            "the name authstore_migration is needed, but belongs to an index of User",
            r#"DROP INDEX "authstore_migration""#,
        ),
    ),
    (
        r#"CREATE VIEW "authstore_migration" AS SELECT 1"#,
        Blocking(
            "the name authstore_migration is needed, but belongs to a view",
            r#"DROP VIEW "authstore_migration""#,
        ),
    ),
    (
        r#"CREATE INDEX "authstore_challenge" ON "User" ("name")"#,
        Blocking("authstore_challenge", r#"DROP INDEX "authstore_challenge""#),
    ),
    (
        r#"CREATE INDEX "authenticator" ON "User" ("name")"#,
        Blocking("Authenticator", r#"DROP INDEX "authenticator""#),
    ),
];

/// Objects that an adoption would break, although the database would accept that.
const SQLITE_USES: &[Case] = &[
    // A name that is the schema's in other tables only.
    (
        r#"CREATE TABLE "Authenticator" ("credentialID" text, "userId" text, "providerAccountId" text, "credentialPublicKey" text, "counter" integer, "credentialDeviceType" text, "credentialBackedUp" integer, "token" text UNIQUE);;INSERT INTO "Authenticator" SELECT 'c', "id", 'a', 'key', 0, 'singleDevice', 0, 'taken' FROM "User""#,
        Holds(
            r#"INSERT INTO "Authenticator" ("credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType", "credentialBackedUp", "token") SELECT 'd', "id", 'a', 'key', 0, 'singleDevice', 0, 'taken' FROM "User" WHERE "email" = 'ada@example.org'"#,
        ),
    ),
    (
        r#"CREATE VIEW "listed" ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l") AS SELECT * FROM "Account""#,
        Blocking(
            "the view listed would no longer work",
            r#"DROP VIEW "listed""#,
        ),
    ),
    (
        r#"CREATE TABLE "Archive" AS SELECT * FROM "Account";;CREATE TRIGGER "archived" BEFORE DELETE ON "Account" BEGIN INSERT INTO "Archive" SELECT * FROM "Account"; END"#,
        Blocking(
            "the trigger archived would no longer work",
            r#"DROP TRIGGER "archived""#,
        ),
    ),
    (
        r#"CREATE VIEW "names" AS SELECT "name" FROM "User";;CREATE TRIGGER "renamed" INSTEAD OF UPDATE ON "names" BEGIN INSERT INTO "Account" VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12); END"#,
        Blocking(
            "the trigger renamed would no longer work",
            r#"DROP TRIGGER "renamed""#,
        ),
    ),
    (
        r#"CREATE UNIQUE INDEX "spelled" ON "VerificationToken" ("token");;CREATE TABLE "Link" ("of" text REFERENCES "VerificationToken" ("token"))"#,
        Holds(r#"INSERT INTO "Link" VALUES ('none')"#),
    ),
    (
        r#"DROP TABLE "Session";;CREATE TABLE "Session" ("id" text PRIMARY KEY, "userId" text NOT NULL REFERENCES "User", "sessionToken" text NOT NULL UNIQUE, "expires" text NOT NULL, UNIQUE ("userId", "expires"));;CREATE TABLE "Visit" ("of" text, "by" text, FOREIGN KEY ("of", "by") REFERENCES "Session" ("userId", "expires"))"#,
        Blocking(
            "the foreign keys of Visit would no longer work",
            r#"DROP TABLE "Visit""#,
        ),
    ),
    (
        r#"DROP TABLE "Session";;CREATE TABLE "Session" ("id" text PRIMARY KEY, "userId" text NOT NULL REFERENCES "User", "sessionToken" text NOT NULL UNIQUE COLLATE NOCASE, "expires" text NOT NULL, "three" integer DEFAULT (1 + 2 -- three
), UNIQUE ("id", "userId"));;CREATE TABLE "Stay" ("of" text, "by" text, FOREIGN KEY ("of", "by") REFERENCES "Session" ("id", "userId"));;CREATE TABLE "Visit" ("of" text REFERENCES "Session" ("sessionToken"));;INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") SELECT "id", "id", 'abc', '2030-01-01' FROM "User";;INSERT INTO "Visit" VALUES ('ABC')"#,
        Blocking(
            "the foreign key of Visit on of to Session: 1 rows spell sessionToken differently",
            r#"UPDATE "Visit" SET "of" = lower("of")"#,
        ),
    ),
    (
        "SELECT 1",
        Holds(r#"INSERT INTO "Stay" VALUES ('none', 'none')"#),
    ),
    (
        r#"ALTER TABLE "Session" ADD COLUMN "tag" text COLLATE NOCASE;;CREATE UNIQUE INDEX "tags" ON "Session" ("tag");;CREATE TABLE "Tagged" ("by" text REFERENCES "Session" ("tag"))"#,
        Holds(r#"INSERT INTO "Tagged" VALUES ('none')"#),
    ),
];

/// The cases of each of several databases.
fn cases(kind: Kind) -> Vec<Vec<&'static Case>> {
    let (own, alone, others): (_, &[_], &[&[_]]) = match kind {
        Kind::Postgres => (POSTGRES, POSTGRES_NULLS, &[POSTGRES_KEYS, POSTGRES_IDS]),
        Kind::Mysql => (MYSQL, MYSQL_ALONE, &[MYSQL_KEYS, MYSQL_IDS]),
        Kind::Mariadb => (MYSQL, MARIADB_ALONE, &[MYSQL_KEYS, MYSQL_IDS]),
        _ => (SQLITE, &[], &[SQLITE_KEYS, SQLITE_USES]),
    };
    let first = EVERYWHERE.iter().chain(own).chain(alone).collect();
    let others = others.iter().map(|cases| cases.iter().collect());
    std::iter::once(first).chain(others).collect()
}

/// Translates a statement for this database. `SELF` becomes a name that is unique to this run, for objects that a
/// server has only one of. `LAX` lets a statement write an invalid date.
fn dialect(kind: Kind, statement: &str) -> String {
    if let Some(statement) = statement.strip_prefix("LAX ") {
        return lax(kind, &dialect(kind, statement));
    }
    let statement = statement.replace("SELF", &format!("p{}", std::process::id()));
    if matches!(kind, Kind::Mysql | Kind::Mariadb) {
        let statement = statement.replace("ON_USER", r#"ON "User""#);
        statement
            .replace("ON_ACCOUNT", r#"ON "Account""#)
            .replace('"', "`")
    } else {
        statement.replace("ON_USER", "").replace("ON_ACCOUNT", "")
    }
}

/// There are several connections, so the statement itself has to set the mode.
fn lax(kind: Kind, statement: &str) -> String {
    let statement = statement
        .replacen("INSERT INTO", "INSERT IGNORE INTO", 1)
        .replacen("UPDATE ", "UPDATE IGNORE ", 1);
    if kind == Kind::Mysql {
        statement.replacen(' ', " /*+ SET_VAR(sql_mode='') */ ", 1)
    } else {
        format!("SET STATEMENT sql_mode='' FOR {statement}")
    }
}

fn run(theirs: &mut Theirs, kind: Kind, statements: &str) -> Value {
    let mut rows = Value::Null;
    for statement in statements.split(";;") {
        let statement = dialect(kind, statement);
        rows = theirs
            .js
            .try_call("execute", &json!([statement]))
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    rows
}

fn objects_are_kept_or_named(kind: Kind) {
    for cases in cases(kind) {
        are_kept_or_named(kind, &cases);
    }
}

fn are_kept_or_named(kind: Kind, cases: &[&Case]) {
    let mut theirs = Theirs::new(kind, "guide");
    theirs.js.call(
        "createUser",
        &json!([{ "name": "Ada", "email": "ada@example.org" }]),
    );
    for (setup, outcome) in cases {
        run(&mut theirs, kind, setup);
        if let Blocking(words, resolution) = outcome {
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
    for (setup, outcome) in cases {
        if let Changed(words) = outcome {
            let named = found.differences.iter().any(|line| line.contains(words));
            assert!(named, "{setup}: {found}");
        }
    }
    theirs.adopt().expect("an adoption");
    assert!(theirs.compare().is_empty());
    for (_, outcome) in cases {
        match outcome {
            Kept(check) => {
                run(&mut theirs, kind, check);
            }
            Shown(query) => {
                let rows = run(&mut theirs, kind, query);
                assert!(
                    rows.as_array().is_some_and(|rows| !rows.is_empty()),
                    "{query}"
                );
            }
            Holds(wrong) => {
                let statement = dialect(kind, wrong);
                let refused = theirs.js.try_call("execute", &json!([statement]));
                refused.expect_err(wrong);
            }
            Changed(_) | Blocking(..) => {}
        }
    }
}

/// The schema's columns, by table.
const COLUMNS: [(&str, &[&str]); 5] = [
    ("User", &["id", "name", "email", "emailVerified", "image"]),
    (
        "Account",
        &[
            "id",
            "userId",
            "type",
            "provider",
            "providerAccountId",
            "refresh_token",
            "access_token",
            "expires_at",
            "token_type",
            "scope",
            "id_token",
            "session_state",
            "oauth_token_secret",
            "oauth_token",
        ],
    ),
    ("Session", &["id", "userId", "sessionToken", "expires"]),
    ("VerificationToken", &["identifier", "token", "expires"]),
    (
        "Authenticator",
        &[
            "credentialID",
            "userId",
            "providerAccountId",
            "credentialPublicKey",
            "counter",
            "credentialDeviceType",
            "credentialBackedUp",
            "transports",
        ],
    ),
];

/// A name is the schema's in its own table only: everywhere else, a column with it is the application's, with values of
/// another kind.
fn extra_columns_with_our_names_are_kept(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    theirs.fill();
    run(
        &mut theirs,
        kind,
        r#"CREATE TABLE "Authenticator" ("credentialID" varchar(255) NOT NULL, "userId" varchar(36) NOT NULL, "providerAccountId" varchar(255) NOT NULL, "credentialPublicKey" varchar(255) NOT NULL, "counter" int NOT NULL, "credentialDeviceType" varchar(255) NOT NULL, "credentialBackedUp" boolean NOT NULL, "transports" varchar(255));;INSERT INTO "Authenticator" SELECT 'c', "id", 'a', 'key', 0, 'singleDevice', true, NULL FROM "User" WHERE "email" = '0@example.org'"#,
    );
    let mut kept = Vec::new();
    for (table, own) in COLUMNS {
        let others = COLUMNS.iter().flat_map(|(_, columns)| columns.iter());
        let mut extra: Vec<&str> = others.copied().filter(|name| !own.contains(name)).collect();
        extra.sort_unstable();
        extra.dedup();
        let each = |form: fn(&str) -> String, separator| {
            let parts: Vec<_> = extra.iter().map(|name| form(name)).collect();
            parts.join(separator)
        };
        for name in &extra {
            run(
                &mut theirs,
                kind,
                &format!(r#"ALTER TABLE "{table}" ADD COLUMN "{name}" int"#),
            );
        }
        // A time as a number, and no id.
        let values = each(
            |name| match name {
                "id" => r#""id" = NULL"#.to_owned(),
                name => format!(r#""{name}" = 1767225600"#),
            },
            ", ",
        );
        run(
            &mut theirs,
            kind,
            &format!(r#"UPDATE "{table}" SET {values}"#),
        );
        let lost = each(
            |name| match name {
                "id" => r#""id" IS NOT NULL"#.to_owned(),
                name => format!(r#""{name}" IS NULL OR "{name}" <> 1767225600"#),
            },
            " OR ",
        );
        kept.push(format!(r#"SELECT 1 FROM "{table}" WHERE {lost}"#));
    }
    let found = theirs.compare();
    assert_eq!(found.obstacles, [""; 0], "{found}");
    theirs.adopt().expect("an adoption");
    assert!(theirs.compare().is_empty());
    for lost in kept {
        assert_eq!(run(&mut theirs, kind, &lost), json!([]), "{lost}");
    }
}

/// The server allows 64 keys in a table.
fn a_table_without_room_for_keys_is_named(kind: Kind) {
    for (table, column, own) in [
        ("User", "name", 62),
        ("Account", "scope", 60),
        ("Session", "expires", 60),
        ("VerificationToken", "expires", 61),
    ] {
        let mut theirs = Theirs::new(kind, "guide");
        let keys: Vec<_> = (0..own)
            .map(|n| format!(r#"ADD KEY "own{n}" ("extra", "{column}" DESC)"#))
            .collect();
        let keys = keys.join(", ");
        let fill = format!(r#"ALTER TABLE "{table}" ADD COLUMN "extra" int, {keys}"#);
        run(&mut theirs, kind, &fill);
        assert_eq!(theirs.compare().obstacles, [""; 0], "{table}");
        if table != "User" {
            let one_more = format!(r#"ALTER TABLE "{table}" ADD KEY "more" ("extra")"#);
            run(&mut theirs, kind, &one_more);
            let found = theirs.compare();
            let named = found.obstacles.iter().any(|line| {
                line.starts_with(table) && line.ends_with("a table can have only 64; drop 1 first")
            });
            assert!(named, "{found}");
            theirs.adopt().expect_err(table);
            run(
                &mut theirs,
                kind,
                &format!(r#"DROP INDEX "more" ON "{table}""#),
            );
        }
        theirs.adopt().expect(table);
    }
}

/// What no query finds, such as too many columns, is found on an empty copy, before anything is changed.
fn a_failure_is_found_before_the_first_change(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    // The schema adds two columns to those of the guide, and a table can have 1,017.
    let columns: Vec<_> = (0..1_004)
        .map(|n| format!(r#"ADD COLUMN "own{n}" tinyint"#))
        .collect();
    let add = format!(r#"ALTER TABLE "Account" {}"#, columns.join(", "));
    run(&mut theirs, kind, &add);
    let before = theirs.compare();
    assert_eq!(before.obstacles, [""; 0]);
    let error = theirs.adopt().expect_err("too many columns").to_string();
    for words in [
        "Account cannot be changed to the schema",
        "Too many columns",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(theirs.compare(), before);
    run(
        &mut theirs,
        kind,
        r#"ALTER TABLE "Account" DROP COLUMN "own0", DROP COLUMN "own1", DROP COLUMN "own2""#,
    );
    theirs.adopt().expect("an adoption");
}

/// Filling in ids is no reason to set the times of updates.
fn update_times_are_kept(kind: Kind) {
    let mut theirs = Theirs::new(kind, "no-id");
    run(
        &mut theirs,
        kind,
        r#"ALTER TABLE "Account" ADD COLUMN "updatedAt" datetime NOT NULL DEFAULT '2020-02-02 00:00:00' ON UPDATE CURRENT_TIMESTAMP"#,
    );
    let user = theirs
        .js
        .call("createUser", &json!([{ "email": "ada@example.org" }]));
    let account = json!([{
        "userId": user["id"], "type": "oauth", "provider": "github", "providerAccountId": "1",
    }]);
    theirs.js.call("linkAccount", &account);
    theirs.adopt().expect("an adoption");
    let kept =
        r#"SELECT 1 FROM "Account" WHERE "id" IS NOT NULL AND "updatedAt" = '2020-02-02 00:00:00'"#;
    let rows = run(&mut theirs, kind, kept);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
}

/// The server allows 65,535 bytes in a row. Many applications keep tokens as texts, which do not count, so their rows
/// have more room for columns of their own than the schema's, whose `providerAccountId` is longer.
fn a_table_without_room_for_columns_is_named(kind: Kind) {
    const LONGEST: u32 = 57_731;
    let mut theirs = Theirs::new(kind, "guide");
    let texts = ["refresh_token", "access_token", "id_token", "scope"]
        .map(|column| format!(r#"MODIFY "{column}" text"#))
        .join(", ");
    let extra = |verb: &str, length: u32| {
        format!(r#"ALTER TABLE "Account" {verb} COLUMN "extra" varbinary({length})"#)
    };
    run(
        &mut theirs,
        kind,
        &format!(r#"ALTER TABLE "Account" {texts}"#),
    );
    run(&mut theirs, kind, &extra("ADD", LONGEST + 1));
    let found = theirs.compare();
    let named = found.obstacles.iter().any(|line| {
        line.starts_with("Account") && line.contains("but a row can have only 65535 bytes")
    });
    assert!(named, "{found}");
    theirs.adopt().expect_err("too long");
    run(&mut theirs, kind, &extra("MODIFY", LONGEST));
    theirs.adopt().expect("an adoption");
}

/// The rows of the two tables, without reading them: JavaScript cannot represent all of these times.
fn counts(theirs: &mut Theirs, kind: Kind) -> Value {
    let sql = r#"SELECT (SELECT count(*) FROM "Session") + (SELECT count(*) FROM "VerificationToken") AS "n""#;
    let quote = if matches!(kind, Kind::Mysql | Kind::Mariadb) {
        "`"
    } else {
        "\""
    };
    theirs.js.call("execute", &json!([sql.replace('"', quote)]))
}

/// A row that could not be read afterwards is named before anything is changed.
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
            "'2026-02-31T00:00:00.000Z'",
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
            run(&mut theirs, kind, &format!("LAX {insert}"));
            run(&mut theirs, kind, &format!("LAX {insert_token}"));
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

/// Also if the table lacks other columns of the schema. SQLite reads most bytes that are not UTF-8 as some character,
/// such as a Windows apostrophe (0x92) and the first half of a euro sign.
fn unreadable_strings_are_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let user = theirs
        .js
        .call("createUser", &json!([{ "email": "ada@example.org" }]));
    let id = user["id"].as_str().expect("an id").to_owned();
    run(
        &mut theirs,
        kind,
        &format!(
            r#"ALTER TABLE "User" DROP COLUMN "image";;ALTER TABLE "Account" DROP COLUMN "session_state";;ALTER TABLE "Account" ADD COLUMN "oauth_token" text;;INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId") SELECT "id", "id", 'oauth', 'github', '1' FROM "User";;CREATE TABLE "Authenticator" ("credentialID" text, "userId" text, "providerAccountId" text, "credentialPublicKey" text, "counter" integer, "credentialDeviceType" text, "credentialBackedUp" integer, "transports" text);;INSERT INTO "Authenticator" VALUES ('c', '{id}', 'c', 'key', 0, 'singleDevice', 0, NULL)"#
        ),
    );
    assert_eq!(theirs.compare().obstacles, [""; 0]);
    for (table, column) in [
        ("User", "name"),
        ("Account", "scope"),
        ("Account", "oauth_token"),
        ("Authenticator", "transports"),
    ] {
        for (value, words) in [
            ("x'41'", "blob"),
            ("CAST(x'ff' AS text)", "not UTF-8"),
            ("CAST(x'49749273' AS text)", "not UTF-8"),
            ("CAST(x'e282' AS text)", "not UTF-8"),
            ("CAST(x'c0af' AS text)", "not UTF-8"),
            ("CAST(x'eda080' AS text)", "not UTF-8"),
            ("CAST(x'f4908080' AS text)", "not UTF-8"),
            (
                "replace(hex(zeroblob(524288)), '0', char(65533)) || CAST(x'92' AS text)",
                "not UTF-8",
            ),
        ] {
            run(
                &mut theirs,
                kind,
                &format!(r#"UPDATE "{table}" SET "{column}" = {value}"#),
            );
            let found = theirs.compare();
            let [line] = &found.obstacles[..] else {
                panic!("{table}.{column}, {value}: {found}");
            };
            assert!(line.contains(&id) && line.contains(words), "{line}");
        }
        run(
            &mut theirs,
            kind,
            &format!(r#"UPDATE "{table}" SET "{column}" = '€ ' || char(65533, 65534, 65535)"#),
        );
        assert_eq!(theirs.compare().obstacles, [""; 0]);
    }
    theirs.adopt().expect("an adoption");
}

/// In a column without a type, 5 and '5' are two values.
fn numbers_that_are_the_same_string_are_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    run(
        &mut theirs,
        kind,
        r#"DROP TABLE "VerificationToken";;CREATE TABLE "VerificationToken" ("identifier", "token" UNIQUE, "expires");;INSERT INTO "VerificationToken" VALUES ('a', CAST(5 AS integer), '2030-01-01T00:00:00.000Z'), ('b', '5', '2030-01-01T00:00:00.000Z')"#,
    );
    assert_eq!(
        theirs.compare().obstacles,
        ["2 verification tokens have the same token"]
    );
    run(
        &mut theirs,
        kind,
        r#"DELETE FROM "VerificationToken" WHERE "identifier" = 'b'"#,
    );
    theirs.adopt().expect("an adoption");
}
