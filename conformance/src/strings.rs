//! Strings that storages have been known to mistake for others, or for something other than a string.

/// Text in many scripts and forms.
pub(crate) const UNICODE: &[&str] = &[
    "Ada Lovelace",
    "é",
    "e\u{301}",
    "Å\u{212b}A\u{30a}",
    "ﬁ ß ẞ ſ ŉ",
    "か\u{3099}が",
    "\u{1f600}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}",
    "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
    "\u{1f1e9}\u{1f1ea}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}abc\u{202c}",
    "\u{627}\u{644}\u{633}\u{644}\u{627}\u{645}",
    "\u{200f}\u{200e}",
    "漢字カタカナ한국어ไทย",
    "x\u{323}\u{301}",
    "x\u{301}\u{323}",
    "\u{20000}\u{2a6df}\u{10ffff}",
    "\u{fffd}\u{ffff}\u{fdd0}",
    "\u{feff}BOM",
    "\u{ad}soft\u{200b}zero\u{2060}width",
];

/// Blanks and control characters, wherever they stand.
pub(crate) const BLANKS: &[&str] = &[
    " ",
    "   ",
    "\t",
    "\n",
    "\r\n",
    " a",
    "a ",
    "a  ",
    "a\t",
    "a\n",
    "\na",
    "a\r",
    "\u{a0}a\u{a0}",
    "\u{3000}",
    "\u{2028}\u{2029}\u{85}",
    "\u{1}\u{2}\u{8}\u{b}\u{c}\u{1a}\u{1b}\u{1f}\u{7f}",
];

/// What means something to one database or format or another, and nothing to us.
pub(crate) const HOSTILE: &[&str] = &[
    "%",
    "_",
    "%%",
    "a%",
    "a_c",
    "*",
    "\\",
    "\\\\",
    "\\0",
    "\\'",
    "\\n",
    "\\x00",
    "\\u0000",
    "\\%",
    "'",
    "''",
    "\"",
    "`",
    ";",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "$1",
    "$$",
    "?",
    "?1",
    "??",
    ":name",
    "@name",
    "{}",
    "{0}",
    "%s",
    "%00",
    "&amp;",
    "<b>",
    "[1]",
    "(1)",
    "a,b",
    "a:b",
    "a/b",
    "a|b",
    "'; DROP TABLE \"User\"; --",
    "\"; DROP TABLE `User`; --",
    "x' OR '1'='1",
    "x\" OR \"1\"=\"1",
    "E'\\\\x41'",
    "0x41",
    "X'41'",
    "NULL",
    "null",
    "None",
    "undefined",
    "true",
    "false",
    "TRUE",
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "-0",
    "00",
    "00123",
    "123",
    "123.0",
    "1e5",
    "100000",
    "+1",
    "9223372036854775808",
    "2024-01-01T00:00:00Z",
    "2024-01-01",
    "00000000-0000-0000-0000-000000000001",
    "infinity",
    "now",
    "DEFAULT",
    "CURRENT_TIMESTAMP",
];

/// Keys of which each differs from every other by its bytes, and from some by nothing that a folding, padding,
/// normalizing, converting or cutting comparison would see.
pub(crate) fn keys_alike() -> Vec<String> {
    let mut keys: Vec<String> = [
        "ada@x.org",
        "Ada@x.org",
        "ADA@X.ORG",
        "ada@x.org ",
        " ada@x.org",
        "ada@x.org\t",
        "ada@x.org\n",
        "ada@x.org\u{a0}",
        "ada@x.org\u{200b}",
        "\u{feff}ada@x.org",
        "a",
        "A",
        "a ",
        "a  ",
        "\u{430}",
        "\u{ff41}",
        "ª",
        "e",
        "E",
        "é",
        "É",
        "e\u{301}",
        "ê",
        "ë",
        "ss",
        "SS",
        "ß",
        "ẞ",
        "i",
        "I",
        "ı",
        "İ",
        "i\u{307}",
        "k",
        "K",
        "\u{212a}",
        "å",
        "Å",
        "\u{212b}",
        "A\u{30a}",
        "fi",
        "\u{fb01}",
        "1",
        "01",
        "00123",
        "123",
        "0123",
        "123.0",
        "1e5",
        "100000",
        "1E5",
        "\u{2460}",
        "\u{661}",
        "NULL",
        "null",
        "Null",
        "true",
        "TRUE",
        "t",
        "σ",
        "ς",
        "Σ",
        "か",
        "が",
        "か\u{3099}",
        "カ",
        "\u{1f600}",
        "\u{1f601}",
        "\u{10ffff}",
        "\u{fffd}",
        "?",
        "a-b",
        "ab",
        "a\u{ad}b",
        "a.b",
        "a_b",
        "a%b",
        "a\\b",
        "x\u{323}\u{301}",
        "x\u{301}\u{323}",
        "日本",
        "日本\u{fe00}",
        "\u{1}",
        "\u{2}",
        "a\u{1}",
        "\u{7f}",
    ]
    .map(String::from)
    .into();
    // Indexes that keep only the beginning of a key know no more than 190 or 191 of its characters.
    let long = "k".repeat(190);
    keys.extend([
        long.clone(),
        format!("{long}1"),
        format!("{long}2"),
        format!("{long}{}1", "k".repeat(64)),
        format!("{long}{}2", "k".repeat(64)),
    ]);
    keys
}

/// A key that much can be mistaken for.
pub(crate) const KEY: &str = "Straße é 0123_x% a";

/// What must not be mistaken for [`KEY`].
pub(crate) const NEAR_MISSES: &[&str] = &[
    "straße é 0123_x% a",
    "STRASSE É 0123_X% A",
    "STRAẞE É 0123_X% A",
    "Strasse é 0123_x% a",
    "Straße e 0123_x% a",
    "Straße e\u{301} 0123_x% a",
    "Straße é 123_x% a",
    "Straße é 01234x% a",
    "Straße é 0123_xy a",
    "Straße é 0123\\_x\\% a",
    "Straße é 0123_x% a ",
    " Straße é 0123_x% a",
    "Straße é 0123_x% a\n",
    "Straße é 0123_x% a\t",
    "Straße é 0123_x% a\u{a0}",
    "Straße é 0123_x% ",
    "Straße",
    "S",
    "%",
    "Straße%",
    "_trasse%",
    "__________________",
    "*",
    "' OR '1'='1",
];

/// A credential id that much can be mistaken for.
pub(crate) const CREDENTIAL_ID: &str = "Cred-ential_1";

/// What must not be mistaken for [`CREDENTIAL_ID`]: `-` and `_` belong to base64url, and `_` is a wildcard of SQL's.
pub(crate) const NEAR_CREDENTIAL_IDS: &[&str] = &[
    "cred-ential_1",
    "CRED-ENTIAL_1",
    "Cred-ential-1",
    "Cred_ential_1",
    "Cred-entialx1",
    "Cred-ential_",
    "Cred-ential_11",
    "_____________",
    "1",
    "_",
];

/// A key of 255 characters, each of four bytes.
pub(crate) fn longest_key(last: char) -> String {
    let mut key = "\u{1f511}".repeat(254);
    key.push(last);
    key
}

/// A text of 1,048,576 bytes, of characters of one to four bytes, that says at every place how far it is.
pub(crate) fn longest_text() -> String {
    let mut text = String::with_capacity(1_048_576 + 32);
    while text.len() < 1_048_540 {
        text += &format!("{} é\u{20ac}\u{1f600} ", text.len());
    }
    while text.len() < 1_048_576 {
        text.push('.');
    }
    text
}
