use std::borrow::Cow;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::CachedStatement;
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::COMMIT;
use super::error::{classify, rejected_by};
use super::file::Identity;
use crate::error::{BoxError, Error, Result};
use crate::sql::{Cells, Connection, Decode, Row, Value, check_parameters};
use crate::sql_value::SqlValue;

/// The format of JavaScript's `toISOString`: `2026-11-23T19:00:00.000Z`.
const TIME: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second {
        decimal_digits: NonZero::new(3),
    })
    .encode();

/// How often reads check that the file is still the one at its path. Writes check each time.
const FILE_CHECK: Duration = Duration::from_millis(50);

/// The longest timeout that SQLite accepts: it counts milliseconds in 31 bits.
pub(super) const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_millis(0x7fff_ffff);

pub(crate) struct SqliteConnection(pub(super) rusqlite::Connection, pub(super) Option<OpenFile>);

/// The file that a connection has open.
pub(super) struct OpenFile {
    pub(super) path: Arc<Path>,
    pub(super) identity: Identity,
    checked: Instant,
    replaced: bool,
}

impl OpenFile {
    pub(super) fn new(path: Arc<Path>, identity: Identity) -> Self {
        OpenFile {
            path,
            identity,
            checked: Instant::now(),
            replaced: false,
        }
    }

    /// Fails if it is no longer the file at its path.
    fn check(&mut self) -> Result<()> {
        self.checked = Instant::now();
        self.replaced |= Identity::at(&self.path).ok() != Some(self.identity);
        if self.replaced {
            return Err(Error::unavailable(format!(
                "{}: the file was replaced or deleted",
                self.path.display()
            )));
        }
        Ok(())
    }

    /// Returns true if it is no longer the file at its path. The path is checked only occasionally, because a check
    /// costs as much as a short read.
    pub(super) fn is_replaced(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.checked) >= FILE_CHECK {
            return self.check().is_err();
        }
        self.replaced
    }
}

impl SqliteConnection {
    /// Fails if the file that is open is no longer the one at its path.
    pub(super) fn check_file(&mut self) -> Result<()> {
        self.1.as_mut().map_or(Ok(()), OpenFile::check)
    }

    /// Commits, unless the file was replaced meanwhile: nobody would see the result.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.check_file()?;
        self.execute(COMMIT, &[]).map(drop)
    }

    pub(super) fn set_busy_timeout(&mut self, timeout: Duration) -> Result<()> {
        self.0
            .busy_timeout(timeout.min(LONGEST_BUSY_TIMEOUT))
            .map_err(classify)
    }

    pub(super) fn enforce_foreign_keys(&mut self, on: bool) -> Result<()> {
        self.0
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on)
            .map(drop)
            .map_err(classify)
    }

    pub(super) fn enforces_foreign_keys(&self) -> bool {
        self.0
            .db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)
            .unwrap_or(false)
    }

    /// Sets whether the objects that refer to a table stay unchanged when the table is renamed.
    pub(super) fn set_legacy_alter_table(&mut self, alone: bool) -> Result<()> {
        self.0
            .set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, alone)
            .map(drop)
            .map_err(classify)
    }

    /// Adds the SQL function `authstore_is_utf8`, which returns false if any of its arguments is a string that is not
    /// UTF-8. SQLite itself [does not check that](https://www.sqlite.org/invalidutf.html): it reads most wrong bytes as
    /// some character.
    pub(super) fn add_is_utf8(&mut self) -> Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_DIRECTONLY;
        self.0
            .create_scalar_function("authstore_is_utf8", -1, flags, |arguments| {
                Ok((0..arguments.len()).all(|at| match arguments.get_raw(at) {
                    ValueRef::Text(bytes) => str::from_utf8(bytes).is_ok(),
                    _ => true,
                }))
            })
            .map_err(classify)
    }

    /// Sets whether foreign keys are checked only at the end of the transaction. The setting ends with the transaction.
    pub(super) fn defer_foreign_keys(&mut self, defer: bool) -> Result<()> {
        self.0
            .pragma_update(None, "defer_foreign_keys", defer)
            .map_err(classify)
    }

    /// Runs a statement of any kind.
    pub(super) fn attempt(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<(), ()> {
        self.for_each_row(sql, parameters, |_| Ok(()))
            .map_err(|_| ())
    }

    fn prepare(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<CachedStatement<'_>, Failure> {
        let mut statement = self.0.prepare_cached(sql)?;
        // SQLite would take NULL for a parameter without a value.
        check_parameters(statement.parameter_count(), parameters.len())?;
        for (index, parameter) in (1..).zip(parameters) {
            bind(&mut statement, index, *parameter)?;
        }
        Ok(statement)
    }

    fn for_each_row(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
        mut read: impl FnMut(&rusqlite::Row<'_>) -> Result<()>,
    ) -> Result<(), Failure> {
        let mut statement = self.prepare(sql, parameters)?;
        let mut rows = statement.raw_query();
        // Step to the end: a statement that writes may fail at its last step.
        while let Some(row) = rows.next()? {
            read(row)?;
        }
        Ok(())
    }

    #[cold]
    fn explain(&mut self, failure: Failure, sql: &'static str, parameters: &[Value<'_>]) -> Error {
        let error = match failure {
            Failure::Sqlite(error) => error,
            Failure::Other(error) => return error,
        };
        match rejected_by(&error) {
            Some(rejection) => self.name_rejection(rejection, sql, parameters),
            None => return classify(error),
        }
        .unwrap_or_else(|error| error)
    }
}

/// Why a statement failed.
enum Failure {
    Sqlite(rusqlite::Error),
    Other(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

impl Connection for SqliteConnection {
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        let before = self.0.total_changes();
        let changed = self
            .prepare(sql, parameters)
            .and_then(|mut statement| Ok(statement.raw_execute()?))
            .map_err(|failure| self.explain(failure, sql, parameters))?;
        // After a statement that changes no rows, such as CREATE TABLE, SQLite repeats the count of the one before.
        let is_own = self.0.total_changes() != before;
        Ok(if is_own { changed as u64 } else { 0 })
    }

    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.for_each_row(sql, parameters, |row| {
            found.push(Cells::read(row)?);
            Ok(())
        })
        .map_err(|failure| self.explain(failure, sql, parameters))?;
        Ok(found)
    }

    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>> {
        let mut found = None;
        self.for_each_row(sql, parameters, |row| {
            found = Some(Cells::read(row)?);
            Ok(())
        })
        .map_err(|failure| self.explain(failure, sql, parameters))?;
        Ok(found)
    }
}

fn bind(
    statement: &mut CachedStatement<'_>,
    index: usize,
    value: Value<'_>,
) -> Result<(), Failure> {
    match value {
        Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
        Value::Uuid(uuid) => {
            let mut text = Uuid::encode_buffer();
            statement.raw_bind_parameter(index, &*uuid.hyphenated().encode_lower(&mut text))
        }
        Value::Text(text) => statement.raw_bind_parameter(index, text),
        Value::Time(time) => {
            let text = time
                .format(&Iso8601::<TIME>)
                .map_err(|error| Error::backend("a time cannot be written").with_source(error))?;
            statement.raw_bind_parameter(index, text)
        }
        Value::Integer(integer) => statement.raw_bind_parameter(index, integer),
        Value::Boolean(boolean) => statement.raw_bind_parameter(index, boolean),
        Value::Real(real) => statement.raw_bind_parameter(index, real),
        Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes),
    }?;
    Ok(())
}

impl Row for rusqlite::Row<'_> {
    fn uuid(&self, column: usize) -> Result<Option<Uuid>, BoxError> {
        match cell_text(self, column)? {
            Some(text) => Ok(Some(parse_uuid(text)?)),
            None => Ok(None),
        }
    }

    fn text(&self, column: usize) -> Result<Option<String>, BoxError> {
        Ok(cell_text(self, column)?.map(str::to_owned))
    }

    fn time(&self, column: usize) -> Result<Option<OffsetDateTime>, BoxError> {
        match cell_text(self, column)? {
            Some(text) => Ok(Some(parse_time(text)?)),
            None => Ok(None),
        }
    }

    fn integer(&self, column: usize) -> Result<Option<i64>, BoxError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(integer) => Ok(Some(integer)),
            other => Err(unexpected(other, "an integer")),
        }
    }

    fn boolean(&self, column: usize) -> Result<Option<bool>, BoxError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(0) => Ok(Some(false)),
            ValueRef::Integer(1) => Ok(Some(true)),
            other => Err(unexpected(other, "0 or 1")),
        }
    }

    fn value(&self, column: usize) -> Result<SqlValue, BoxError> {
        Ok(match self.get_ref(column)? {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(integer) => SqlValue::Integer(integer),
            ValueRef::Real(real) => SqlValue::Real(real),
            ValueRef::Text(text) => SqlValue::Text(std::str::from_utf8(text)?.to_owned()),
            ValueRef::Blob(bytes) => SqlValue::Bytes(bytes.to_owned()),
        })
    }

    fn columns(&self) -> usize {
        self.as_ref().column_count()
    }
}

fn cell_text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<Option<&'r str>, BoxError> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => Ok(Some(std::str::from_utf8(bytes)?)),
        other => Err(unexpected(other, "a string")),
    }
}

fn unexpected(found: ValueRef<'_>, wanted: &str) -> BoxError {
    let found = match found {
        ValueRef::Null => "NULL",
        ValueRef::Integer(_) => "an integer",
        ValueRef::Real(_) => "a floating-point number",
        ValueRef::Text(_) => "a string",
        ValueRef::Blob(_) => "a blob",
    };
    format!("must be {wanted} (found {found})").into()
}

/// Reads an id in the format in which ids are written. In another format, a lookup by the id would not find the row, so
/// it is rejected.
fn parse_uuid(text: &str) -> Result<Uuid, BoxError> {
    let id = Uuid::try_parse(text)?;
    let mut canonical = Uuid::encode_buffer();
    if *id.hyphenated().encode_lower(&mut canonical) != *text {
        return Err("must be a UUID in lower case with hyphens (found another form)".into());
    }
    Ok(id)
}

/// Reads a time in our own format, or in a format that others may have written: with another number of decimals, with
/// an offset, or (like SQLite's own `CURRENT_TIMESTAMP`, in UTC) with a space and without an offset. Anything finer
/// than a millisecond is truncated.
fn parse_time(text: &str) -> Result<OffsetDateTime, BoxError> {
    if let Some(time) = parse_our_time(text.as_bytes()) {
        return Ok(time);
    }
    let text = match text.as_bytes().get(10) {
        Some(b' ') => Cow::Owned(text.replacen(' ', "T", 1)),
        _ => Cow::Borrowed(text),
    };
    let time = OffsetDateTime::parse(&text, &Rfc3339).or_else(|_| {
        PrimitiveDateTime::parse(&text, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc)
    })?;
    let utc = time
        .checked_to_offset(UtcOffset::UTC)
        .ok_or("time out of range")?;
    Ok(utc.replace_millisecond(utc.millisecond())?)
}

/// Parses our own format, which nearly all times have, in a fraction of the time that a general parser takes.
fn parse_our_time(text: &[u8]) -> Option<OffsetDateTime> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_u16, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
            Some(number * 10 + u16::from(digit))
        })
    };
    let small = |from, to| u8::try_from(number(from, to)?).ok();
    let punctuation = [4, 7, 10, 13, 16, 19, 23].map(|place| text[place]);
    if &punctuation != b"--T::.Z" {
        return None;
    }
    let month = Month::try_from(small(5, 7)?).ok()?;
    let date = Date::from_calendar_date(number(0, 4)?.into(), month, small(8, 10)?).ok()?;
    let time = date.with_hms_milli(
        small(11, 13)?,
        small(14, 16)?,
        small(17, 19)?,
        number(20, 23)?,
    );
    Some(time.ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::{parse_our_time, parse_time};

    #[test]
    fn our_time_format_matches_the_general_parser() {
        let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2026-11-23T19:05:59.123Z",
            "2024-02-29T23:59:59.999Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert!(parse_our_time(text.as_bytes()).is_some(), "{text}");
            assert_eq!(parse_our_time(text.as_bytes()), read(text), "{text}");
        }
        for text in [
            "2023-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-11-23T24:00:00.000Z",
            "2026-11-23T00:00:00.00aZ",
            "2026-11-23T00:00:00,000Z",
            "+026-11-23T00:00:00.000Z",
        ] {
            assert_eq!(parse_our_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn times_in_every_clear_form_are_read() {
        let noon = datetime!(2026-11-23 12:00:00 UTC);
        for text in [
            "2026-11-23T12:00:00.000Z",
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00.000999Z",
            "2026-11-23T13:30:00+01:30",
            "2026-11-23 12:00:00",
            "2026-11-23T12:00:00.000",
            "2026-11-23 12:00:00+00:00",
        ] {
            assert_eq!(parse_time(text).expect(text), noon, "{text}");
        }
        for text in [
            "",
            "noon",
            "2026-11-23",
            "1764000000000",
            "2026-11-23T25:00:00Z",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
