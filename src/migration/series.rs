use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::MigrationError;
use crate::error::{Error, Result};
use crate::validate;

/// Which way a migration is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards the newest schema.
    Up,
    /// Back.
    Down,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Up => "up",
            Direction::Down => "down",
        })
    }
}

/// One step of a schema, and the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    version: i64,
    name: Cow<'static, str>,
    up: Cow<'static, str>,
    down: Option<Cow<'static, str>>,
}

impl Migration {
    /// A step of a series that is not read from a folder: what it says and the way back are whatever the
    /// [`Target`](super::Target) of the series understands.
    pub fn new(
        version: i64,
        name: impl Into<Cow<'static, str>>,
        up: impl Into<Cow<'static, str>>,
        down: Option<String>,
    ) -> Self {
        Migration {
            version,
            name: name.into(),
            up: up.into(),
            down: down.map(Cow::Owned),
        }
    }

    /// The number by which steps are ordered, not negative.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What the step does, as its file is named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SQL that takes the step.
    pub fn up(&self) -> &str {
        &self.up
    }

    /// The SQL that takes it back, if there is a way.
    pub fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    /// Whether the SQL for a direction asks to run outside a transaction: among the comments that it begins with is the line
    /// `-- authstore: no-transaction`.
    pub fn without_transaction(&self, direction: Direction) -> bool {
        let sql = match direction {
            Direction::Up => self.up(),
            Direction::Down => self.down().unwrap_or_default(),
        };
        header(sql) == Some(NO_TRANSACTION)
    }

    /// SHA-256 of the SQL that takes the step, in hexadecimal. Line endings do not count: a checkout may change them.
    pub fn checksum(&self) -> String {
        let digest = Sha256::digest(self.up.replace("\r\n", "\n"));
        digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The SQL for a direction.
    pub(crate) fn sql(&self, direction: Direction) -> Result<&str, MigrationError> {
        match direction {
            Direction::Up => Ok(self.up()),
            Direction::Down => self.down().ok_or_else(|| MigrationError::Irreversible {
                version: self.version,
                name: self.name.to_string(),
            }),
        }
    }
}

/// What a header may say.
const NO_TRANSACTION: &str = "no-transaction";

/// What the SQL says to the runner, in the comments that it begins with.
fn header(sql: &str) -> Option<&str> {
    let lines = sql.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map_while(|line| line.strip_prefix("--"))
        .find_map(|comment| comment.trim().strip_prefix("authstore:"))
        .map(str::trim)
}

/// A list of migrations that belong together, by version.
#[derive(Clone, Debug)]
pub struct Series {
    name: Cow<'static, str>,
    migrations: Vec<Migration>,
}

impl Series {
    /// The crate's own migrations, as they are for SQLite.
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Self {
        embedded::series(embedded::migrations!("sqlite"))
    }

    /// The crate's own migrations, as they are for PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres() -> Self {
        embedded::series(embedded::migrations!("postgres"))
    }

    /// The crate's own migrations, as they are for MySQL.
    #[cfg(feature = "mysql")]
    pub fn mysql() -> Self {
        embedded::series(embedded::migrations!("mysql"))
    }

    /// The crate's own migrations, as they are for MariaDB.
    #[cfg(feature = "mysql")]
    pub fn mariadb() -> Self {
        embedded::series(embedded::migrations!("mariadb"))
    }

    /// A series of steps, such as that of a backend of your own, put in the order of their versions.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a version is negative or stands twice, or the name is not acceptable (key).
    pub fn new(name: impl Into<Cow<'static, str>>, mut migrations: Vec<Migration>) -> Result<Self> {
        let name = name.into();
        validate::key("name", &name)?;
        migrations.sort_by_key(Migration::version);
        if migrations.iter().any(|migration| migration.version < 0) {
            return Err(Error::invalid("migrations", "a version is negative"));
        }
        if let Some(twice) = migrations
            .windows(2)
            .find(|pair| pair[0].version == pair[1].version)
        {
            return Err(Error::invalid(
                "migrations",
                format!("there are two steps of version {}", twice[0].version),
            ));
        }
        Ok(Series { name, migrations })
    }

    /// An application's own migrations, read from a folder of SQL files.
    ///
    /// Each is named `<version>_<name>.up.sql`, where the version is a whole number (`0001`, or a date such as
    /// `20261123190000`), and may have a down migration, `<version>_<name>.down.sql`. Files whose name starts with a dot or
    /// does not end in `.sql` are ignored. A byte order mark is ignored too, and a step without a statement (a file that is
    /// empty, or holds only comments) does nothing on any database. `name` sets the series apart from others in the
    /// history (key, and not `authstore`).
    ///
    /// On SQLite and PostgreSQL a step is one transaction together with its row of history: it must not begin or end one
    /// itself. On MySQL and MariaDB DDL commits implicitly: write one statement a file, and so that it can be repeated
    /// (`CREATE TABLE IF NOT EXISTS`). A transaction that a step leaves open there is rolled back, and the step fails.
    ///
    /// # A step without a transaction
    ///
    /// Some statements refuse to run in a transaction (`CREATE INDEX CONCURRENTLY`, `VACUUM`), and some steps must not
    /// hold their locks to the end. Begin such a file with this line:
    ///
    /// ```sql
    /// -- authstore: no-transaction
    /// CREATE INDEX CONCURRENTLY IF NOT EXISTS team_name ON team (name);
    /// ```
    ///
    /// It is recorded once all of it was done. The price: if it fails or is killed, what it has done so far stays, and the
    /// next run runs all of it again, so write it in a way that can be repeated. `up` and `down` each have their own line.
    ///
    /// - PostgreSQL: one statement a file, as several sent together are one transaction. A concurrent build that failed
    ///   leaves an invalid index behind, which `IF NOT EXISTS` passes over: the step then fails and names the index to
    ///   drop. Not through a pooler in transaction mode: set `migrate_url`.
    /// - SQLite: the steps before it are committed first. The lock is released while it runs, so of several processes that
    ///   migrate at once, each may run it. Foreign keys are enforced.
    /// - MySQL and MariaDB: a step runs without a transaction anyway, and the line changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the name; [`MigrationError::Folder`] for a folder that cannot be read or has no migration, a
    /// file whose name is of another form (the error shows the name that it should have), a file that is not UTF-8 text
    /// with line feeds, an unknown header, two steps of one version, or a down migration without its step.
    pub fn from_dir(name: impl Into<String>, folder: impl AsRef<Path>) -> Result<Self> {
        let name = name.into();
        validate::key("name", &name)?;
        if name == embedded::NAME {
            return Err(Error::invalid(
                "name",
                "`authstore` is the series of the crate itself",
            ));
        }
        Ok(Series {
            name: name.into(),
            migrations: read_folder(folder.as_ref())?,
        })
    }

    /// The series' name in the history.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The migrations, by version.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The SQL of all steps in a direction, for those who run migrations with a tool of their own. History is not part
    /// of it.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Irreversible`] when there is no way down.
    pub fn sql(&self, direction: Direction) -> Result<String> {
        let steps: Vec<&Migration> = match direction {
            Direction::Up => self.migrations.iter().collect(),
            Direction::Down => self.migrations.iter().rev().collect(),
        };
        let mut text = String::new();
        for step in steps {
            let (series, version, name) = (&self.name, step.version, &step.name);
            let sql = step.sql(direction)?.trim_end();
            text += &format!("-- {series} {version:04}_{name} ({direction})\n{sql}\n\n");
        }
        Ok(text)
    }
}

/// Where a name does not say which direction a file is for, up is most often meant.
const DIRECTIONS: [(&str, Direction); 3] = [
    (".up", Direction::Up),
    (".down", Direction::Down),
    ("", Direction::Up),
];

/// The version, the name and the direction that a file's name says, or is most likely meant to say.
fn parse_name(file_name: &str) -> Option<(i64, String, Direction)> {
    let lower = file_name.to_lowercase();
    let stem = lower.strip_suffix(".sql")?;
    let (stem, direction) = DIRECTIONS
        .iter()
        .find_map(|&(ending, direction)| Some((stem.strip_suffix(ending)?, direction)))?;
    // What was lowered may have another length: the name itself is taken only where it does not.
    let stem = file_name.get(..stem.len()).unwrap_or(stem);
    let digits = stem
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(stem.len());
    let (version, rest) = stem.split_at(digits);
    let name = rest
        .strip_prefix('_')
        .unwrap_or_else(|| rest.trim_start_matches(|character: char| !character.is_alphanumeric()));
    if name.is_empty() {
        return None;
    }
    Some((version.parse().ok()?, name.to_owned(), direction))
}

/// The name that a file should have.
fn right_name(file_name: &str) -> String {
    match parse_name(file_name) {
        Some((_, name, direction)) => {
            let digits = file_name.chars().take_while(char::is_ascii_digit).count();
            format!("{}_{name}.{direction}.sql", &file_name[..digits])
        }
        None => "0001_create_team.up.sql".to_owned(),
    }
}

/// Why the text of a file cannot be a step.
fn unusable(sql: &str) -> Option<String> {
    // UTF-16 without a mark, for one.
    if sql.contains('\0') {
        return Some("contains NUL characters; save it as UTF-8".to_owned());
    }
    // Otherwise a comment would reach to the end of the file, and the step be recorded with nothing done.
    if sql.contains('\r') && !sql.contains('\n') {
        return Some("its lines end in CR alone; save it with LF or CRLF".to_owned());
    }
    match header(sql) {
        None | Some(NO_TRANSACTION) => None,
        Some(other) => Some(format!(
            "unknown header `-- authstore: {other}`; there is only `-- authstore: {NO_TRANSACTION}`"
        )),
    }
}

fn read_folder(folder: &Path) -> Result<Vec<Migration>, MigrationError> {
    let unreadable = |path: &Path, error: std::io::Error| MigrationError::Folder {
        reason: format!("cannot read {}", path.display()),
        source: Some(error.into()),
    };
    let wrong = |path: &Path, reason: &str| MigrationError::Folder {
        reason: format!("{}: {reason}", path.display()),
        source: None,
    };
    let mut ups = BTreeMap::new();
    let mut downs = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        // Editors and macOS leave such files beside the real ones.
        if file_name.starts_with('.') || !file_name.to_lowercase().ends_with(".sql") {
            continue;
        }
        let expected = right_name(&file_name);
        let Some((version, name, direction)) =
            parse_name(&file_name).filter(|_| file_name == expected)
        else {
            return Err(wrong(
                &path,
                &format!("not a migration's name; rename the file, as in {expected}"),
            ));
        };
        let sql = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        let sql = sql.strip_prefix('\u{feff}').unwrap_or(&sql).to_owned();
        if let Some(reason) = unusable(&sql) {
            return Err(wrong(&path, &reason));
        }
        let files = match direction {
            Direction::Up => &mut ups,
            Direction::Down => &mut downs,
        };
        if let Some((_, _, other)) = files.insert(version, (name, sql, path.clone())) {
            let reason = format!(
                "another file has version {version} too: {}",
                other.display()
            );
            return Err(wrong(&path, &reason));
        }
    }
    if ups.is_empty() && downs.is_empty() {
        return Err(wrong(
            folder,
            "no migrations; name them as in 0001_create_team.up.sql",
        ));
    }
    let migrations = ups
        .into_iter()
        .map(|(version, (name, up, _))| Migration {
            version,
            down: downs.remove(&version).map(|(_, down, _)| down.into()),
            name: name.into(),
            up: up.into(),
        })
        .collect();
    if let Some((_, (_, _, path))) = downs.pop_first() {
        return Err(wrong(&path, "has no .up.sql"));
    }
    Ok(migrations)
}

/// The crate's own series, compiled in from `sql/<dialect>/migrations`.
pub(crate) mod embedded {
    use std::borrow::Cow;

    use super::{Migration, Series};

    pub(crate) const NAME: &str = "authstore";

    /// The table that a step of the crate's own creates.
    pub(crate) fn table(version: i64) -> &'static str {
        match version {
            1 => "User",
            2 => "Account",
            3 => "Session",
            4 => "VerificationToken",
            5 => "Authenticator",
            6 => "authstore_challenge",
            7 => "authstore_session_details",
            8 => "authstore_authenticator_details",
            _ => "of an unknown name",
        }
    }

    /// A version, a name, the SQL up and the SQL down.
    type Step = (i64, &'static str, &'static str, &'static str);

    pub(super) fn series(files: &[Step]) -> Series {
        Series {
            name: Cow::Borrowed(NAME),
            migrations: files
                .iter()
                .map(|&(version, name, up, down)| Migration {
                    version,
                    name: Cow::Borrowed(name),
                    up: Cow::Borrowed(up),
                    down: Some(Cow::Borrowed(down)),
                })
                .collect(),
        }
    }

    /// The embedded steps of a dialect: each a version, a name, and the contents of its two files.
    macro_rules! migrations {
        ($dialect:literal) => {
            $crate::migration::embedded::migrations!($dialect:
                1 "0001_create_user" "create_user",
                2 "0002_create_account" "create_account",
                3 "0003_create_session" "create_session",
                4 "0004_create_verification_token" "create_verification_token",
                5 "0005_create_authenticator" "create_authenticator",
                6 "0006_create_challenge" "create_challenge",
                7 "0007_create_session_details" "create_session_details",
                8 "0008_create_authenticator_details" "create_authenticator_details",
            )
        };
        ($dialect:literal: $($version:literal $file:literal $name:literal,)*) => {
            &[$((
                $version,
                $name,
                include_str!(concat!("../../sql/", $dialect, "/migrations/", $file, ".up.sql")),
                include_str!(concat!("../../sql/", $dialect, "/migrations/", $file, ".down.sql")),
            )),*]
        };
    }
    pub(crate) use migrations;
}
