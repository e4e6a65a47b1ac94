//! `authstore hash-session-tokens` and `authstore emails`

use std::io::Write as _;
use std::process::ExitCode;

use authstore::signin::SignIn;

use crate::arguments::EmailsTask;
use crate::failure::CliError;
use crate::output::stdout;
use crate::{connect_existing, connect_to_inspect};

pub(crate) fn hash_session_tokens(url: Option<&str>) -> Result<ExitCode, CliError> {
    let hashed = SignIn::new(connect_existing(url)?).hash_session_tokens()?;
    writeln!(stdout(), "hashed {hashed} session token(s)")?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn emails(task: &EmailsTask, url: Option<&str>) -> Result<ExitCode, CliError> {
    let connect = match task {
        EmailsTask::Collisions => connect_to_inspect,
        EmailsTask::Lowercase => connect_existing,
    };
    let signin = SignIn::new(connect(url)?);
    let mut out = stdout();
    match task {
        EmailsTask::Collisions => {
            let collisions = signin.email_collisions()?;
            for collision in &collisions {
                let users: Vec<String> = collision.users.iter().map(ToString::to_string).collect();
                // An address may contain anything, also what looks like another line or controls a terminal.
                writeln!(out, "{} {}", escaped(&collision.email), users.join(" "))?;
            }
            Ok(if collisions.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        EmailsTask::Lowercase => {
            let changed = signin.lowercase_emails()?;
            writeln!(out, "changed {changed} address(es)")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Escapes whitespace and control characters.
fn escaped(email: &str) -> String {
    let escape = |character: char| {
        if character.is_whitespace() {
            character.escape_unicode().to_string()
        } else {
            character.escape_debug().to_string()
        }
    };
    email.chars().map(escape).collect()
}
