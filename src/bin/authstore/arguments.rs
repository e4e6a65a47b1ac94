//! The command's arguments and its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; trying again does not help
     `migrate status --check`: the tables differ; `emails collisions`: there are collisions
  2  the command line, the URL or an option is wrong; nothing was done
  3  the database is unavailable or busy, or another run migrated it first; try again
  4  rejected: this program cannot work with the schema; nothing was changed
  5  `migrate status`: migrations are pending; `migrate adopt`: there are differences";

const EXAMPLES: &str = "\
Examples:
  authstore --database-url sqlite:auth.db migrate up
  DATABASE_URL=sqlite:auth.db authstore sweep
  authstore --database-url sqlite:auth.db migrate status

Pass a URL with a password as DATABASE_URL: other users of the machine can read a command line.";

/// Manage an authstore database: its schema, expired rows, session tokens and email addresses
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// The database's URL, the same as the application's: sqlite:FILE, postgres://... or mysql://...
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        global = true
    )]
    pub(crate) database_url: Option<String>,

    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Show or change the version of the schema
    #[command(after_help = format!("\
Examples:
  authstore migrate up                        bring the schema up to date
  authstore migrate status                    show each migration and its status
  authstore migrate down --steps 1            revert the last migration, and delete its data
  authstore migrate adopt                     show what differs in a database that Auth.js created
  authstore migrate sql --database-url sqlite:auth.db > schema.sql
  authstore migrate up --migrations db/migrations --series app
                                              apply the application's own migrations, and only these

Any number of processes may migrate concurrently: each migration is applied once.

{EXIT_CODES}"))]
    Migrate {
        #[command(subcommand)]
        task: MigrateTask,
        #[command(flatten)]
        series: SeriesOptions,
    },
    /// Delete expired sessions, verification tokens and challenges
    #[command(long_about = "\
Delete expired sessions, verification tokens and challenges, the oldest first and in small batches, so that a busy \
database is never blocked for long. Run it every hour or every day. You can stop it at any time and start it again.")]
    #[command(after_help = format!("\
Examples:
  authstore sweep                               delete everything that has expired until now
  authstore sweep --before 2026-11-01T00:00:00Z keep what has expired since then
  authstore sweep --batch 1000                  use fewer, larger batches

{EXIT_CODES}"))]
    Sweep(SweepOptions),
    /// Hash the session tokens that are stored in plain text
    #[command(long_about = "\
Hash the session tokens that are stored in plain text, so that someone who reads the database cannot use its sessions. \
First switch every program that uses the database to SessionTokens::Hashed: a session is not found until its token is \
hashed. Then all users are still signed in, unless the application deleted the cookie of one who came in between. Run \
it again to finish an interrupted run.")]
    HashSessionTokens,
    /// Find email addresses that collide in lower case, and change all of them to lower case
    Emails {
        #[command(subcommand)]
        task: EmailsTask,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmailsTask {
    /// List the users whose addresses would be the same in lower case; exit with 1 if there are any
    Collisions,
    /// Change every address to lower case; stop at the first collision
    Lowercase,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateTask {
    /// Apply the pending migrations
    Up {
        /// Stop after this version
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Revert migrations, and delete the data in their tables
    #[command(
        long_about = "Revert migrations, the latest first, and delete the data in the tables that they created. \
                            On a terminal, this asks for confirmation, and reverts exactly what it \
                            showed or nothing; otherwise, pass --yes."
    )]
    Down(DownOptions),
    /// Show each migration and its status; exit with 5 if any is pending
    Status {
        /// Compare the tables, columns, keys and indexes with the schema that this program needs, instead of showing
        /// migrations; exit with 1 if something differs (`adopt --apply` restores it)
        #[arg(long)]
        check: bool,
    },
    /// Adopt a database that Auth.js created; without --apply, only show the differences
    #[command(long_about = "\
Adopt a database that Auth.js's Kysely adapter created and uses. Compares its schema with the one that this program \
needs, and prints the differences and the obstacles. With --apply, changes the schema without losing a row, and the \
adapter keeps working. Resolve obstacles first, such as two accounts of one person at one provider; until then nothing \
is changed.

Make a backup first. Stop the application while you apply.")]
    #[command(after_help = "\
Exit codes:
  0  done, or nothing to do
  4  there are obstacles; nothing was changed
  5  there are differences, and --apply was not given
  others as for the other commands")]
    Adopt {
        /// Change the schema
        #[arg(long)]
        apply: bool,
    },
    /// Print the SQL of all migrations, to apply it with another tool
    #[command(long_about = "\
Print the SQL of all migrations, to apply it with another tool. The database need not exist, with one exception: a mysql: URL \
may name a MySQL or a MariaDB server, whose SQL differs, so the server is asked. For MariaDB, write mariadb: to avoid \
that. If you apply this SQL yourself, keep doing so: `migrate up` does not see those migrations.")]
    Sql {
        /// Print the SQL that reverts the migrations
        #[arg(long)]
        down: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DownOptions {
    #[command(flatten)]
    pub(crate) extent: Extent,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// How many migrations to revert; one by default.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Extent {
    /// Revert this many migrations [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steps: Option<u32>,
    /// Revert all migrations after this version; keep the version itself
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<i64>,
    /// Revert all migrations
    #[arg(long)]
    pub(crate) all: bool,
}

/// The series of migrations: the store's own, or an application's.
#[derive(Debug, Args)]
pub(crate) struct SeriesOptions {
    /// Use the application's own migrations in this folder instead of the store's. Name the files
    /// 0001_create_team.up.sql and 0001_create_team.down.sql
    #[arg(long, value_name = "FOLDER", requires = "series", global = true)]
    pub(crate) migrations: Option<PathBuf>,
    /// Name of the application's migrations in the history, such as the application's name
    #[arg(long, value_name = "NAME", requires = "migrations", global = true)]
    pub(crate) series: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SweepOptions {
    /// Delete at most this many rows of each kind in one batch
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// Delete only what expired at or before this time, such as 2026-11-24T19:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = past_time)]
    pub(crate) before: Option<OffsetDateTime>,
}

/// Rejects a time in the future: rows that expire then are still in use, and a typing error would sign people out.
fn past_time(text: &str) -> Result<OffsetDateTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| format!("{error}; write a time like 2026-11-24T19:00:00Z"))?;
    if time > OffsetDateTime::now_utc() {
        return Err("must not be in the future".into());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
