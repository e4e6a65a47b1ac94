use std::time::Duration;

use mysql::prelude::Queryable;
use postgres::{NoTls, SimpleQueryMessage};

/// A row of a result, as text. NULL is `None`.
pub type TextRow = Vec<Option<String>>;

/// A connection to a server with the bare driver, which bypasses the store.
///
/// Everything is sent and read as text, so the same code works for each server.
pub struct Client(Inner);

enum Inner {
    Postgres(Box<postgres::Client>),
    Mysql(Box<mysql::Conn>),
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Inner::Postgres(_) => "Client(postgres)",
            Inner::Mysql(_) => "Client(mysql)",
        })
    }
}

impl Client {
    /// Connects to the PostgreSQL server or pooler at this URL, without options that a pooler might reject.
    pub fn connect_plainly(url: &str) -> Result<Self, String> {
        let config: postgres::Config = url.parse().map_err(words)?;
        Ok(Client(Inner::Postgres(Box::new(
            config.connect(NoTls).map_err(words)?,
        ))))
    }

    /// Connects to the server at this URL.
    pub fn connect(url: &str) -> Result<Self, String> {
        const TIMEOUT: Duration = Duration::from_secs(10);
        if url.starts_with("postgres") {
            let mut config: postgres::Config = url.parse().map_err(words)?;
            config
                .connect_timeout(TIMEOUT)
                // Override the server's defaults, which a test may have made hostile.
                .options("-c default_transaction_read_only=off");
            Ok(Client(Inner::Postgres(Box::new(
                config.connect(NoTls).map_err(words)?,
            ))))
        } else {
            let options = mysql::OptsBuilder::from_opts(mysql::Opts::from_url(url).map_err(words)?)
                .tcp_connect_timeout(Some(TIMEOUT))
                // Override the server's defaults, which a test may have made hostile.
                .init(vec![
                    "SET SESSION autocommit = 1, completion_type = 'NO_CHAIN', sql_safe_updates = 0, \
                     sql_select_limit = 18446744073709551615, max_join_size = 18446744073709551615, \
                     sql_big_selects = 1, transaction_read_only = 0, foreign_key_checks = 1, \
                     group_concat_max_len = 1048576"
                        .to_owned(),
                ])
                .prefer_socket(false);
            Ok(Client(Inner::Mysql(Box::new(
                mysql::Conn::new(options).map_err(words)?,
            ))))
        }
    }

    /// Runs SQL (on PostgreSQL, also several statements), and returns the rows of the first result that has any.
    pub fn try_query(&mut self, sql: &str) -> Result<Vec<TextRow>, String> {
        match &mut self.0 {
            Inner::Postgres(client) => Ok(client
                .simple_query(sql)
                .map_err(words)?
                .iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(
                        (0..row.len())
                            .map(|column| row.get(column).map(str::to_owned))
                            .collect(),
                    ),
                    _ => None,
                })
                .collect()),
            Inner::Mysql(client) => Ok(client
                .query::<mysql::Row, _>(sql)
                .map_err(words)?
                .into_iter()
                .map(|row| row.unwrap().into_iter().map(mysql_text).collect())
                .collect()),
        }
    }

    /// As [`try_query`](Client::try_query).
    ///
    /// # Panics
    ///
    /// When the server reports an error.
    pub fn query(&mut self, sql: &str) -> Vec<TextRow> {
        self.try_query(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Returns the first cell of the first row.
    ///
    /// # Panics
    ///
    /// When there is none, or the server reports an error.
    pub fn query_one(&mut self, sql: &str) -> String {
        self.query(sql)
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next().flatten())
            .unwrap_or_else(|| panic!("{sql}: no value"))
    }
}

fn mysql_text(value: mysql::Value) -> Option<String> {
    match value {
        mysql::Value::NULL => None,
        mysql::Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => Some(other.as_sql(true)),
    }
}

fn words(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
