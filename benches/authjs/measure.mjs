// Times the real Auth.js adapter from inside, so that the pipe to this process costs nothing.
//
//   node measure.mjs URL
//
// A request is a line: the name of a method of the adapter, and after a tab a JSON array with the arguments of each
// call. The answer is a line with the nanoseconds that each call took.

import { createInterface } from "node:readline";

import { KyselyAdapter } from "@auth/kysely-adapter";
import { sql } from "kysely";

import { open } from "./database.mjs";
import { decode } from "./wire.mjs";

const url = process.argv[2];
const db = open(url);
if (url.startsWith("sqlite:")) {
  // As durable as the store: better-sqlite3 is compiled with another default.
  await sql`PRAGMA synchronous = full`.execute(db);
}
const adapter = KyselyAdapter(db);

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, calls] = line.split("\t");
  const times = [];
  for (const args of decode(JSON.parse(calls))) {
    const start = process.hrtime.bigint();
    await adapter[operation](...args);
    times.push(process.hrtime.bigint() - start);
  }
  process.stdout.write(`${times.join(" ")}\n`);
}
await db.destroy();
