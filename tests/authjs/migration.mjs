// The schema of an application that follows Auth.js's guide to the Kysely
// adapter, on the database that the guide is written for (PostgreSQL), and as
// applications translate it for the others.

import { MysqlAdapter, PostgresAdapter, SqliteAdapter, sql } from "kysely";

const TYPES = new Map([
  [
    PostgresAdapter,
    {
      id: "uuid",
      newId: sql`gen_random_uuid()`,
      text: "varchar(255)",
      time: "timestamptz",
      now: sql`now()`,
    },
  ],
  [
    MysqlAdapter,
    {
      id: "varchar(36)",
      newId: sql`(uuid())`,
      text: "varchar(255)",
      time: sql`datetime(3)`,
      now: sql`now(3)`,
    },
  ],
  [
    SqliteAdapter,
    {
      id: "varchar",
      newId: undefined,
      text: "text",
      time: "timestamptz",
      now: sql`CURRENT_TIMESTAMP`,
    },
  ],
]);

/**
 * `guide`: as the guide has had it. `text`: its later edition, all text and no default time.
 * `no-id`: as the adapter's own tests have it, accounts and sessions without an id.
 * Returns the statements that it ran.
 */
export async function migrate(db, shape) {
  const statements = [];
  const run = async (table) => {
    statements.push(table.compile().sql);
    await table.execute();
  };
  const dialect = TYPES.get(db.getExecutor().adapter.constructor);
  const type = { ...dialect };
  if (shape === "text" && type.id === "uuid") {
    type.text = "text";
  }
  const primaryKey = (column) =>
    type.newId ? column.primaryKey().defaultTo(type.newId) : column.primaryKey();
  const required = (column) => column.notNull();
  const unique = (column) => column.notNull().unique();
  const ofUser = (column) => column.notNull().references("User.id").onDelete("cascade");
  const withId = (table) =>
    shape === "no-id" ? table : table.addColumn("id", type.id, primaryKey);
  // MySQL ignores REFERENCES in the definition of a column.
  const belongsToUser = (table, name) =>
    table.addForeignKeyConstraint(name, ["userId"], "User", ["id"], (key) =>
      key.onDelete("cascade"),
    );

  await run(
    db.schema
      .createTable("User")
      .addColumn("id", type.id, primaryKey)
      .addColumn("name", type.text)
      .addColumn("email", type.text, unique)
      .addColumn("emailVerified", type.time, (column) =>
        shape === "text" ? column : column.defaultTo(type.now),
      )
      .addColumn("image", type.text),
  );

  const account = withId(db.schema.createTable("Account"))
    .addColumn("userId", type.id, ofUser)
    .addColumn("type", type.text, required)
    .addColumn("provider", type.text, required)
    .addColumn("providerAccountId", type.text, required)
    .addColumn("refresh_token", type.text)
    .addColumn("access_token", type.text)
    .addColumn("expires_at", "bigint")
    .addColumn("token_type", type.text)
    .addColumn("scope", type.text)
    .addColumn("id_token", type.text)
    .addColumn("session_state", type.text);
  const session = withId(db.schema.createTable("Session"))
    .addColumn("userId", type.id, ofUser)
    .addColumn("sessionToken", type.text, unique)
    .addColumn("expires", type.time, required);
  if (dialect === TYPES.get(MysqlAdapter)) {
    await run(belongsToUser(account, "Account_userId_fk"));
    await run(belongsToUser(session, "Session_userId_fk"));
  } else {
    await run(account);
    await run(session);
  }

  await run(
    db.schema
      .createTable("VerificationToken")
      .addColumn("identifier", type.text, required)
      .addColumn("token", type.text, unique)
      .addColumn("expires", type.time, required),
  );
  for (const table of ["Account", "Session"]) {
    await run(db.schema.createIndex(`${table}_userId_index`).on(table).column("userId"));
  }
  return statements;
}
