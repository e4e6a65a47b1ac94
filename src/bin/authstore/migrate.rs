//! `authstore migrate`

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use authstore::migration::{
    Direction, MigrationError, Migrator, Series, Step, StepState, StepStatus,
};
use authstore::{AuthStore, Error};
use time::format_description::well_known::Rfc3339;

use crate::arguments::{DownOptions, Extent, MigrateTask, SeriesOptions};
use crate::failure::{CliError, PENDING, UNUSABLE_SCHEMA};
use crate::output::stdout;
use crate::{connect, connect_existing, connect_to_inspect};

pub(crate) fn run(
    task: MigrateTask,
    series: &SeriesOptions,
    url: Option<&str>,
) -> Result<ExitCode, CliError> {
    match task {
        MigrateTask::Up { to } => up(&migrator(series, connect, url)?, to),
        MigrateTask::Down(options) => down(&migrator(series, connect_existing, url)?, &options),
        MigrateTask::Status { check } => {
            let migrator = migrator(series, connect_to_inspect, url)?;
            if check {
                drift(&migrator, series)
            } else {
                status(&migrator)
            }
        }
        MigrateTask::Adopt { apply } => adopt(series, url, apply),
        MigrateTask::Sql { down } => sql(series, url, down),
    }
}

fn migrator(
    series: &SeriesOptions,
    connect: fn(Option<&str>) -> Result<AuthStore, CliError>,
    url: Option<&str>,
) -> Result<Migrator, CliError> {
    // Report an unreadable folder before touching a database.
    let own = application_series(series)?;
    let migrator = connect(url)?
        .migrator()
        .ok_or_else(|| Error::backend("this database has no schema"))?;
    Ok(match own {
        Some(own) => migrator.with_series(own),
        None => migrator,
    })
}

fn application_series(options: &SeriesOptions) -> Result<Option<Series>, Error> {
    match (&options.series, &options.migrations) {
        (Some(name), Some(folder)) => Series::from_dir(name, folder).map(Some),
        _ => Ok(None),
    }
}

fn up(migrator: &Migrator, to: Option<i64>) -> Result<ExitCode, CliError> {
    let steps = match to {
        Some(version) => migrator.up_to(version),
        None => migrator.up(),
    };
    report(steps, "nothing to do: the schema is up to date")
}

fn down(migrator: &Migrator, options: &DownOptions) -> Result<ExitCode, CliError> {
    let Extent { steps, to, all } = options.extent;
    let count = match (all, steps) {
        (true, _) => usize::MAX,
        (false, Some(steps)) => usize::try_from(steps).unwrap_or(usize::MAX),
        (false, None) => 1,
    };
    let steps = match to {
        _ if !options.yes => migrator.down_exactly(&confirmed(migrator, to, count)?),
        Some(version) => migrator.down_to(version),
        None => migrator.down(count),
    };
    let is_counted = to.is_none() && !all;
    report(steps, "nothing to do: no such migration is applied").map_err(|error| match error {
        CliError::Store(error) if is_counted && may_have_reverted(&error) => {
            CliError::Uncounted(error)
        }
        error => error,
    })
}

/// Returns whether a run that failed may have reverted something, so that the same count would now mean others.
fn may_have_reverted(error: &Error) -> bool {
    match error {
        Error::OutcomeUnknown { .. } => true,
        Error::Migration(MigrationError::Failed { done, source, .. }) => {
            !done.is_empty() || source.downcast_ref().is_some_and(may_have_reverted)
        }
        _ => false,
    }
}

/// Returns the versions to revert, after the user has confirmed them.
fn confirmed(migrator: &Migrator, to: Option<i64>, count: usize) -> Result<Vec<i64>, CliError> {
    if let Some(version) = to
        && !migrator
            .series()
            .migrations()
            .iter()
            .any(|step| step.version() == version)
    {
        return Err(Error::from(MigrationError::UnknownVersion { version }).into());
    }
    let to_revert: Vec<StepStatus> = migrator
        .status()?
        .into_iter()
        .rev()
        .filter(|step| step.state.can_be_reverted())
        .filter(|step| to.is_none_or(|to| step.version > to))
        .take(if to.is_some() { usize::MAX } else { count })
        .collect();
    if !to_revert.is_empty() {
        confirm(&to_revert)?;
    }
    Ok(to_revert.iter().map(|step| step.version).collect())
}

fn confirm(to_revert: &[StepStatus]) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "this deletes data; pass --yes to confirm".into(),
        ));
    }
    let mut terminal = io::stderr();
    writeln!(
        terminal,
        "This reverts the following migrations, and deletes the data in their tables:"
    )?;
    for step in to_revert {
        writeln!(terminal, "  {:04} {}", step.version, step.name)?;
    }
    write!(terminal, "Type \"yes\" to continue: ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err(CliError::Usage("nothing was changed".into()))
    }
}

fn report(steps: authstore::Result<Vec<Step>>, nothing: &str) -> Result<ExitCode, CliError> {
    let mut out = stdout();
    // If a migration fails, those before it have been applied.
    if let Ok(done) | Err(Error::Migration(MigrationError::Failed { done, .. })) = &steps {
        for step in done {
            writeln!(out, "{step}")?;
        }
    }
    if steps?.is_empty() {
        writeln!(out, "{nothing}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the tables with the schema that this program needs, for a check in CI.
fn drift(migrator: &Migrator, series: &SeriesOptions) -> Result<ExitCode, CliError> {
    if series.migrations.is_some() {
        let reason = "--check compares the store's own tables; omit --migrations";
        return Err(CliError::Usage(reason.into()));
    }
    let found = migrator.compare()?;
    let mut out = stdout();
    if found.is_empty() {
        writeln!(out, "the tables match what this program needs")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{found}")?;
    Ok(ExitCode::FAILURE)
}

fn status(migrator: &Migrator) -> Result<ExitCode, CliError> {
    let steps = migrator.status()?;
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
    let mut out = stdout();
    for StepStatus {
        version,
        name,
        state,
    } in &steps
    {
        let words = match state {
            StepState::Pending => "pending".to_owned(),
            StepState::Applied { at } => match at.format(&Rfc3339) {
                Ok(at) => format!("applied {at}"),
                Err(_) => "applied".to_owned(),
            },
            StepState::Unfinished => {
                "UNFINISHED: a run was interrupted while it reverted it".to_owned()
            }
            StepState::Changed => "CHANGED: applied, but its SQL has changed since".to_owned(),
            StepState::Missing => "MISSING: applied, but this program does not have it".to_owned(),
            StepState::OutOfOrder => "OUT OF ORDER: not applied, but later ones are".to_owned(),
            StepState::Newer => "NEWER: applied by a later version of the program".to_owned(),
            other => format!("{other:?}"),
        };
        writeln!(
            out,
            "{} {version:04}_{name:width$}  {words}",
            migrator.series().name()
        )?;
    }
    let mismatched = steps
        .iter()
        .any(|step| !step.state.can_be_applied() && !step.state.can_be_reverted());
    let pending = steps.iter().any(|step| step.state.can_be_applied());
    Ok(match (mismatched, pending) {
        (true, _) => ExitCode::from(UNUSABLE_SCHEMA),
        (false, true) => ExitCode::from(PENDING),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn adopt(series: &SeriesOptions, url: Option<&str>, apply: bool) -> Result<ExitCode, CliError> {
    let mut out = stdout();
    let found = migrator(series, connect_to_inspect, url)?.compare()?;
    writeln!(out, "{found}")?;
    if !found.obstacles.is_empty() {
        writeln!(out, "nothing was changed")?;
        return Ok(ExitCode::from(UNUSABLE_SCHEMA));
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !apply {
        writeln!(
            out,
            "nothing was changed; pass --apply to change the schema"
        )?;
        return Ok(ExitCode::from(PENDING));
    }
    let mut terminal = Some(io::stderr()).filter(|stderr| stderr.is_terminal());
    let adopted = migrator(series, connect_existing, url)?.adopt_with_progress(|progress| {
        if let Some(terminal) = &mut terminal {
            rewrite_line(terminal, &progress.to_string());
        }
    });
    if let Some(terminal) = &mut terminal {
        rewrite_line(terminal, "");
    }
    adopted?;
    writeln!(out, "done: the schema matches this program")?;
    Ok(ExitCode::SUCCESS)
}

/// Replaces the terminal's last line. A failure to write it is ignored.
fn rewrite_line(terminal: &mut impl io::Write, text: &str) {
    const ERASE: &str = "\r\x1b[K";
    let _ = write!(terminal, "{ERASE}{text}").and_then(|()| terminal.flush());
}

fn sql(series: &SeriesOptions, url: Option<&str>, down: bool) -> Result<ExitCode, CliError> {
    let direction = if down { Direction::Down } else { Direction::Up };
    let own = application_series(series)?;
    let text = match own.or_else(|| embedded_series(url?)) {
        Some(series) => series.sql(direction)?,
        None => migrator(series, connect, url)?.sql(direction)?,
    };
    stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the store's own migrations if the URL determines them. A `mysql:` URL does not: it may name MySQL or
/// MariaDB.
fn embedded_series(url: &str) -> Option<Series> {
    match url.split_once(':')?.0 {
        #[cfg(feature = "sqlite")]
        "sqlite" => Some(Series::sqlite()),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Some(Series::postgres()),
        #[cfg(feature = "mysql")]
        "mariadb" => Some(Series::mariadb()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use authstore::migration::{Applied, Lock, Migration, Target};
    use time::OffsetDateTime;

    use super::*;

    /// A database with two applied migrations, where reverting this version fails.
    #[derive(Clone, Copy)]
    struct Failing(i64, fn() -> Error);

    fn series() -> Series {
        let migration = |version| Migration::new(version, "step", "up", Some("down".into()));
        Series::new("test", vec![migration(1), migration(2)]).expect("a series")
    }

    impl Target for Failing {
        fn history(&self, _: &str) -> authstore::Result<Vec<Applied>> {
            let applied = |migration: &Migration| Applied {
                version: migration.version(),
                name: migration.name().to_owned(),
                checksum: migration.checksum(),
                applied_at: OffsetDateTime::UNIX_EPOCH,
                is_unfinished: false,
            };
            Ok(series().migrations().iter().map(applied).collect())
        }

        fn lock(&self, _: Duration) -> authstore::Result<Box<dyn Lock + '_>> {
            Ok(Box::new(*self))
        }
    }

    impl Lock for Failing {
        fn history(&mut self, series: &str) -> authstore::Result<Vec<Applied>> {
            Target::history(self, series)
        }

        fn apply(&mut self, _: &str, migration: &Migration, _: Direction) -> authstore::Result<()> {
            if migration.version() == self.0 {
                Err(self.1())
            } else {
                Ok(())
            }
        }

        fn finish(self: Box<Self>) -> authstore::Result<()> {
            Ok(())
        }
    }

    /// A script that tries again on exit code 3 must not delete more than was asked for.
    #[test]
    fn only_a_run_that_reverted_nothing_can_be_repeated_by_count() {
        let unavailable = || Error::unavailable("busy");
        let unknown = || Error::outcome_unknown("no answer");
        let failed = |target: Failing, steps, to| {
            let extent = Extent {
                steps,
                to,
                all: false,
            };
            let options = DownOptions { extent, yes: true };
            down(&Migrator::new(target, series()), &options).expect_err("a failure")
        };
        let is_counted = |error: &CliError| matches!(error, CliError::Uncounted(_));
        assert!(!is_counted(&failed(Failing(2, unavailable), Some(2), None)));
        assert!(is_counted(&failed(Failing(1, unavailable), Some(2), None)));
        assert!(is_counted(&failed(Failing(2, unknown), None, None)));
        assert!(!is_counted(&failed(Failing(2, unknown), None, Some(1))));
    }
}
