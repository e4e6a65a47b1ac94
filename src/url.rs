//! What the databases' URLs have in common: options as a query.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// Text of a URL with its `%XX` decoded.
pub(crate) fn decode(field: &'static str, text: &str) -> Result<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Error::invalid(field, "decoded, it is not UTF-8")),
    }
}

/// Splits a URL into what stands before its query and the query's options, decoded, in their order.
pub(crate) fn split_options(url: &str) -> Result<(&str, Vec<(String, String)>)> {
    let (rest, query) = url.split_once('?').unwrap_or((url, ""));
    let options = query
        .split('&')
        .filter(|option| !option.is_empty())
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            Ok((decode("url", name)?, decode("url", value)?))
        })
        .collect::<Result<_>>()?;
    Ok((rest, options))
}

/// The error for an option that is not among the `known`.
pub(crate) fn unknown_option(name: &str, known: &[&str]) -> Error {
    Error::invalid(
        "url",
        format!(
            "there is no option `{name}`; there are {}",
            known.join(", ")
        ),
    )
}

/// A whole number from 1.
pub(crate) fn positive(field: &'static str, value: &str) -> Result<u32> {
    value
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| {
            Error::invalid(
                field,
                format!("it must be a whole number from 1 to {}", u32::MAX),
            )
        })
}

/// A time in whole milliseconds, from 1.
pub(crate) fn milliseconds(field: &'static str, value: &str) -> Result<Duration> {
    positive(field, value).map(|number| Duration::from_millis(number.into()))
}
