use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Change;
use crate::sql_value::SqlValue;

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Uuid(Uuid),
    Text(&'a str),
    Time(OffsetDateTime),
    Integer(i64),
    Boolean(bool),
    /// Only the application's own SQL uses these two.
    Real(f64),
    Bytes(&'a [u8]),
}

impl<'a> From<&'a SqlValue> for Value<'a> {
    fn from(value: &'a SqlValue) -> Self {
        match value {
            SqlValue::Null => Value::Null,
            SqlValue::Boolean(boolean) => Value::Boolean(*boolean),
            SqlValue::Integer(integer) => Value::Integer(*integer),
            SqlValue::Real(real) => Value::Real(*real),
            SqlValue::Text(text) => Value::Text(text),
            SqlValue::Bytes(bytes) => Value::Bytes(bytes),
            SqlValue::Uuid(uuid) => Value::Uuid(*uuid),
            SqlValue::Time(time) => Value::Time(*time),
        }
    }
}

impl From<Uuid> for Value<'_> {
    fn from(value: Uuid) -> Self {
        Value::Uuid(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(value)
    }
}

impl From<OffsetDateTime> for Value<'_> {
    fn from(value: OffsetDateTime) -> Self {
        Value::Time(value)
    }
}

impl From<&OffsetDateTime> for Value<'_> {
    fn from(value: &OffsetDateTime) -> Self {
        Value::Time(*value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<&i64> for Value<'_> {
    fn from(value: &i64) -> Self {
        Value::Integer(*value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a> Value<'a> {
    /// Returns the number of bytes of text.
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Returns the two parameters of `CASE WHEN ? THEN ? ELSE column END`: whether to write, and the value.
    pub(super) fn change<T>(change: &'a Change<T>) -> [Value<'a>; 2]
    where
        &'a T: Into<Value<'a>>,
    {
        [
            Value::Boolean(!change.is_keep()),
            Value::from(change.value()),
        ]
    }

    /// Like [`change`](Value::change), for a column that cannot be NULL.
    pub(super) fn replacement(value: Option<impl Into<Value<'a>>>) -> [Value<'a>; 2] {
        [Value::Boolean(value.is_some()), Value::from(value)]
    }
}
