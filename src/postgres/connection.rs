use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::STATEMENTS;
use super::driver::{Driver, QueryFailure};
use super::error::{
    Canceled, FailureKind, StatementFailure, canceled, classify_commit, classify_migration,
};
use super::pipeline;
use super::session::{Pins, Session};
use super::value::Parameter;
use crate::error::{Error, Result};
use crate::sql::{Cells, Connection, Decode, Value, check_parameters, sql};

const BEGIN: &str = sql!("postgres", "transaction/begin");
const BEGIN_SHARED: &str = concat!(
    sql!("postgres", "transaction/begin"),
    sql!("postgres", "transaction/reset")
);
const BEGIN_READ_ONLY_SHARED: &str = concat!(
    sql!("postgres", "transaction/begin_read_only"),
    sql!("postgres", "transaction/reset")
);
const COMMIT: &str = sql!("postgres", "transaction/commit");
const ROLLBACK: &str = sql!("postgres", "transaction/rollback");
const NAMES: &str = sql!("postgres", "session/names");
pub(super) const PIN: &str = sql!("postgres", "session/pin");
const CUSTOM_TYPES: &str = sql!("postgres", "session/custom_types");

/// The first OID of objects that are not built in (`FirstNormalObjectId` in PostgreSQL's sources).
const FIRST_CUSTOM_OID: u32 = 16_384;

/// How much longer than the server's timeout the client waits, because the server's error may take that long to arrive.
const GRACE: Duration = Duration::from_secs(1);

/// A connection, with its own session or one that a pooler shares.
///
/// In its own session, all settings that a result depends on are set once, and statements are prepared once and named.
/// In a shared session neither is safe: each transaction may run on another server connection, on which other programs
/// have changed settings and used the names. There, each operation is a transaction with its own settings and an
/// unnamed statement. All of it is sent together, so it is also one round trip.
pub(crate) struct PostgresConnection {
    client: Client,
    driver: Driver,
    /// The server's host and port, for errors about the connection; empty until the session is set up.
    place: String,
    session: Session,
    pins: Pins,
    /// By address and length, because each statement is a constant string.
    prepared: HashMap<(usize, usize), Statement>,
    /// How long the client waits for an answer; `None` if there is no limit.
    answer_timeout: Option<Duration>,
    /// Whether the next operation may write.
    writes: bool,
    in_transaction: bool,
    /// Whether the driver has named a statement in a shared session, to look up the type of a column that the
    /// application has read. The driver would use that name again.
    has_named: bool,
    broken: bool,
    last_failure: FailureKind,
}

impl PostgresConnection {
    /// Checks the pooler, if there is one.
    pub(super) fn new(
        client: Client,
        driver: Driver,
        session: Session,
        pins: Pins,
        connect_timeout: Duration,
    ) -> Result<Self> {
        // For migrations, only what runs their SQL has no limit.
        let of_migrations = pins.lock.map(|lock| lock.max(connect_timeout));
        let limit = pins.statement.or(of_migrations);
        let answer_timeout = limit.map(|limit| limit.saturating_add(GRACE));
        let mut connection = PostgresConnection {
            client,
            driver,
            place: String::new(),
            session,
            pins,
            prepared: HashMap::new(),
            answer_timeout: Some(connect_timeout),
            writes: true,
            in_transaction: false,
            has_named: false,
            broken: false,
            last_failure: FailureKind::Rejected,
        };
        if session.is_shared {
            connection.check_pooler()?;
        }
        connection.answer_timeout = answer_timeout;
        Ok(connection)
    }

    /// Adds the server's name to an error about the connection.
    pub(super) fn at(mut self, place: String) -> Self {
        self.place = place;
        self
    }

    /// Checks that the pooler keeps a transaction in one session and, if statements are named, separates the names of
    /// its clients.
    fn check_pooler(&mut self) -> Result<()> {
        // A standby accepts only read-only transactions.
        let begun = self.run_command(BEGIN_READ_ONLY_SHARED).and_then(|()| {
            // In statement mode, PgBouncer accepts BEGIN, and closes the connection afterwards.
            self.run_command(STATEMENTS.ping)
        });
        begun.map_err(|error| match error {
            Error::OutcomeUnknown { reason, .. } if reason.contains("pooling mode") => {
                Error::backend(format!(
                    "the pooler allows no transactions; set its pool_mode to transaction or session, or connect to the \
                     server itself: {reason}"
                ))
            }
            error => error,
        })?;
        self.in_transaction = true;
        // Migrations may continue: an adoption changes the columns to built-in types.
        if !self.session.names_statements && self.pins.statement.is_some() {
            self.pin()?;
            if let Some(column) = self.query_optional::<String>(CUSTOM_TYPES, &[])? {
                return Err(Error::backend(format!(
                    "the driver would look up the type of the column {column} with a named statement, which is not \
                     safe through a pooler; run `migrate adopt`, or connect to the server itself"
                )));
            }
        }
        if self.session.names_statements {
            let passed_on = self.query_optional::<String>(NAMES, &[])?;
            if passed_on.is_some() {
                return Err(Error::backend(
                    "prepare is always, but the pooler forwards the names of statements unchanged, so another \
                     program's statement could be run instead; use prepare=auto, or raise PgBouncer's \
                     max_prepared_statements",
                ));
            }
        }
        self.commit()
    }

    /// Returns true if a pooler shares the server's sessions, so that only a transaction stays in one.
    pub(super) fn is_shared(&self) -> bool {
        self.session.is_shared
    }

    /// Returns true if the options name the schema of the tables.
    pub(super) fn has_schema(&self) -> bool {
        self.pins.schema.is_some()
    }

    /// Prepares for an attempt at an operation, which may write or not.
    pub(super) fn begin_attempt(&mut self, writes: bool) {
        self.writes = writes;
        // Otherwise an attempt whose statements all succeed, such as one that a trigger suppresses, would look as if it
        // had failed like an earlier one, and would be repeated.
        self.last_failure = FailureKind::Rejected;
    }

    /// Returns what happened to the last statement of the attempt that failed; `Rejected` if none did.
    pub(super) fn last_failure(&self) -> FailureKind {
        self.last_failure
    }

    /// Returns true if the pool should drop the connection.
    pub(super) fn is_broken(&self) -> bool {
        self.is_lost() || self.has_named || !self.session.target.accepts(self.in_recovery())
    }

    /// Returns true if the connection is lost, and with it an open transaction.
    pub(super) fn is_lost(&self) -> bool {
        self.broken || self.client.is_closed()
    }

    /// Returns true if the server did not answer before the timeout.
    pub(super) fn is_unanswered(&self) -> bool {
        self.last_failure == FailureKind::Unanswered
    }

    /// Returns true if the server is a standby, as far as it reports that without a query (since PostgreSQL 14).
    /// A pooler reports what it was told by the server when it connected, which may have changed since.
    fn in_recovery(&self) -> bool {
        match self.driver.parameter("in_hot_standby") {
            Some(value) if !self.session.is_shared => value == "on",
            _ => self.session.in_recovery,
        }
    }

    /// Waits for every answer without a limit.
    pub(super) fn wait_without_limit(&mut self) {
        self.answer_timeout = None;
    }

    /// Begins a transaction of several statements.
    pub(super) fn begin(&mut self) -> Result<()> {
        let is_shared = self.session.is_shared;
        self.run_command(if is_shared { BEGIN_SHARED } else { BEGIN })?;
        self.in_transaction = true;
        if is_shared && let Err(error) = self.pin() {
            self.roll_back();
            return Err(error);
        }
        Ok(())
    }

    /// Commits.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.in_transaction = false;
        // The server answers the commit of a failed transaction with a rollback, which is not an error.
        if self.broken {
            return Err(Error::unavailable(
                "the transaction was rolled back, because its connection failed",
            ));
        }
        // The commit of a migration may have work left, such as deferred constraints.
        let limit = self
            .answer_timeout
            .filter(|_| self.pins.statement.is_some());
        self.driver
            .run(limit, self.client.batch_execute(COMMIT))
            .map_err(|failure| {
                let failure = match failure {
                    QueryFailure::Answered(error) => classify_commit(error),
                    failure => failure.into(),
                };
                self.failed(failure)
            })
    }

    /// Rolls back an open transaction. If this fails, the connection is unusable.
    pub(super) fn roll_back(&mut self) {
        self.in_transaction = false;
        self.undo(ROLLBACK);
    }

    /// Rolls back a transaction or a part of it. If this fails, the connection is unusable, and the transaction cannot
    /// be committed.
    pub(super) fn undo(&mut self, sql: &'static str) {
        // Keep the original failure, which decides whether the transaction is run again.
        let failure = self.last_failure;
        self.broken |= self.run_command(sql).is_err();
        self.last_failure = failure;
    }

    /// Runs a migration's SQL: any number of statements, without parameters and without a time limit.
    pub(super) fn run_script(&mut self, sql: &str) -> Result<()> {
        self.driver
            .run(None, self.client.batch_execute(sql))
            .map_err(|failure| match failure {
                QueryFailure::Answered(error) => {
                    let canceled = error.as_db_error().and_then(canceled);
                    self.name_limit(classify_migration(error), canceled)
                }
                failure => self.failed(failure.into()),
            })
    }

    /// Runs a statement without parameters or rows, with the simple protocol, which uses no names.
    pub(super) fn run_command(&mut self, sql: &'static str) -> Result<()> {
        self.driver
            .run(self.answer_timeout, self.client.batch_execute(sql))
            .map_err(|failure| self.failed(failure.into()))
    }

    /// Resets the session inside a transaction.
    pub(super) fn reset(&mut self, sql: &'static str) -> Result<()> {
        self.run_command(sql)?;
        self.pin()
    }

    /// Sets everything that a result depends on, for the open transaction.
    fn pin(&mut self) -> Result<()> {
        let settings = self.pins.for_transaction();
        let settings = settings.each_ref().map(as_text);
        self.driver
            .run(
                self.answer_timeout,
                self.client.execute_typed(PIN, &settings),
            )
            .map(drop)
            .map_err(|failure| self.failed(failure.into()))
    }

    fn run(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>> {
        let statement = self.prepare(sql, parameters.len())?;
        let parameters: Vec<Parameter<'_>> =
            parameters.iter().map(|value| (*value).into()).collect();
        let client = &self.client;
        let work = async {
            match &statement {
                Some(statement) => {
                    let parameters: Vec<&(dyn ToSql + Sync)> =
                        parameters.iter().map(|parameter| parameter as _).collect();
                    client.query(statement, &parameters).await
                }
                None => client.query_typed(sql, &untyped(&parameters)).await,
            }
        };
        let rows = answer(
            client,
            &mut self.driver,
            self.answer_timeout,
            self.session.is_shared && !self.in_transaction,
            self.writes,
            &self.pins,
            work,
        )
        .map_err(|failure| self.failed(failure))?;
        if self.session.is_shared
            && let Some(row) = rows.first()
        {
            self.has_named |= row
                .columns()
                .iter()
                .any(|column| column.type_().oid() >= FIRST_CUSTOM_OID);
        }
        Ok(rows)
    }

    /// Returns the prepared statement, if names are safe in this session. Preparing takes a round trip of its own: the
    /// driver needs the types of the parameters to reject what a column cannot hold. From an unnamed statement sent in
    /// the same round trip, the server would accept it, and drop the time of day for a column of type `date`.
    fn prepare(&mut self, sql: &'static str, values: usize) -> Result<Option<Statement>> {
        if !self.session.names_statements {
            return Ok(None);
        }
        let statement = self.prepared(sql)?;
        check_parameters(statement.params().len(), values)?;
        Ok(Some(statement))
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.prepared.get(&key) {
            return Ok(statement.clone());
        }
        // The server looks up tables when it prepares a statement, so the schema must be set first.
        let statement = answer(
            &self.client,
            &mut self.driver,
            self.answer_timeout,
            self.session.is_shared && !self.in_transaction,
            false,
            &self.pins,
            self.client.prepare(sql),
        )
        .map_err(|failure| self.failed(failure.not_executed()))?;
        self.prepared.insert(key, statement.clone());
        Ok(statement)
    }

    /// Returns the error of a row that cannot be read. It mentions if the statement has written, because the write is
    /// committed by then: delaying commits until the row is read would cost each write a round trip.
    fn committed(&self, error: Error) -> Error {
        match error {
            Error::Backend { reason, source } if self.writes && !self.in_transaction => {
                Error::Backend {
                    reason: format!("{reason}; the change was written nevertheless"),
                    source,
                }
            }
            error => error,
        }
    }

    /// Records what an error means for the connection.
    fn failed(&mut self, failure: StatementFailure) -> Error {
        self.last_failure = failure.kind;
        match failure.kind {
            FailureKind::Rejected | FailureKind::SerializationConflict => {
                self.name_limit(failure.error, failure.canceled)
            }
            FailureKind::StaleStatement => {
                self.prepared.clear();
                failure.error
            }
            FailureKind::NotExecuted
            | FailureKind::Standby
            | FailureKind::Unknown
            | FailureKind::Unanswered => {
                self.broken = true;
                self.in_place(failure)
            }
        }
    }

    /// Adds the option that set the time limit that the server reports.
    fn name_limit(&self, error: Error, canceled: Option<Canceled>) -> Error {
        let (option, limit) = match canceled {
            Some(Canceled::Statement) => ("statement_timeout", self.pins.statement),
            Some(Canceled::Lock) => ("lock_timeout", self.pins.lock),
            None => return error,
        };
        match limit {
            Some(limit) => error.after(option, limit),
            None => error,
        }
    }

    fn in_place(&self, failure: StatementFailure) -> Error {
        match (failure.kind, self.pins.statement) {
            _ if self.place.is_empty() => failure.error,
            (FailureKind::Unanswered, Some(limit)) => failure.error.in_context(format_args!(
                "{} (statement_timeout_ms={})",
                self.place,
                limit.as_millis()
            )),
            _ => failure.error.in_context(&self.place),
        }
    }
}

/// Runs `work` directly or in a transaction.
fn answer<T>(
    client: &Client,
    driver: &mut Driver,
    answer_timeout: Option<Duration>,
    needs_transaction: bool,
    writes: bool,
    pins: &Pins,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StatementFailure> {
    if !needs_transaction {
        return driver
            .run(answer_timeout, work)
            .map_err(StatementFailure::from);
    }
    let settings = pins.for_transaction();
    let settings = settings.each_ref().map(as_text);
    let begin = if writes {
        BEGIN_SHARED
    } else {
        BEGIN_READ_ONLY_SHARED
    };
    let whole = pipeline::transaction(
        client.batch_execute(begin),
        client.execute_typed(PIN, &settings),
        work,
        client.batch_execute(COMMIT),
    );
    driver
        .run(answer_timeout, whole)
        .map_err(StatementFailure::from)?
        .outcome()
}

pub(super) fn as_text(setting: &Option<String>) -> (&(dyn ToSql + Sync), Type) {
    (setting, Type::TEXT)
}

/// The parameters of an unnamed statement, as text whose type the server infers. The types of columns are unknown if
/// something else created the schema, and asking would take another round trip.
fn untyped<'a>(parameters: &'a [Parameter<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters
        .iter()
        .map(|parameter| (parameter as _, Type::UNKNOWN))
        .collect()
}

impl Connection for PostgresConnection {
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        let statement = self.prepare(sql, parameters.len())?;
        let parameters: Vec<Parameter<'_>> =
            parameters.iter().map(|value| (*value).into()).collect();
        let client = &self.client;
        let work = async {
            match &statement {
                Some(statement) => client.execute_raw(statement, &parameters).await,
                None => client.execute_typed(sql, &untyped(&parameters)).await,
            }
        };
        answer(
            client,
            &mut self.driver,
            self.answer_timeout,
            self.session.is_shared && !self.in_transaction,
            self.writes,
            &self.pins,
            work,
        )
        .map_err(|failure| self.failed(failure))
    }

    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>> {
        let rows = self.run(sql, parameters)?;
        let decoded: Result<Vec<T>> = rows.iter().map(Cells::read).collect();
        decoded.map_err(|error| self.committed(error))
    }

    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>> {
        let rows = self.run(sql, parameters)?;
        let decoded = rows.first().map(Cells::read).transpose();
        decoded.map_err(|error| self.committed(error))
    }
}
