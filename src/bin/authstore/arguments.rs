//! What the command understands, and the help that teaches it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: trying again does not help
  2  the command line, the URL or an option is wrong: nothing was done
  3  the database is unavailable or busy: try again
  4  refused: the schema is not one that this program can work with, nothing was changed
  5  `migrate status`: steps are pending; `migrate adopt`: there are differences";

const EXAMPLES: &str = "\
Examples:
  authstore --database-url sqlite:auth.db migrate up
  DATABASE_URL=sqlite:auth.db authstore sweep
  authstore --database-url sqlite:auth.db migrate status

A URL with a password is better passed as DATABASE_URL: other users of the machine can read a command line.";

/// Looks after the database of an authstore: the version of its schema, and what has expired in it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// The database, as the application names it: sqlite:FILE, postgres://... or mysql://...
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
  authstore migrate status                    show each step, and how it stands
  authstore migrate down --steps 1            take the last step back, with the data in it
  authstore migrate adopt                     what differs in a database that Auth.js made
  authstore migrate sql --database-url sqlite:auth.db > schema.sql
  authstore migrate up --migrations db/migrations --series app
                                              the application's own steps, after the store's

Any number of processes may do this at the same time: each step runs once.

{EXIT_CODES}"))]
    Migrate {
        #[command(subcommand)]
        task: MigrateTask,
        #[command(flatten)]
        series: SeriesOptions,
    },
    /// Delete the sessions and verification tokens that have expired
    #[command(long_about = "\
Delete the sessions and verification tokens that have expired, the oldest first and some at a time, so that a busy \
database is never held up. Run it every hour or every day; it can be stopped at any time and started again.")]
    #[command(after_help = format!("\
Examples:
  authstore sweep                               all that has expired until now
  authstore sweep --before 2026-11-01T00:00:00Z keep what has expired since then
  authstore sweep --batch 1000                  longer steps, and fewer

{EXIT_CODES}"))]
    Sweep(SweepOptions),
    /// Hash the session tokens that are stored as they are
    #[command(long_about = "\
Hash the session tokens that are stored as they are, so that someone who reads the database cannot use its sessions. \
Everyone stays signed in, if the application looks sessions up by their hash (SessionTokens::Hashed) from now on. Run it \
again to finish a run that was interrupted.")]
    HashSessionTokens,
    /// Bring email addresses to lower case
    Emails {
        #[command(subcommand)]
        task: EmailsTask,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmailsTask {
    /// List the users whose addresses become one in lower case; exit with 1 if there are any
    Collisions,
    /// Write every address in lower case; stop at the first collision
    Lowercase,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateTask {
    /// Take the steps that were not taken yet
    Up {
        /// Stop after the step of this version
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Take steps back, and delete the data in their tables
    #[command(long_about = "\
Take steps back, the latest first, and delete the data in the tables that they made. Asks first on a terminal; \
elsewhere it needs --yes.")]
    Down(DownOptions),
    /// Show each step and its status; exits with 5 when steps are pending
    Status {
        /// Compare the tables, columns, keys and indexes with what this program needs instead; exits with 1 when something
        /// differs
        #[arg(long)]
        check: bool,
    },
    /// Take over a database that Auth.js made; without --apply, only show what would have to be done
    #[command(long_about = "\
Take over a database that Auth.js's Kysely adapter made and works on. Compares its schema with the one that this \
program needs, and prints what is different and what is in the way. With --apply, brings the schema there without \
losing a row, and the adapter works on as before. What is in the way, such as two accounts of one person at one \
provider, has to be resolved first; until then nothing is changed.

Stop the application while you apply. Make a backup first.")]
    #[command(after_help = "\
Exit codes:
  0  done, or nothing to do
  4  something is in the way: nothing was changed
  5  there are differences, and --apply was not given
  others as for the other commands")]
    Adopt {
        /// Change the schema
        #[arg(long)]
        apply: bool,
    },
    /// Print the SQL of all steps, for those who run migrations with a tool of their own
    #[command(long_about = "\
Print the SQL of all steps, for those who run migrations with a tool of their own. The database \
need not be there, but for mysql: URLs, behind which there may be MySQL or MariaDB, whose SQL differs: the server is \
asked, or name it mariadb: instead. Who runs the SQL by other means stays with them: `migrate up` does not know of it.")]
    Sql {
        /// The way back instead of the way up
        #[arg(long)]
        down: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DownOptions {
    #[command(flatten)]
    pub(crate) extent: Extent,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// How far down; one step when nothing is said.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Extent {
    /// Take this many steps back [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steps: Option<u32>,
    /// Take back all steps after the one of this version, which itself stays
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<i64>,
    /// Take all steps back
    #[arg(long)]
    pub(crate) all: bool,
}

/// Whose steps: the store's own, or an application's.
#[derive(Debug, Args)]
pub(crate) struct SeriesOptions {
    /// Work on the application's own steps in this folder instead of the store's. The files are named
    /// 0001_create_team.up.sql and 0001_create_team.down.sql
    #[arg(long, value_name = "FOLDER", requires = "series", global = true)]
    pub(crate) migrations: Option<PathBuf>,
    /// What sets the application's steps apart in the history, such as the application's name
    #[arg(long, value_name = "NAME", requires = "migrations", global = true)]
    pub(crate) series: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SweepOptions {
    /// How many sessions and how many tokens to delete in one step
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// Delete only what expired at this time or before it, as in 2026-11-24T19:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = past_time)]
    pub(crate) before: Option<OffsetDateTime>,
}

/// What expires in the future is still in use: a typing error there would sign people out.
fn past_time(text: &str) -> Result<OffsetDateTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| format!("{error}; a time is written as in 2026-11-24T19:00:00Z"))?;
    if time > OffsetDateTime::now_utc() {
        return Err("it is in the future, and nothing has expired there yet".into());
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
