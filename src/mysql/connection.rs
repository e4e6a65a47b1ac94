use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mysql::consts::ColumnType;
use mysql::prelude::Queryable;
use mysql::{Conn, Params, Statement};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

use super::error::{
    Phase, StatementFailure, classify, classify_migration, classify_panic, is_deadlock, is_timeout,
    may_be_of_a_trigger, may_end_transaction, trigger,
};
use crate::error::{BoxError, Error, Result};
use crate::sql::{Cells, Connection, Decode, Row, Value, sql};
use crate::sql_value::{SqlValue, unsupported};

const BEGIN: &str = sql!("mysql", "transaction/begin");
const COMMIT: &str = sql!("mysql", "transaction/commit");
const ROLLBACK: &str = sql!("mysql", "transaction/rollback");
const HOLD: &str = sql!("mysql", "transaction/hold");
const STILL_HELD: &str = sql!("mysql", "transaction/still_held");
const WARNINGS: &str = sql!("mariadb", "warnings");

/// More than the overhead of a packet.
const FRAME: u64 = 4_096;

/// A connection, with its prepared statements and its state.
pub(crate) struct MysqlConnection {
    driver: Conn,
    /// The index of its host.
    pub(super) host: usize,
    /// Its host and port, for errors about the connection.
    place: String,
    /// The value of `statement_timeout_ms`, if it applies to this connection.
    statement_timeout: Option<Duration>,
    lock_timeout: Duration,
    /// The server's `max_allowed_packet`.
    max_packet: u64,
    /// Whether the server is a node of a Galera cluster.
    is_galera: bool,
    statements: HashMap<&'static str, Statement>,
    /// What the last error means for the connection and the statement. `MysqlBackend::run` reads it.
    pub(super) failure: Option<StatementFailure>,
    /// Whether the last error may have ended an open transaction: the server does not say.
    pub(super) in_doubt: bool,
    broken: bool,
    in_transaction: bool,
}

/// Runs one statement or several, as text, in one round trip, and returns the last row of all results.
pub(super) fn run(driver: &mut Conn, sql: &str) -> mysql::Result<Option<mysql::Row>> {
    let mut last = None;
    let mut results = driver.query_iter(sql)?;
    while let Some(rows) = results.iter() {
        for row in rows {
            last = Some(row?);
        }
    }
    Ok(last)
}

impl MysqlConnection {
    pub(super) fn new(
        driver: Conn,
        (host, place): (usize, String),
        (statement_timeout, lock_timeout): (Option<Duration>, Duration),
        max_packet: u64,
        is_galera: bool,
    ) -> Self {
        MysqlConnection {
            driver,
            host,
            place,
            statement_timeout,
            lock_timeout,
            max_packet,
            is_galera,
            statements: HashMap::new(),
            failure: None,
            in_doubt: false,
            broken: false,
            in_transaction: false,
        }
    }

    /// Returns true if the connection is unusable, as far as can be seen without asking the server.
    pub(super) fn is_broken(&self) -> bool {
        self.broken || self.in_transaction || self.is_closed()
    }

    /// Returns true if the server has closed the connection, or announced that it will. It sends nothing else between
    /// two statements.
    #[cfg(unix)]
    fn is_closed(&self) -> bool {
        use std::os::fd::AsRawFd;

        use nix::errno::Errno;
        use nix::sys::socket::{MsgFlags, recv};

        let peeked = recv(
            self.driver.as_raw_fd(),
            &mut [0],
            MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT,
        );
        peeked != Err(Errno::EAGAIN)
    }

    /// The driver does not expose its socket here, so a closed connection is noticed when it is used.
    #[cfg(not(unix))]
    fn is_closed(&self) -> bool {
        false
    }

    pub(super) fn ping(&mut self) -> Result<()> {
        self.drive("", Phase::NotExecuted, Conn::ping)
    }

    /// Runs `work` in a transaction, which is committed if it returns `Ok` and rolled back otherwise.
    pub(super) fn transaction<T>(&mut self, work: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        self.begin(BEGIN)?;
        let done = work(self).and_then(|done| {
            self.commit()?;
            Ok(done)
        });
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// Begins a transaction with this script.
    pub(super) fn begin(&mut self, sql: &'static str) -> Result<()> {
        // Nothing was written in any case, because a connection without an answer is not used again.
        let begun = self.run_script(sql, Phase::BeforeCommit);
        if begun.is_ok() {
            self.in_transaction = true;
        } else {
            // A later statement of the script may have failed.
            self.roll_back();
        }
        begun
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        self.run_script(COMMIT, Phase::Writing)?;
        self.in_transaction = false;
        Ok(())
    }

    /// Rolls back a transaction that may be open. If this fails, the connection is unusable.
    pub(super) fn roll_back(&mut self) {
        // Keep the original failure, which decides whether the work is run again.
        let failure = self.failure;
        let undone = !self.broken && self.run_script(ROLLBACK, Phase::BeforeCommit).is_ok();
        self.in_transaction = !undone;
        self.failure = failure;
    }

    /// Runs one statement or several, as text, to the last result.
    pub(super) fn run_script(&mut self, sql: &str, phase: Phase) -> Result<()> {
        self.check_size(sql.len())?;
        let mut answers = 0;
        self.contain(|driver| {
            let mut results = driver.query_iter(sql)?;
            while let Some(rows) = results.iter() {
                for row in rows {
                    row?;
                }
                answers += 1;
            }
            Ok(())
        })
        .or_else(|failed| {
            let is_commit = |statement: &str| statement.trim_start().starts_with("COMMIT");
            if sql.split(';').take(answers).any(is_commit) {
                // What comes after the commit only tidies up the session.
                self.broken = true;
                return Ok(());
            }
            // The statement that failed: the one after the last that was answered. It determines the table of a primary
            // key.
            let statement = sql.split(';').nth(answers).unwrap_or(sql);
            Err(self.fail(failed, statement, phase))
        })
    }

    /// Runs a migration's SQL without a time limit. It has no parameters, so an error can show the server's message.
    pub(super) fn run_step(&mut self, sql: &str) -> Result<()> {
        self.check_size(sql.len())?;
        let ran = self.contain(|driver| run(driver, sql));
        ran.map(drop).map_err(|failed| match failed {
            Some(mysql::Error::MySqlError(error)) => {
                self.failure = is_deadlock(&error).then_some(StatementFailure::RolledBack);
                let is_timeout = is_timeout(&error);
                self.name_limit(classify_migration(error), is_timeout)
            }
            failed => self.fail(failed, sql, Phase::Writing),
        })
    }

    /// Resets the session to its initial state: no locks, open transactions, settings or prepared statements.
    pub(super) fn reset(&mut self) -> Result<()> {
        self.statements.clear();
        self.drive("", Phase::BeforeCommit, Conn::reset)
    }

    /// Prepares statements again at their next use.
    pub(super) fn forget_statements(&mut self) {
        self.statements.clear();
    }

    /// Returns true if the last statement failed because of the connection, not with an error of the server.
    pub(super) fn is_lost(&self) -> bool {
        self.broken
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = if self.is_galera && self.in_transaction {
            self.prepare_in_transaction(sql)?
        } else {
            self.drive(sql, Phase::NotExecuted, |driver| driver.prep(sql))?
        };
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// If another node's write ends a transaction while a statement is being prepared, the node reports success. The
    /// statement would then run outside the transaction, and be committed. A savepoint ends with its transaction, so it
    /// shows this.
    #[cold]
    fn prepare_in_transaction(&mut self, sql: &'static str) -> Result<Statement> {
        self.run_script(HOLD, Phase::BeforeCommit)?;
        let statement = self.drive(sql, Phase::BeforeCommit, |driver| driver.prep(sql))?;
        self.run_script(STILL_HELD, Phase::BeforeCommit)?;
        Ok(statement)
    }

    fn rows<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
        mut each: impl FnMut(Result<T>),
    ) -> Result<u64> {
        self.check_size(parameters.iter().map(Value::size).sum())?;
        let statement = self.prepare(sql)?;
        let parameters = Params::Positional(parameters.iter().map(bind).collect());
        self.drive(sql, self.phase(sql), |driver| {
            let mut result = driver.exec_iter(&statement, parameters)?;
            let found = result.affected_rows();
            // Read to the end, because an error may come after rows.
            for row in result.by_ref() {
                each(Cells::read(&row?));
            }
            // A procedure may have failed after its first result.
            while let Some(rows) = result.iter() {
                for row in rows {
                    row?;
                }
            }
            Ok(found)
        })
    }

    /// Records that this statement's rows cannot be read. If it has written (`RETURNING`, `CALL`), only the end of its
    /// transaction undoes that.
    #[cold]
    fn unreadable(&mut self, sql: &str) {
        if self.in_transaction && !begins_with(sql, "SELECT") {
            self.failure = Some(StatementFailure::NoRetry);
        }
    }

    /// Rejects what the server would not accept. The server's own reaction would be an error or a closed connection.
    fn check_size(&mut self, size: usize) -> Result<()> {
        if size as u64 + FRAME <= self.max_packet {
            return Ok(());
        }
        self.failure = None;
        Err(Error::backend(format!(
            "the statement is larger than the server's max_allowed_packet ({} bytes; the maximum is {})",
            size, self.max_packet
        )))
    }

    fn phase(&self, sql: &str) -> Phase {
        // Statements that only set session variables write nothing.
        if self.in_transaction || sql.starts_with("SET") {
            Phase::BeforeCommit
        } else {
            Phase::Writing
        }
    }

    fn drive<T>(
        &mut self,
        sql: &str,
        phase: Phase,
        work: impl FnOnce(&mut Conn) -> mysql::Result<T>,
    ) -> Result<T> {
        self.contain(work)
            .map_err(|failed| self.fail(failed, sql, phase))
    }

    /// Turns a panic of the driver into an error, so that it does not end the caller's thread.
    fn contain<T>(
        &mut self,
        work: impl FnOnce(&mut Conn) -> mysql::Result<T>,
    ) -> Result<T, Option<mysql::Error>> {
        match catch_unwind(AssertUnwindSafe(|| work(&mut self.driver))) {
            Ok(done) => done.map_err(Some),
            Err(_) => Err(None),
        }
    }

    /// Classifies an error or a panic of the driver.
    #[cold]
    fn fail(&mut self, failed: Option<mysql::Error>, sql: &str, phase: Phase) -> Error {
        let server = match &failed {
            Some(mysql::Error::MySqlError(error)) => Some(error),
            _ => None,
        };
        let is_timeout = server.is_some_and(is_timeout);
        self.in_doubt = server.is_some_and(may_end_transaction);
        let (error, failure) = match failed {
            Some(error) if may_be_of_a_trigger(&error) => {
                let warnings = self.contain(|driver| driver.query(WARNINGS));
                // Otherwise the next statement might read this answer.
                self.broken |= warnings.is_err();
                match trigger(&warnings.unwrap_or_default()) {
                    Some(name) => (Error::rejected(name), None),
                    None => classify(error, sql, phase),
                }
            }
            Some(error) => classify(error, sql, phase),
            None => classify_panic(phase),
        };
        // What a procedure has done before it failed stays, so its transaction ends.
        let failure = match failure {
            None if self.in_transaction && begins_with(sql, "CALL") => {
                Some(StatementFailure::NoRetry)
            }
            failure => failure,
        };
        self.broken |= failure.is_some_and(StatementFailure::breaks_connection);
        self.failure = failure;
        match (failure, self.statement_timeout) {
            (Some(StatementFailure::Unanswered), Some(limit)) => error.in_context(format_args!(
                "{} (statement_timeout_ms={})",
                self.place,
                limit.as_millis()
            )),
            (Some(failure), _) if failure.breaks_connection() => error.in_context(&self.place),
            _ => self.name_limit(error, is_timeout),
        }
    }

    /// Adds the option that set the time limit that the server reports.
    fn name_limit(&self, error: Error, is_timeout: bool) -> Error {
        match (is_timeout, self.statement_timeout) {
            (false, _) => error,
            (true, Some(limit)) => error.after("statement_timeout", limit),
            // Only migrations have no statement timeout.
            (true, None) => error.after("lock_timeout", self.lock_timeout),
        }
    }
}

#[cfg(unix)]
impl Drop for MysqlConnection {
    /// The driver says goodbye when it is dropped, behind what it could not send of the last statement. If that waited
    /// for the server in vain, the goodbye would wait as long, and might complete the statement after all.
    fn drop(&mut self) {
        use std::os::fd::AsRawFd;

        use nix::sys::socket::{Shutdown, shutdown};

        if self.failure == Some(StatementFailure::Unanswered) {
            // Fails if the connection is closed already.
            let _ = shutdown(self.driver.as_raw_fd(), Shutdown::Both);
        }
    }
}

impl Connection for MysqlConnection {
    /// Without parameters nothing needs to be prepared, and there may be several statements, even a whole transaction.
    /// The server stops at the first that fails, and leaves the transaction open.
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        if !parameters.is_empty() {
            return self.rows::<i64>(sql, parameters, drop);
        }
        self.run_script(sql, self.phase(sql)).inspect_err(|_| {
            if sql.starts_with(BEGIN) {
                self.roll_back();
            }
        })?;
        Ok(self.driver.affected_rows())
    }

    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.rows(sql, parameters, |row| found.push(row))?;
        let decoded: Result<Vec<T>> = found.into_iter().collect();
        decoded.inspect_err(|_| self.unreadable(sql))
    }

    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>> {
        let mut found = None;
        self.rows(sql, parameters, |row| found = Some(row))?;
        // MariaDB's `DELETE ... RETURNING` is committed before its row is read here.
        let decoded = found.transpose().inspect_err(|_| self.unreadable(sql));
        decoded.map_err(|error| match error {
            Error::Backend { reason, source } if sql.starts_with("DELETE") => Error::Backend {
                reason: format!(
                    "{reason}; the row has been deleted, unless its transaction is rolled back"
                ),
                source,
            },
            error => error,
        })
    }
}

fn begins_with(sql: &str, keyword: &str) -> bool {
    let word = sql.trim_start().get(..keyword.len());
    word.is_some_and(|word| word.eq_ignore_ascii_case(keyword))
}

fn bind(value: &Value<'_>) -> mysql::Value {
    match *value {
        Value::Null => mysql::Value::NULL,
        Value::Uuid(uuid) => {
            let mut text = Uuid::encode_buffer();
            mysql::Value::from(&*uuid.hyphenated().encode_lower(&mut text))
        }
        Value::Text(text) => mysql::Value::from(text),
        // All times are between 1970 and 9999.
        Value::Time(time) => mysql::Value::Date(
            time.year().unsigned_abs() as u16,
            time.month().into(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.microsecond(),
        ),
        Value::Integer(integer) => mysql::Value::Int(integer),
        Value::Boolean(boolean) => mysql::Value::Int(boolean.into()),
        Value::Real(real) => mysql::Value::Double(real),
        Value::Bytes(bytes) => mysql::Value::from(bytes),
    }
}

impl Row for mysql::Row {
    fn uuid(&self, column: usize) -> Result<Option<Uuid>, BoxError> {
        match text(self, column)? {
            Some(text) => Ok(Some(parse_uuid(text)?)),
            None => Ok(None),
        }
    }

    fn text(&self, column: usize) -> Result<Option<String>, BoxError> {
        Ok(text(self, column)?.map(str::to_owned))
    }

    fn time(&self, column: usize) -> Result<Option<OffsetDateTime>, BoxError> {
        match *cell(self, column)? {
            mysql::Value::NULL => Ok(None),
            mysql::Value::Date(year, month, day, hour, minute, second, microsecond) => {
                let date = Date::from_calendar_date(year.into(), Month::try_from(month)?, day)?;
                let time = Time::from_hms_milli(
                    hour,
                    minute,
                    second,
                    // At most 999.
                    (microsecond / 1_000) as u16,
                )?;
                Ok(Some(PrimitiveDateTime::new(date, time).assume_utc()))
            }
            ref other => Err(unexpected(other, "a date and time")),
        }
    }

    fn integer(&self, column: usize) -> Result<Option<i64>, BoxError> {
        match *cell(self, column)? {
            mysql::Value::NULL => Ok(None),
            mysql::Value::Int(integer) => Ok(Some(integer)),
            mysql::Value::UInt(integer) => Ok(Some(integer.try_into()?)),
            ref other => Err(unexpected(other, "an integer")),
        }
    }

    fn boolean(&self, column: usize) -> Result<Option<bool>, BoxError> {
        match self.integer(column)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) => Err("must be 0 or 1 (found another integer)".into()),
        }
    }

    fn value(&self, column: usize) -> Result<SqlValue, BoxError> {
        Ok(match cell(self, column)? {
            mysql::Value::NULL => SqlValue::Null,
            mysql::Value::Int(integer) => SqlValue::Integer(*integer),
            mysql::Value::UInt(integer) => SqlValue::Integer((*integer).try_into()?),
            mysql::Value::Float(real) => SqlValue::Real((*real).into()),
            mysql::Value::Double(real) => SqlValue::Real(*real),
            mysql::Value::Date(..) => self.time(column)?.map_or(SqlValue::Null, SqlValue::Time),
            mysql::Value::Time(..) => return Err(unsupported("TIME")),
            mysql::Value::Bytes(bytes) if is_binary(&self.columns_ref()[column]) => {
                SqlValue::Bytes(bytes.clone())
            }
            mysql::Value::Bytes(bytes) => SqlValue::Text(std::str::from_utf8(bytes)?.to_owned()),
        })
    }

    fn columns(&self) -> usize {
        self.len()
    }
}

/// Reads an ID in the format in which IDs are written. In another (upper case, without hyphens) the server would not
/// find the row by its ID, so it is rejected instead of being found only by other keys.
fn parse_uuid(text: &str) -> Result<Uuid, BoxError> {
    let mut canonical = Uuid::encode_buffer();
    match Uuid::try_parse(text) {
        Ok(uuid) if *uuid.hyphenated().encode_lower(&mut canonical) == *text => Ok(uuid),
        _ => Err("not a UUID in lower case with hyphens".into()),
    }
}

/// Returns true if a column holds bytes. Decimal numbers and JSON are binary, too, but sent as text.
fn is_binary(column: &mysql::Column) -> bool {
    const BINARY: u16 = 63;
    column.character_set() == BINARY
        && !matches!(
            column.column_type(),
            ColumnType::MYSQL_TYPE_NEWDECIMAL | ColumnType::MYSQL_TYPE_JSON
        )
}

fn cell(row: &mysql::Row, column: usize) -> Result<&mysql::Value, BoxError> {
    row.as_ref(column)
        .ok_or_else(|| "the row has fewer columns".into())
}

fn text(row: &mysql::Row, column: usize) -> Result<Option<&str>, BoxError> {
    match cell(row, column)? {
        mysql::Value::NULL => Ok(None),
        mysql::Value::Bytes(bytes) => Ok(Some(std::str::from_utf8(bytes)?)),
        other => Err(unexpected(other, "a string")),
    }
}

fn unexpected(found: &mysql::Value, wanted: &str) -> BoxError {
    let found = match found {
        mysql::Value::NULL => "NULL",
        mysql::Value::Bytes(_) => "a string",
        mysql::Value::Int(_) | mysql::Value::UInt(_) => "an integer",
        mysql::Value::Float(_) | mysql::Value::Double(_) => "a floating-point number",
        mysql::Value::Date(..) => "a date",
        mysql::Value::Time(..) => "a time of day",
    };
    format!("must be {wanted} (found {found})").into()
}
