// Opens a database as an Auth.js application does: the dialects of Kysely, with
// the options that docs/authjs.md tells an application to set.

import { KyselyAuth } from "@auth/kysely-adapter";
import Sqlite from "better-sqlite3";
import { MysqlDialect, PostgresDialect, SqliteDialect } from "kysely";
import mysql from "mysql2";
import pg from "pg";

const CONNECTIONS = 8;

/** The URL is the one that `AuthStore::connect` takes. */
export function open(url) {
  return new KyselyAuth({ dialect: dialect(url) });
}

function dialect(url) {
  const scheme = url.slice(0, url.indexOf(":"));
  switch (scheme) {
    case "sqlite": {
      const database = new Sqlite(url.slice("sqlite:".length));
      // Every integer as a BigInt: a Number is exact only up to 53 bits.
      database.defaultSafeIntegers(true);
      return new SqliteDialect({ database });
    }
    case "postgres":
    case "postgresql":
      return new PostgresDialect({
        pool: new pg.Pool({ connectionString: url, max: CONNECTIONS }),
      });
    case "mysql":
      return new MysqlDialect({
        pool: mysql.createPool({
          uri: url,
          connectionLimit: CONNECTIONS,
          // Columns hold UTC. The default is the time zone of the machine.
          timezone: "Z",
          // Integers past 53 bits as strings.
          supportBigNumbers: true,
        }),
      });
    default:
      throw new Error(`no dialect for ${scheme}`);
  }
}
