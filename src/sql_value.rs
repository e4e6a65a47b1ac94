//! Parameters and rows of the application's own SQL.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::error::{Error, Result};

/// A parameter or a cell of the application's own SQL.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A boolean. On SQLite and MySQL, an integer: 0 or 1.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID: `uuid` on PostgreSQL, text in lower case elsewhere, as in the store's own tables.
    Uuid(Uuid),
    /// A time, in the store's own format on each database: in UTC, truncated to milliseconds.
    Time(OffsetDateTime),
}

macro_rules! sql_value_from {
    ($($source:ty => $make:expr;)*) => {
        $(impl From<$source> for SqlValue {
            fn from(value: $source) -> Self {
                let make: fn($source) -> SqlValue = $make;
                make(value)
            }
        })*
    };
}

sql_value_from! {
    bool => SqlValue::Boolean;
    i64 => SqlValue::Integer;
    i32 => |value| SqlValue::Integer(value.into());
    u32 => |value| SqlValue::Integer(value.into());
    f64 => SqlValue::Real;
    String => SqlValue::Text;
    &str => |value| SqlValue::Text(value.to_owned());
    Vec<u8> => SqlValue::Bytes;
    Uuid => SqlValue::Uuid;
    OffsetDateTime => SqlValue::Time;
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(SqlValue::Null, Into::into)
    }
}

/// A row of the application's own SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlRow(Vec<SqlValue>);

impl SqlRow {
    /// Creates a row, for a backend to return.
    pub fn new(cells: Vec<SqlValue>) -> Self {
        SqlRow(cells)
    }

    /// Returns the cell in this column, counted from 0, as a `bool`, `i64`, `f64`, `String`, `Vec<u8>`, `Uuid`,
    /// `OffsetDateTime`, or an `Option` of one.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] when there is no such column, or the cell is of another type.
    pub fn get<T: FromSqlValue>(&self, column: usize) -> Result<T> {
        let cell = self.0.get(column).ok_or_else(|| {
            let columns = self.0.len();
            Error::backend(format!("no column {column}: the row has {columns}"))
        })?;
        T::from_sql_value(cell).ok_or_else(|| {
            Error::backend(format!(
                "column {column} is {} and cannot be read as {}",
                cell.kind(),
                std::any::type_name::<T>()
            ))
        })
    }
}

impl SqlValue {
    fn kind(&self) -> &'static str {
        match self {
            SqlValue::Null => "NULL",
            SqlValue::Boolean(_) => "a boolean",
            SqlValue::Integer(_) => "an integer",
            SqlValue::Real(_) => "a floating-point number",
            SqlValue::Text(_) => "text",
            SqlValue::Bytes(_) => "bytes",
            SqlValue::Uuid(_) => "a UUID",
            SqlValue::Time(_) => "a time",
        }
    }
}

/// A type that a cell can be read as. Databases store some types as another one: booleans as integers, UUIDs and times
/// as text.
pub trait FromSqlValue: Sized {
    /// Returns the cell as this type, or `None` if it is of another one.
    fn from_sql_value(cell: &SqlValue) -> Option<Self>;
}

macro_rules! from_sql_value {
    ($($target:ty: $($pattern:pat => $value:expr),+;)*) => {
        $(impl FromSqlValue for $target {
            fn from_sql_value(cell: &SqlValue) -> Option<Self> {
                match cell {
                    $($pattern => $value,)+
                    _ => None,
                }
            }
        })*
    };
}

from_sql_value! {
    bool: SqlValue::Boolean(value) => Some(*value), SqlValue::Integer(value @ (0 | 1)) => Some(*value == 1);
    i64: SqlValue::Integer(value) => Some(*value);
    f64: SqlValue::Real(value) => Some(*value);
    String: SqlValue::Text(value) => Some(value.clone());
    Vec<u8>: SqlValue::Bytes(value) => Some(value.clone());
    Uuid: SqlValue::Uuid(value) => Some(*value), SqlValue::Text(value) => Uuid::try_parse(value).ok();
    OffsetDateTime: SqlValue::Time(value) => Some(*value), SqlValue::Text(value) => OffsetDateTime::parse(value, &Rfc3339).ok();
}

impl<T: FromSqlValue> FromSqlValue for Option<T> {
    fn from_sql_value(cell: &SqlValue) -> Option<Self> {
        match cell {
            SqlValue::Null => Some(None),
            cell => T::from_sql_value(cell).map(Some),
        }
    }
}

/// The content of a cell that has no counterpart in [`SqlValue`].
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn unsupported(kind: &str) -> crate::error::BoxError {
    format!("a column of type {kind} cannot be read; cast it to text in the statement").into()
}
