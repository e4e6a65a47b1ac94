use std::fmt;
use std::str::FromStr;

/// The databases that the store is tested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// SQLite in memory.
    SqliteMemory,
    /// SQLite on a file.
    SqliteFile,
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
}

impl Kind {
    /// All databases.
    pub const ALL: [Kind; 5] = [
        Kind::SqliteMemory,
        Kind::SqliteFile,
        Kind::Postgres,
        Kind::Mysql,
        Kind::Mariadb,
    ];

    /// The databases that need a server.
    pub const SERVERS: [Kind; 3] = [Kind::Postgres, Kind::Mysql, Kind::Mariadb];

    /// MySQL and MariaDB, which share their dialect.
    pub const MYSQL_AND_MARIADB: [Kind; 2] = [Kind::Mysql, Kind::Mariadb];

    /// Returns its name in tests and files: `sqlite-memory`, `sqlite-file`, `postgres`, `mysql` or `mariadb`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SqliteMemory => "sqlite-memory",
            Kind::SqliteFile => "sqlite-file",
            Kind::Postgres => "postgres",
            Kind::Mysql => "mysql",
            Kind::Mariadb => "mariadb",
        }
    }

    /// Returns its product name.
    pub fn title(self) -> &'static str {
        match self {
            Kind::SqliteMemory | Kind::SqliteFile => "SQLite",
            Kind::Postgres => "PostgreSQL",
            Kind::Mysql => "MySQL",
            Kind::Mariadb => "MariaDB",
        }
    }

    /// Converts SQL with names in double quotes to this database's quotes.
    pub fn quoted(self, sql: &str) -> String {
        match self {
            Kind::Mysql | Kind::Mariadb => sql.replace('"', "`"),
            Kind::SqliteMemory | Kind::SqliteFile | Kind::Postgres => sql.to_owned(),
        }
    }

    /// Returns true if it needs a server.
    pub fn is_server(self) -> bool {
        Self::SERVERS.contains(&self)
    }

    /// Returns the environment variable for the URL of a running server to use.
    pub fn url_variable(self) -> String {
        format!("AUTHSTORE_TEST_{}_URL", self.name().to_uppercase())
    }

    /// Returns the environment variable for the image of the container.
    pub fn image_variable(self) -> String {
        format!("AUTHSTORE_TEST_{}_IMAGE", self.name().to_uppercase())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let names = Kind::ALL.map(Kind::name).join(", ");
                format!("unknown database {name:?} (known databases: {names})")
            })
    }
}
