// Answers requests, one JSON object per line: {"op": name, "args": [...]} in,
// {"ok": result} or {"error": message} out, in the same order.
//
//   node main.mjs URL
//
// An op is a method of the adapter, or one of those below.

import { createInterface } from "node:readline";

import { KyselyAdapter } from "@auth/kysely-adapter";
import { sql } from "kysely";

import { open } from "./database.mjs";
import { migrate } from "./migration.mjs";
import { passkeys } from "./passkeys.mjs";
import { decode, encode } from "./wire.mjs";

const db = open(process.argv[2]);
const adapter = KyselyAdapter(db);

const own = {
  /** Rows as an application reads them past the adapter, which has no operation for it. */
  select: (table, where) =>
    Object.entries(where)
      .reduce((query, [column, value]) => query.where(column, "=", value), db.selectFrom(table))
      .selectAll()
      .execute(),

  /** A row as an application writes it past the adapter. */
  insert: (table, row) =>
    db
      .insertInto(table)
      .values(row)
      .execute()
      .then(() => null),

  /** A statement of the test's own, as it stands; its rows. */
  execute: (statement) =>
    sql
      .raw(statement)
      .execute(db)
      .then(({ rows }) => rows),

  /** Uses all these verification tokens, several at a time; the tokens that it got. */
  async useVerificationTokens(verificationTokens, atATime) {
    const won = [];
    const rest = verificationTokens.values();
    const worker = async () => {
      for (const { identifier, token } of rest) {
        if (await adapter.useVerificationToken({ identifier, token })) {
          won.push(token);
        }
        // better-sqlite3 is synchronous, so let the other workers run.
        await new Promise(setImmediate);
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    return won;
  },

  /** Makes the schema that an Auth.js application has, in one of its shapes. */
  migrate: (shape) => migrate(db, shape),

  ...passkeys(db, adapter),
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { op, args } = JSON.parse(line);
    answer = { ok: encode(await (own[op] ?? adapter[op])(...decode(args))) };
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await db.destroy();
