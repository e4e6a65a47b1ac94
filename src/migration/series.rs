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

/// Whether a migration is applied or reverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Apply it.
    Up,
    /// Revert it.
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

/// A change of the schema, with a version, a name, and the SQL that applies and reverts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    version: i64,
    name: Cow<'static, str>,
    up: Cow<'static, str>,
    down: Option<Cow<'static, str>>,
}

impl Migration {
    /// Creates a migration that is not read from a folder. `up` and `down` are in whatever language the
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

    /// Returns the version, a number that is not negative, by which migrations are ordered.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Returns the name, as in the file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the SQL that applies the migration.
    pub fn up(&self) -> &str {
        &self.up
    }

    /// Returns the SQL that reverts the migration, if it can be reverted.
    pub fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    /// Returns true if the SQL for a direction asks to run outside a transaction: one of the comments at its beginning
    /// is the line `-- authstore: no-transaction`.
    pub fn without_transaction(&self, direction: Direction) -> bool {
        let sql = match direction {
            Direction::Up => self.up(),
            Direction::Down => self.down().unwrap_or_default(),
        };
        header(sql) == Some(NO_TRANSACTION)
    }

    /// Returns the SHA-256 of the SQL that applies the migration, in hexadecimal. Line endings are normalized first,
    /// because a checkout may change them.
    pub fn checksum(&self) -> String {
        let digest = Sha256::digest(self.up.replace("\r\n", "\n"));
        digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Returns the SQL for a direction.
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

/// The only header.
const NO_TRANSACTION: &str = "no-transaction";

/// Returns the header from the comments at the beginning of the SQL.
fn header(sql: &str) -> Option<&str> {
    let lines = sql.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map_while(|line| line.strip_prefix("--"))
        .find_map(|comment| comment.trim().strip_prefix("authstore:"))
        .map(str::trim)
}

/// A named list of migrations that belong together, ordered by version.
#[derive(Clone, Debug)]
pub struct Series {
    name: Cow<'static, str>,
    migrations: Vec<Migration>,
}

impl Series {
    /// Returns the crate's own migrations for SQLite.
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Self {
        embedded::series(embedded::migrations!("sqlite"))
    }

    /// Returns the crate's own migrations for PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres() -> Self {
        embedded::series(embedded::migrations!("postgres"))
    }

    /// Returns the crate's own migrations for MySQL.
    #[cfg(feature = "mysql")]
    pub fn mysql() -> Self {
        embedded::series(embedded::migrations!("mysql"))
    }

    /// Returns the crate's own migrations for MariaDB.
    #[cfg(feature = "mysql")]
    pub fn mariadb() -> Self {
        embedded::series(embedded::migrations!("mariadb"))
    }

    /// Creates a series, such as one for your own backend. The migrations are sorted by version.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a version is negative or not unique, or the name does not have 1 to 255 characters or
    /// contains a NUL character.
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
                format!("two migrations have version {}", twice[0].version),
            ));
        }
        Ok(Series { name, migrations })
    }

    /// Reads an application's own migrations from a folder of SQL files.
    ///
    /// Each file is named `<version>_<name>.up.sql`, where the version is an integer (`0001`, or a date such as
    /// `20261123190000`), and may have a down migration, `<version>_<name>.down.sql`. Files whose name starts with a
    /// dot or does not end in `.sql` are ignored, unless a migration seems to be meant: those that end in a space or in
    /// `.sql.txt`, or lack `.sql` after `.up`, are rejected. A byte order mark is ignored. A migration without a
    /// statement (an empty file, or one with only comments) does nothing on any database. `name` identifies the series
    /// in the history: 1 to 255 characters, and not `authstore`.
    ///
    /// On SQLite and PostgreSQL a migration and its history row are one transaction: it must not begin or end one
    /// itself. On MySQL and MariaDB DDL commits implicitly: write one statement per file, and make it repeatable
    /// (`CREATE TABLE IF NOT EXISTS`). If a migration leaves a transaction open there, it is rolled back and the
    /// migration fails.
    ///
    /// # A migration without a transaction
    ///
    /// Some statements cannot run in a transaction (`CREATE INDEX CONCURRENTLY`, `VACUUM`), and some migrations must
    /// not hold their locks until the end. Begin their files with this line:
    ///
    /// ```sql
    /// -- authstore: no-transaction
    /// CREATE INDEX CONCURRENTLY IF NOT EXISTS team_name ON team (name);
    /// ```
    ///
    /// The migration is recorded after all of it has succeeded. The price: if it fails or is killed, what it has done
    /// so far stays, and the next run runs all of it again. Make it repeatable. `up` and `down` each need their own
    /// line.
    ///
    /// - PostgreSQL: write one statement per file, because several sent together are one transaction. A failed
    ///   concurrent build leaves an invalid index behind, which `IF NOT EXISTS` treats as existing: the migration then
    ///   fails and names the index to drop. It cannot run through a pooler in transaction mode: set `migrate_url`.
    /// - SQLite: the migrations before it are committed first. The lock is released while it runs, so if several
    ///   processes migrate concurrently, each may run it. Foreign keys are enforced.
    /// - MySQL and MariaDB: every migration runs without a transaction, and the line has no effect.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an invalid `name`; [`MigrationError::Folder`] for a folder that cannot be read or has no
    /// migrations, a file name of another form (the error shows a correct one), a file that is not UTF-8 text with line
    /// feeds, an unknown header, two migrations of one version, or a `.down.sql` file without its `.up.sql` of the
    /// same name.
    pub fn from_dir(name: impl Into<String>, folder: impl AsRef<Path>) -> Result<Self> {
        let name = name.into();
        validate::key("name", &name)?;
        if name == embedded::NAME {
            return Err(Error::invalid(
                "name",
                "`authstore` is reserved for the crate's own series",
            ));
        }
        Ok(Series {
            name: name.into(),
            migrations: read_folder(folder.as_ref())?,
        })
    }

    /// Returns the name of the series, as the history records it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the migrations, ordered by version.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// Returns the SQL of all migrations in a direction, to run it with another tool. It does not write the history.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Irreversible`] if a migration cannot be reverted.
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

/// Endings of a file's name, and the direction that each most likely means.
const DIRECTIONS: [(&str, Direction); 3] = [
    (".up", Direction::Up),
    (".down", Direction::Down),
    ("", Direction::Up),
];

/// Returns the version, name and direction in a file's name, or those that it most likely means.
fn parse_name(file_name: &str) -> Option<(i64, String, Direction)> {
    let lower = file_name.to_lowercase();
    let stem = lower.strip_suffix(".sql")?;
    let (stem, direction) = DIRECTIONS
        .iter()
        .find_map(|&(ending, direction)| Some((stem.strip_suffix(ending)?, direction)))?;
    // Lowercasing may change the length. Keep the original case only if it does not.
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

/// Returns the name that a file should have.
fn correct_name(file_name: &str) -> String {
    match parse_name(file_name) {
        Some((_, name, direction)) => {
            let digits = file_name.chars().take_while(char::is_ascii_digit).count();
            format!("{}_{name}.{direction}.sql", &file_name[..digits])
        }
        None => "0001_create_team.up.sql".to_owned(),
    }
}

/// Returns the file name of a migration that this is, or seems to be meant as.
fn intended_name(file_name: &str) -> Option<String> {
    if file_name.to_lowercase().ends_with(".sql") {
        return Some(file_name.to_owned());
    }
    let is_invisible = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{200b}'..='\u{200d}' | '\u{feff}')
    };
    let visible = file_name.trim_matches(is_invisible);
    let lower = visible.to_lowercase();
    // Windows hides the last part of a name.
    let name = if lower.ends_with(".sql.txt") {
        visible.get(..visible.len() - ".txt".len())?.to_owned()
    } else if lower.ends_with(".up") || lower.ends_with(".down") {
        format!("{visible}.sql")
    } else {
        visible.to_owned()
    };
    parse_name(&name).map(|_| name)
}

/// Returns why the content of a file cannot be a migration.
fn unusable(sql: &str) -> Option<String> {
    // Such as UTF-16 without a byte order mark.
    if sql.contains('\0') {
        return Some("contains NUL characters; save it as UTF-8".to_owned());
    }
    // Otherwise a comment would extend to the end of the file, and the migration would be recorded although nothing
    // ran.
    if sql.contains('\r') && !sql.contains('\n') {
        return Some("lines end in CR only; save it with LF or CRLF".to_owned());
    }
    match header(sql) {
        None | Some(NO_TRANSACTION) => None,
        Some(other) => Some(format!(
            "unknown header `-- authstore: {other}`; the only header is `-- authstore: {NO_TRANSACTION}`"
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
        // Editors and macOS create such files next to the real ones.
        if file_name.starts_with('.') {
            continue;
        }
        let Some(intended) = intended_name(&file_name) else {
            continue;
        };
        if path.file_name().is_some_and(|name| name.to_str().is_none()) {
            return Err(wrong(&path, "its name is not UTF-8; rename the file"));
        }
        let expected = correct_name(&intended);
        let Some((version, name, direction)) =
            parse_name(&file_name).filter(|_| file_name == expected)
        else {
            return Err(wrong(
                &path,
                &format!("not the name of a migration; rename the file, as in {expected}"),
            ));
        };
        let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
        if !metadata.is_file() {
            return Err(wrong(&path, "not a file"));
        }
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
                "another file also has version {version}: {}",
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
    for (version, (name, _, path)) in &downs {
        if let Some((other, ..)) = ups.get(version).filter(|(other, ..)| other != name) {
            let reason = format!("the migration that it reverts is called {other}");
            return Err(wrong(path, &reason));
        }
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

    /// Returns the table that a migration of the crate's own series creates.
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

    /// The embedded migrations of a dialect: for each, a version, a name, and the contents of its two files.
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
