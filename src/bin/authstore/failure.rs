//! Failures, as a message for a person and an exit code for a script.

use std::error::Error as _;
use std::process::ExitCode;

use authstore::Error;
use authstore::migration::MigrationError;

/// Migrations are pending. Not a failure, but a script can check for it.
pub(crate) const PENDING: u8 = 5;
/// This program cannot work with the schema.
pub(crate) const UNUSABLE_SCHEMA: u8 = 4;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const TRY_AGAIN: u8 = 3;

#[derive(Debug)]
pub(crate) enum CliError {
    /// The command line is wrong; the string is the whole message.
    Arguments(String),
    /// Something is missing on the command line, or the user declined.
    Usage(String),
    /// An operation of the store failed.
    Store(Error),
    /// `migrate down` failed after it may have reverted some of the migrations that it was to count.
    Uncounted(Error),
    /// Writing to, or reading from, the terminal or a pipe failed.
    Io(std::io::Error),
}

impl CliError {
    pub(crate) fn arguments(error: clap::Error) -> Self {
        CliError::Arguments(error.render().to_string())
    }

    /// Prints the message to stderr, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let text = match self {
            CliError::Arguments(text) => text.trim_end().to_owned(),
            CliError::Usage(text) => format!("error: {text}"),
            CliError::Store(error) => with_causes(error),
            CliError::Uncounted(error) => {
                with_causes(error)
                    + "\nSome migrations may have been reverted. Look at `migrate status`, and continue with `migrate \
                       down --to VERSION`: the same command would revert further ones."
            }
            CliError::Io(error) => format!("error: {error}"),
        };
        eprintln!("{}", without_passwords(&text));
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            CliError::Arguments(_) | CliError::Usage(_) => USAGE,
            CliError::Store(error) => code(error),
            CliError::Uncounted(_) | CliError::Io(_) => FAILED,
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

fn with_causes(error: &Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!("\n  caused by: {error}");
        cause = error.source();
    }
    text
}

fn code(error: &Error) -> u8 {
    match error {
        Error::Invalid { .. } => USAGE,
        // Everything else that this command does can be repeated, so an unknown outcome means: try again.
        Error::Unavailable { .. }
        | Error::OutcomeUnknown { .. }
        | Error::Migration(MigrationError::PlanChanged) => TRY_AGAIN,
        Error::Migration(MigrationError::Folder { .. } | MigrationError::UnknownVersion { .. }) => {
            USAGE
        }
        Error::Migration(MigrationError::Failed { source, .. }) => {
            source.downcast_ref().map_or(FAILED, code)
        }
        Error::Migration(_) => UNUSABLE_SCHEMA,
        _ => FAILED,
    }
}

/// Hides URLs that are quoted: an error about one in the wrong place on the command line quotes it. A password may be
/// anywhere in it, and contain spaces and quotes, so this hides everything up to the last quote of the paragraph.
fn without_passwords(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let quoted = paragraph.find('\'').and_then(|quote| {
            let scheme = quote + paragraph[quote..].find("://")? + "://".len();
            Some((scheme, paragraph.rfind('\'')?))
        });
        match quoted {
            Some((scheme, end)) if scheme <= end => {
                format!("{}[redacted]{}", &paragraph[..scheme], &paragraph[end..])
            }
            _ => paragraph.to_owned(),
        }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
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
            "unexpected 'postgres://[redacted]' found\nnext"
        );
        assert_eq!(
            without_passwords(
                "error: unexpected 'postgres://db/auth?user=ada&password=it's a' secret' found\n\nTry '--help'."
            ),
            "error: unexpected 'postgres://[redacted]' found\n\nTry '--help'."
        );
        let harmless = "see https://example.org, or write to ada@example.org";
        assert_eq!(without_passwords(harmless), harmless);
    }
}
