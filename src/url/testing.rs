//! The tests that the URLs of all databases share.

use std::env;
use std::fmt::{Debug, Display};
use std::fs;
use std::path::Path;
use std::str::FromStr;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{Meaning, Parameter, encode};
use crate::error::Error;

pub(crate) trait Options:
    FromStr<Err = Error> + Clone + PartialEq + Display + Debug
{
    /// Returns the same options without the password.
    fn without_password(self) -> Self;
}

/// Tries numbers at and beyond their limits. None may cause a panic, and an accepted one must survive printing and
/// parsing.
fn check_extremes<O: Options>(url: &str, table: &[Parameter]) {
    let extremes = ["0", "-1", "2147483648", "4294967295", "4294967296", "1e99"];
    let largest = u64::MAX.to_string();
    for parameter in table {
        for value in extremes.into_iter().chain([&*largest]) {
            let parsed: Result<O, Error> =
                format!("{url}?{}={value}", encode(parameter.name)).parse();
            if let Ok(options) = parsed {
                let options = options.without_password();
                let printed = options.to_string();
                assert_eq!(printed.parse::<O>().unwrap(), options, "{printed}");
            }
        }
    }
}

/// Checks that each parameter does what the table says.
pub(crate) fn check_table<O: Options>(url: &str, table: &[Parameter]) {
    let plain: O = url.parse().unwrap();
    let parse = |name: &str, value: &str| -> Result<O, Error> {
        format!("{url}?{}={}", encode(name), encode(value)).parse()
    };
    for (index, parameter) in table.iter().enumerate() {
        let name = parameter.name;
        assert!(
            table[..index].iter().all(|other| other.name != name),
            "{name} is listed twice"
        );
        let example = parse(name, parameter.example);
        let invalid = |result: Result<O, Error>, reason: &str| match result.unwrap_err() {
            Error::Invalid {
                field,
                reason: told,
            } => {
                assert_eq!((field, told.as_str()), (name, reason));
            }
            other => panic!("{name}: {other:?}"),
        };
        match parameter.meaning {
            Meaning::Accepted(_) => assert_ne!(example.unwrap(), plain, "{name} changes nothing"),
            Meaning::Ignored(_) => {
                assert_eq!(example.unwrap(), plain, "{name}");
                assert_eq!(parse(name, "").unwrap(), plain, "{name}");
            }
            Meaning::Only(values, otherwise) => {
                for value in values {
                    assert_eq!(parse(name, value).unwrap(), plain, "{name}={value}");
                }
                invalid(parse(name, "another"), otherwise);
            }
            Meaning::Rejected(reason) => invalid(example, reason),
        }
    }
    check_extremes::<O>(url, table);
    let unknown = parse("pool_sise", "1").err().unwrap().to_string();
    for parameter in table {
        if let Meaning::Accepted(_) = parameter.meaning {
            assert!(unknown.contains(parameter.name), "{unknown}");
        }
    }
}

/// Compares the table with the one under this heading in `docs/urls.md`.
pub(crate) fn check_docs(heading: &str, table: &[Parameter]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/urls.md");
    let text = fs::read_to_string(&path).unwrap();
    let start = format!("\n## {heading}\n\n");
    let (before, section) = text.split_once(&start).expect(heading);
    let (section, after) = match section.find("\n## ") {
        Some(end) => section.split_at(end),
        None => (section, ""),
    };
    let mut printed = "| parameter | example | meaning |\n|---|---|---|\n".to_owned();
    for parameter in table {
        let meaning = match parameter.meaning {
            Meaning::Accepted(text) | Meaning::Ignored(text) => text.to_owned(),
            Meaning::Only(values, otherwise) => {
                let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                format!(
                    "accepted as {}; otherwise rejected: {otherwise}",
                    values.join(", ")
                )
            }
            Meaning::Rejected(reason) => format!("rejected: {reason}"),
        };
        printed += &format!(
            "| `{}` | `{}` | {meaning} |\n",
            parameter.name, parameter.example
        );
    }
    if env::var_os("AUTHSTORE_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{start}{printed}{after}")).unwrap();
    } else {
        assert!(
            section == printed,
            "the tables of docs/urls.md are out of date; run just url-docs"
        );
    }
}

/// Occurs in every piece of every password, and nowhere else.
const MARK: &str = "zqxj";

/// How many URLs to try.
fn rounds() -> u32 {
    env::var("AUTHSTORE_FUZZ_URLS").map_or(3_000, |rounds| rounds.parse().unwrap())
}

/// Parses valid URLs, and URLs that are invalid in every way that an unencoded password can make them.
///
/// Nothing panics. No error, `Debug` or `Display` shows a part of a password. Accepted options print as a URL that
/// parses to the same options.
pub(crate) fn fuzz<O: Options>(schemes: &[&str], table: &[Parameter]) {
    let seed = match env::var("AUTHSTORE_FUZZ_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("replay with AUTHSTORE_FUZZ_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (mut accepted, mut rejected) = (0, 0);
    for _ in 0..rounds() {
        let url = url(&mut random, schemes, table);
        match url.parse::<O>() {
            Ok(options) => {
                accepted += 1;
                let printed = options.to_string();
                let shown = format!("{printed} {options:?}");
                assert!(!shown.contains(MARK), "{url:?} shows {shown}");
                let again = printed.parse::<O>();
                let again = again.unwrap_or_else(|error| panic!("{url:?}: {printed}: {error}"));
                assert_eq!(again, options.without_password(), "{url:?}: {printed}");
            }
            Err(error) => {
                rejected += 1;
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(MARK), "{url:?} shows {shown}");
                assert!(matches!(error, Error::Invalid { .. }), "{url:?}: {shown}");
            }
        }
    }
    // Otherwise one half of this test would test nothing.
    assert!(accepted > rounds() / 20, "{accepted} accepted");
    assert!(rejected > rounds() / 20, "{rejected} rejected");
}

const SPECIAL: [&str; 26] = [
    "@", ":", "/", "?", "#", "[", "]", "%", "%4", "%zz", "%FF", "%00", "%40", "%2F", "&", "=", ",",
    "\n", " ", "\t", "é", "\u{feff}", ";", "'", "\"", "..",
];

fn password(random: &mut StdRng) -> String {
    let mut password = String::new();
    for _ in 0..random.random_range(0..4) {
        match random.random_range(0..4) {
            0 => password += &random.random_range(0..99_999).to_string(),
            _ => password += SPECIAL.choose(random).unwrap(),
        }
        password += MARK;
    }
    password
}

fn url(random: &mut StdRng, schemes: &[&str], table: &[Parameter]) -> String {
    let scheme = *schemes.choose(random).unwrap();
    let mut url = scheme.to_owned();
    if scheme.ends_with("//") {
        let user = ["", "app", "%C3%A4%3A", "a b"].choose(random).unwrap();
        let mut password = password(random);
        if random.random_bool(0.6) {
            password = encode(&password.replace("%00", ""));
        }
        let hosts = [
            "h",
            "h:1",
            "a,b:2",
            "[::1]",
            "[::1]:7,h",
            "127.0.0.1:99",
            "h:x",
            "[::1",
            "%2Frun",
            "",
        ];
        let database = ["/d", "/d", "/a%20b", "/", "", "/d/e", "/d@h"];
        let separator = if random.random_bool(0.9) { ":" } else { "" };
        // Without a colon there is no password.
        if separator.is_empty() {
            password.clear();
        }
        url += &format!(
            "{user}{separator}{password}@{}{}",
            hosts.choose(random).unwrap(),
            database.choose(random).unwrap()
        );
    } else {
        let paths = [
            ":memory:",
            "auth.db",
            "/var/lib/a b.db",
            "a%25%3F.db",
            "",
            "a%zz",
            "//x/y.db",
        ];
        url += paths.choose(random).unwrap();
    }
    for index in 0..random.random_range(0..4) {
        url.push(if index == 0 { '?' } else { '&' });
        let parameter = table.choose(random).unwrap();
        let value = match random.random_range(0..10) {
            0 => "nonsense".to_owned(),
            1 => random.random_range(0..u32::MAX).to_string(),
            2 if scheme.ends_with("//") => password(random),
            _ => encode(parameter.example),
        };
        let is_secret =
            parameter.name == "password" || !matches!(parameter.meaning, Meaning::Accepted(_));
        let value = if is_secret {
            value
        } else {
            value.replace(MARK, "x")
        };
        url += &format!("{}={value}", parameter.name);
    }
    // A SQLite URL may name any file that does not look like a server's URL, so a mark may be shown in it.
    if scheme.starts_with("sqlite") && url.contains(MARK) {
        return url;
    }
    for _ in 0..[0, 0, 0, 1, 3].choose(random).copied().unwrap_or(0) {
        let at = random.random_range(0..=url.len());
        if url.is_char_boundary(at) {
            url.insert_str(at, SPECIAL.choose(random).unwrap());
        }
    }
    url
}
