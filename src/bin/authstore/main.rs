//! The command `authstore`: migrates a store's schema, deletes expired rows, hashes session tokens and changes email
//! addresses to lower case.

mod arguments;
mod failure;
mod migrate;
mod output;
mod signin;
mod sweep;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use authstore::AuthStore;
use clap::Parser as _;
use failure::CliError;

fn main() -> ExitCode {
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => run(arguments),
        Err(error) if error.use_stderr() => Err(CliError::arguments(error)),
        // The help or the version was requested.
        Err(error) => error.exit(),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

fn run(arguments: Arguments) -> Result<ExitCode, CliError> {
    let url = arguments.database_url.as_deref();
    match arguments.task {
        Task::Migrate { task, series } => migrate::run(task, &series, url),
        Task::Sweep(options) => sweep::run(options, url),
        Task::HashSessionTokens => signin::hash_session_tokens(url),
        Task::Emails { task } => signin::emails(&task, url),
    }
}

/// Opens the store at the URL from the command line or the environment.
fn connect(url: Option<&str>) -> Result<AuthStore, CliError> {
    Ok(AuthStore::connect(given(url)?)?)
}

/// Like [`connect`], for a task that needs an existing database: a misspelled path must not create an empty file.
fn connect_existing(url: Option<&str>) -> Result<AuthStore, CliError> {
    check_file(url)?;
    connect(url)
}

/// Like [`connect_existing`], for a task that only reads.
fn connect_to_inspect(url: Option<&str>) -> Result<AuthStore, CliError> {
    check_file(url)?;
    Ok(AuthStore::connect_to_inspect(given(url)?)?)
}

fn check_file(url: Option<&str>) -> Result<(), CliError> {
    let url = given(url)?;
    #[cfg(feature = "sqlite")]
    if let Ok(options) = url.parse::<authstore::SqliteOptions>()
        && let Some(path) = options.path()
        && !path.exists()
    {
        return Err(CliError::Usage(format!(
            "no such file: {}; `authstore migrate up` creates a database",
            path.display()
        )));
    }
    let _ = url;
    Ok(())
}

fn given(url: Option<&str>) -> Result<&str, CliError> {
    url.filter(|url| !url.is_empty()).ok_or_else(|| {
        CliError::Usage("no database given; pass --database-url URL, or set DATABASE_URL".into())
    })
}
