//! Encodes parameters and decodes cells, in PostgreSQL's binary formats, which do not depend on settings. Parameters of
//! unnamed statements are sent as text, because their types are not known.
//!
//! Something else may have created the schema, so other types that can hold the same values are supported, too.

use std::fmt::{self, Write};

use bytes::{BufMut, BytesMut};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::error::Unwritable;
use crate::error::{BoxError, Result};
use crate::sql::{Row, Value};
use crate::sql_value::{SqlValue, unsupported};

/// A [`Value`] to send. The driver logs parameters, so `Debug` hides the value.
pub(super) struct Parameter<'a>(pub(super) Value<'a>);

impl<'a> From<Value<'a>> for Parameter<'a> {
    fn from(value: Value<'a>) -> Self {
        Parameter(value)
    }
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, column: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match (self.0, base(column)) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (value, &Type::UNKNOWN) => put_text(value, out)?,
            (Value::Uuid(uuid), &Type::UUID) => out.put_slice(uuid.as_bytes()),
            (Value::Uuid(uuid), ty) if is_text(ty) => {
                let mut buffer = Uuid::encode_buffer();
                out.put_slice(uuid.hyphenated().encode_lower(&mut buffer).as_bytes());
            }
            (Value::Text(text), ty) if is_text(ty) => out.put_slice(text.as_bytes()),
            (Value::Time(time), ty @ &Type::TIMESTAMPTZ) => return time.to_sql(ty, out),
            (Value::Time(time), ty @ &Type::TIMESTAMP) => {
                return PrimitiveDateTime::new(time.date(), time.time()).to_sql(ty, out);
            }
            (Value::Integer(integer), &Type::INT8) => out.put_i64(integer),
            (Value::Integer(integer), &Type::INT4) => out.put_i32(
                i32::try_from(integer)
                    .map_err(|_| Unwritable("a number is too large for a column".to_owned()))?,
            ),
            (Value::Boolean(boolean), &Type::BOOL) => out.put_u8(boolean.into()),
            (Value::Integer(integer), &Type::INT2) => out.put_i16(
                i16::try_from(integer)
                    .map_err(|_| Unwritable("a number is too large for a column".to_owned()))?,
            ),
            (Value::Real(real), &Type::FLOAT8) => out.put_f64(real),
            (Value::Real(real), &Type::FLOAT4) => out.put_f32(real as f32),
            (Value::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, _) => {
                let kind = match value {
                    Value::Null => "NULL",
                    Value::Uuid(_) => "a UUID",
                    Value::Text(_) => "a string",
                    Value::Time(_) => "a time",
                    Value::Integer(_) => "a number",
                    Value::Boolean(_) => "a boolean",
                    Value::Real(_) => "a floating-point number",
                    Value::Bytes(_) => "bytes",
                };
                return Err(Unwritable(format!(
                    "a column is of the type {column}, which cannot hold {kind}"
                ))
                .into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, column: &Type) -> Format {
        match *column {
            Type::UNKNOWN => Format::Text,
            _ => Format::Binary,
        }
    }

    to_sql_checked!();
}

/// Writes a value as text, in a format that does not depend on settings.
fn put_text(value: Value<'_>, out: &mut BytesMut) -> fmt::Result {
    match value {
        Value::Null => Ok(()),
        Value::Uuid(uuid) => write!(out, "{}", uuid.hyphenated()),
        Value::Text(text) => out.write_str(text),
        Value::Time(time) => {
            let time = time.to_offset(UtcOffset::UTC);
            // A column without a time zone ignores the offset, so the time is stored in UTC.
            write!(
                out,
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+00",
                time.year(),
                u8::from(time.month()),
                time.day(),
                time.hour(),
                time.minute(),
                time.second(),
                time.millisecond()
            )
        }
        Value::Integer(integer) => write!(out, "{integer}"),
        Value::Boolean(boolean) => out.write_str(if boolean { "t" } else { "f" }),
        Value::Real(real) => write!(out, "{real}"),
        // The format `hex`, which is accepted for any `bytea_output`.
        Value::Bytes(bytes) => {
            out.write_str("\\x")?;
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
    }
}

/// A cell as the server sent it.
struct Cell<'r> {
    ty: Type,
    bytes: &'r [u8],
}

impl<'r> FromSql<'r> for Cell<'r> {
    fn from_sql(ty: &Type, bytes: &'r [u8]) -> Result<Self, BoxError> {
        Ok(Cell {
            ty: base(ty).clone(),
            bytes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Cell<'_> {
    fn text(&self) -> Result<&str, BoxError> {
        if is_text(&self.ty) {
            Ok(str::from_utf8(self.bytes)?)
        } else {
            Err(self.unexpected("a string"))
        }
    }

    fn uuid(&self) -> Result<Uuid, BoxError> {
        match self.ty {
            Type::UUID => Ok(Uuid::from_slice(self.bytes)?),
            _ if is_text(&self.ty) => Ok(Uuid::try_parse(self.text()?)?),
            _ => Err(self.unexpected("a UUID")),
        }
    }

    fn time(&self) -> Result<OffsetDateTime, BoxError> {
        let time = match self.ty {
            Type::TIMESTAMPTZ => OffsetDateTime::from_sql(&self.ty, self.bytes)?,
            Type::TIMESTAMP => PrimitiveDateTime::from_sql(&self.ty, self.bytes)?.assume_utc(),
            _ => return Err(self.unexpected("a time")),
        };
        // Finer times from other programs are truncated, as in JavaScript.
        Ok(time.replace_millisecond(time.millisecond())?)
    }

    fn integer(&self) -> Result<i64, BoxError> {
        match self.ty {
            Type::INT8 => i64::from_sql(&self.ty, self.bytes),
            Type::INT4 => i32::from_sql(&self.ty, self.bytes).map(i64::from),
            Type::INT2 => i16::from_sql(&self.ty, self.bytes).map(i64::from),
            _ => Err(self.unexpected("a whole number")),
        }
    }

    fn boolean(&self) -> Result<bool, BoxError> {
        match self.ty {
            Type::BOOL => bool::from_sql(&self.ty, self.bytes),
            _ => Err(self.unexpected("a boolean")),
        }
    }

    fn value(&self) -> Result<SqlValue, BoxError> {
        Ok(match self.ty {
            Type::BOOL => SqlValue::Boolean(self.boolean()?),
            Type::INT2 | Type::INT4 | Type::INT8 => SqlValue::Integer(self.integer()?),
            Type::FLOAT4 => SqlValue::Real(f32::from_sql(&self.ty, self.bytes)?.into()),
            Type::FLOAT8 => SqlValue::Real(f64::from_sql(&self.ty, self.bytes)?),
            Type::BYTEA => SqlValue::Bytes(self.bytes.to_owned()),
            Type::UUID => SqlValue::Uuid(self.uuid()?),
            Type::TIMESTAMP | Type::TIMESTAMPTZ => SqlValue::Time(self.time()?),
            _ if is_text(&self.ty) => SqlValue::Text(self.text()?.to_owned()),
            _ => return Err(unsupported(self.ty.name())),
        })
    }

    fn unexpected(&self, wanted: &str) -> BoxError {
        format!("must be {wanted} (found type {})", self.ty).into()
    }
}

fn cell<'r, T>(
    row: &'r tokio_postgres::Row,
    column: usize,
    read: impl FnOnce(Cell<'r>) -> Result<T, BoxError>,
) -> Result<Option<T>, BoxError> {
    row.try_get::<_, Option<Cell<'r>>>(column)?
        .map(read)
        .transpose()
}

impl Row for tokio_postgres::Row {
    fn uuid(&self, column: usize) -> Result<Option<Uuid>, BoxError> {
        cell(self, column, |cell| cell.uuid())
    }

    fn text(&self, column: usize) -> Result<Option<String>, BoxError> {
        cell(self, column, |cell| cell.text().map(str::to_owned))
    }

    fn time(&self, column: usize) -> Result<Option<OffsetDateTime>, BoxError> {
        cell(self, column, |cell| cell.time())
    }

    fn integer(&self, column: usize) -> Result<Option<i64>, BoxError> {
        cell(self, column, |cell| cell.integer())
    }

    fn boolean(&self, column: usize) -> Result<Option<bool>, BoxError> {
        cell(self, column, |cell| cell.boolean())
    }

    fn value(&self, column: usize) -> Result<SqlValue, BoxError> {
        cell(self, column, |cell| cell.value()).map(|value| value.unwrap_or(SqlValue::Null))
    }

    fn columns(&self) -> usize {
        self.len()
    }
}

/// The type that a domain is made of.
fn base(mut ty: &Type) -> &Type {
    while let Kind::Domain(inner) = ty.kind() {
        ty = inner;
    }
    ty
}

/// `text`, `varchar`, `char(n)`, `citext`, an enumeration: all are sent as their text.
fn is_text(ty: &Type) -> bool {
    <&str as FromSql>::accepts(ty) || matches!(ty.kind(), Kind::Enum(_))
}
