//! What went wrong, in words for a person and as an exit code for a script.

use std::error::Error as _;
use std::process::ExitCode;

use authstore::Error;
use authstore::migration::MigrationError;

/// Steps are pending. Not a failure: `migrate status` tells a script so.
pub(crate) const PENDING: u8 = 5;
/// The schema is not one that this program can work with.
pub(crate) const REFUSED: u8 = 4;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const TRY_AGAIN: u8 = 3;

#[derive(Debug)]
pub(crate) enum CliError {
    /// The command line is wrong; the text is the whole message.
    Arguments(String),
    /// Something is missing on the command line, or was answered with no.
    Usage(String),
    /// The store could not do it.
    Store(Error),
    /// The terminal or the pipe did not take the output or give the answer.
    Io(std::io::Error),
}

impl CliError {
    pub(crate) fn arguments(error: clap::Error) -> Self {
        CliError::Arguments(error.render().to_string())
    }

    /// Tells the person on stderr, and the script by the code.
    pub(crate) fn report(&self) -> ExitCode {
        let text = match self {
            CliError::Arguments(text) => text.trim_end().to_owned(),
            CliError::Usage(text) => format!("error: {text}"),
            CliError::Store(error) => {
                let mut text = format!("error: {error}");
                let mut cause = error.source();
                while let Some(error) = cause {
                    text += &format!("\n  caused by: {error}");
                    cause = error.source();
                }
                text
            }
            CliError::Io(error) => format!("error: {error}"),
        };
        // Whoever read the output, such as `head`, has seen enough. What was to be done is done.
        if matches!(self, CliError::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        eprintln!("{}", without_passwords(&text));
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            CliError::Arguments(_) | CliError::Usage(_) => USAGE,
            CliError::Store(error) => code(error),
            CliError::Io(_) => FAILED,
        }
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        CliError::Store(error)
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        CliError::Io(error)
    }
}

fn code(error: &Error) -> u8 {
    match error {
        Error::Invalid { .. } => USAGE,
        // Whatever this command does may be done again, so that an unknown outcome is one more reason to.
        Error::Unavailable { .. } | Error::OutcomeUnknown { .. } => TRY_AGAIN,
        Error::Migration(MigrationError::Folder { .. } | MigrationError::UnknownVersion { .. }) => {
            USAGE
        }
        Error::Migration(MigrationError::Failed { source, .. }) => {
            source.downcast_ref().map_or(FAILED, code)
        }
        Error::Migration(_) => REFUSED,
        _ => FAILED,
    }
}

/// The text with what stands before the host in any URL hidden: a URL that was put in the wrong place on the command
/// line comes back in the complaint about it.
fn without_passwords(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| match (word.find("://"), word.rfind('@')) {
            (Some(scheme), Some(host)) if scheme < host => {
                format!("{}[redacted]{}", &word[..scheme + 3], &word[host..])
            }
            _ => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::without_passwords;

    #[test]
    fn a_password_is_hidden_and_the_rest_is_kept() {
        assert_eq!(
            without_passwords(
                "unexpected 'postgres://ada:p@ss/w:rd@db.example.org/auth' found\nnext"
            ),
            "unexpected 'postgres://[redacted]@db.example.org/auth' found\nnext"
        );
        let harmless = "see https://example.org, or write to ada@example.org";
        assert_eq!(without_passwords(harmless), harmless);
    }
}
