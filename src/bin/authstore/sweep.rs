//! `authstore sweep`

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use authstore::ExpiredCounts;
use indicatif::{ProgressBar, ProgressStyle};
use time::OffsetDateTime;

use crate::arguments::SweepOptions;
use crate::connect_existing;
use crate::failure::CliError;
use crate::output::stdout;

pub(crate) fn run(options: SweepOptions, url: Option<&str>) -> Result<ExitCode, CliError> {
    let store = connect_existing(url)?;
    // One time for the whole run: otherwise rows that expire during the run would keep it going.
    let before = options.before.unwrap_or_else(OffsetDateTime::now_utc);
    // Draws on stderr, and only when that is a terminal.
    let progress = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {elapsed} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    progress.enable_steady_tick(Duration::from_millis(100));
    let mut total = ExpiredCounts::default();
    loop {
        let batch = store.delete_expired(before, options.batch)?;
        total.sessions += batch.sessions;
        total.verification_tokens += batch.verification_tokens;
        total.challenges += batch.challenges;
        progress.set_message(summary(total));
        let full = u64::from(options.batch);
        let counts = [batch.sessions, batch.verification_tokens, batch.challenges];
        if counts.iter().all(|count| *count < full) {
            break;
        }
    }
    progress.finish_and_clear();
    writeln!(stdout(), "deleted {}", summary(total))?;
    Ok(ExitCode::SUCCESS)
}

fn summary(expired: ExpiredCounts) -> String {
    format!(
        "{}, {} and {}",
        counted(expired.sessions, "expired session"),
        counted(expired.verification_tokens, "expired verification token"),
        counted(expired.challenges, "expired challenge"),
    )
}

fn counted(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}
