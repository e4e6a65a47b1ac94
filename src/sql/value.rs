use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Change;

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Uuid(Uuid),
    Text(&'a str),
    Time(OffsetDateTime),
    Integer(i64),
    Boolean(bool),
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
    /// How many bytes of text it has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            _ => 0,
        }
    }

    /// The two parameters of `CASE WHEN ? THEN ? ELSE column END`: whether to write, and what.
    pub(super) fn change<T>(change: &'a Change<T>) -> [Value<'a>; 2]
    where
        &'a T: Into<Value<'a>>,
    {
        [
            Value::Boolean(!change.is_keep()),
            Value::from(change.value()),
        ]
    }

    /// As [`change`](Value::change), for a column that cannot be NULL.
    pub(super) fn replacement(value: Option<impl Into<Value<'a>>>) -> [Value<'a>; 2] {
        [Value::Boolean(value.is_some()), Value::from(value)]
    }
}
