//! Database URLs: the grammar that all databases share, and the tables of known parameters.
//!
//! Any part of a URL may belong to a password: a `?` or a `/` that was not written as `%XX` ends the password too
//! early. So no error quotes a URL. It lists what is known instead.

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) mod authority;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt::{Display, Write};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, Result};

/// A parameter of a URL's query: one of ours, or one that others (a driver, a tool, a vendor) use.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the example is for the tests, which print the table too"
    )
)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// A value for the tests and the docs.
    pub(crate) example: &'static str,
    pub(crate) meaning: Meaning,
}

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the texts are for the tests, which print the table"
    )
)]
pub(crate) enum Meaning {
    /// Changes the options.
    Accepted(&'static str),
    /// Has no effect here.
    Ignored(&'static str),
    /// Ignored with one of these values (in any case), and rejected for this reason with others.
    Only(&'static [&'static str], &'static str),
    /// Not supported: the reason, and what to write instead.
    Rejected(&'static str),
}

/// Creates the row of a parameter that changes the options.
pub(crate) const fn accepted(
    name: &'static str,
    example: &'static str,
    text: &'static str,
) -> Parameter {
    row(name, example, Meaning::Accepted(text))
}

/// Creates the row of a parameter that has no effect.
pub(crate) const fn ignored(
    name: &'static str,
    example: &'static str,
    text: &'static str,
) -> Parameter {
    row(name, example, Meaning::Ignored(text))
}

/// Creates the row of a parameter that is accepted with these values only. The first one is the example.
pub(crate) const fn only(
    name: &'static str,
    values: &'static [&'static str],
    otherwise: &'static str,
) -> Parameter {
    row(name, values[0], Meaning::Only(values, otherwise))
}

/// Creates the row of a parameter that is not supported.
pub(crate) const fn rejected(
    name: &'static str,
    example: &'static str,
    text: &'static str,
) -> Parameter {
    row(name, example, Meaning::Rejected(text))
}

const fn row(name: &'static str, example: &'static str, meaning: Meaning) -> Parameter {
    Parameter {
        name,
        example,
        meaning,
    }
}

/// Passes each accepted parameter of a query to `set`, decoded, in the order of the query.
pub(crate) fn read_query(
    query: &str,
    known: &'static [Parameter],
    mut set: impl FnMut(&'static str, &str) -> Result<()>,
) -> Result<()> {
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = decode("url", name)?;
        let value = decode("url", value)?;
        let Some(parameter) = known.iter().find(|known| known.name == name) else {
            return Err(unknown_parameter(known));
        };
        match parameter.meaning {
            Meaning::Accepted(_) => set(parameter.name, &value)?,
            Meaning::Ignored(_) => {}
            Meaning::Only(values, otherwise) => {
                if !values
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&value))
                {
                    return Err(Error::invalid(parameter.name, otherwise));
                }
            }
            Meaning::Rejected(reason) => return Err(Error::invalid(parameter.name, reason)),
        }
    }
    Ok(())
}

/// Does not name the unknown parameter, which may be the end of a password that contains a `?`.
fn unknown_parameter(known: &[Parameter]) -> Error {
    let mut names = String::new();
    for parameter in known {
        if matches!(parameter.meaning, Meaning::Accepted(_)) {
            let separator = if names.is_empty() { "" } else { ", " };
            let _ = write!(names, "{separator}{}", parameter.name);
        }
    }
    Error::invalid(
        "url",
        format!("unknown option after the ? (known options: {names})"),
    )
}

/// Checks a URL and splits it at its `?`.
pub(crate) fn split_query(url: &str) -> Result<(&str, &str)> {
    check(url)?;
    Ok(url.split_once('?').unwrap_or((url, "")))
}

/// Rejects whitespace at the ends, and control characters. Otherwise the newline at the end of an environment variable
/// would become part of the name of a file or a database.
pub(crate) fn check(url: &str) -> Result<()> {
    if url.trim() != url {
        return Err(Error::invalid(
            "url",
            "must not begin or end with whitespace",
        ));
    }
    if url.contains(char::is_control) {
        return Err(Error::invalid(
            "url",
            "must not contain control characters, such as newlines",
        ));
    }
    Ok(())
}

/// Decodes each `%XX` in a part of a URL.
pub(crate) fn decode(field: &'static str, text: &str) -> Result<String> {
    let is_encoded = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_encoded) {
        return Err(Error::invalid(
            field,
            "contains a % without two hexadecimal digits; write % as %25",
        ));
    }
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Error::invalid(field, "must be UTF-8 after %XX is decoded"))?;
    if decoded.contains('\0') {
        return Err(Error::invalid(field, "must not contain NUL (%00)"));
    }
    Ok(decoded.into_owned())
}

/// Everything except the characters that RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes text so that [`decode`] returns it.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A URL under construction: parameters are added after a `?` or a `&`.
pub(crate) struct Printer {
    url: String,
    has_query: bool,
}

impl Printer {
    pub(crate) fn new(url: String) -> Self {
        Printer {
            url,
            has_query: false,
        }
    }

    pub(crate) fn parameter(&mut self, name: &str, value: impl ToString) {
        self.url.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        let _ = write!(self.url, "{name}={}", encode(&value.to_string()));
    }

    /// Adds a duration in milliseconds, unless it is the default.
    pub(crate) fn milliseconds(&mut self, name: &str, value: Duration, default: Duration) {
        if value != default {
            self.parameter(name, value.as_millis());
        }
    }

    pub(crate) fn finish(self) -> String {
        self.url
    }
}

/// Parses a whole number of at least 1.
pub(crate) fn positive(field: &'static str, value: &str) -> Result<u32> {
    whole(1..=u32::MAX, field, value)
}

/// Parses a whole number in this range.
pub(crate) fn whole<N: FromStr + PartialOrd + Display>(
    range: RangeInclusive<N>,
    field: &'static str,
    value: &str,
) -> Result<N> {
    value
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (least, most) = range.into_inner();
            Error::invalid(
                field,
                format!("must be a whole number from {least} to {most}"),
            )
        })
}

/// Parses a duration in whole milliseconds, at least 1.
pub(crate) fn milliseconds(field: &'static str, value: &str) -> Result<Duration> {
    positive(field, value).map(|number| Duration::from_millis(number.into()))
}

/// Parses a duration in whole seconds, at least 1. The maximum is that of [`milliseconds`].
pub(crate) fn seconds(field: &'static str, value: &str) -> Result<Duration> {
    whole(1..=u32::MAX / 1_000, field, value).map(|number| Duration::from_secs(number.into()))
}
