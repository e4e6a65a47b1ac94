//! Strings that storages are known to confuse with others, or with values that are not strings.

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

/// Whitespace and control characters, at any position.
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

/// Strings with a special meaning in some database or format.
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
    // Names with addresses, addresses of machines, and URLs.
    "Ada <ada@x.org>",
    "<ada@x.org>",
    "192.0.2.1:443",
    "[2001:db8::1]:443",
    "https://x.org",
    "HTTPS://X.org:443/%7Ea/../b?a=1&b=2#c",
    "data:image/png;base64,iVBORw0KGgo=",
    // Numbers and times in disguise.
    "0x10",
    "0b1",
    "0o17",
    "1_000",
    "1,000",
    "1.50",
    ".5",
    "5.",
    "١٢٣",
    "1767225600",
    "1767225600000",
    "1767225600.000",
    "20260101",
    "12:30",
    "2026-01-01T00:00:00.000+00:00",
    "Thu, 01 Jan 2026 00:00:00 GMT",
    "P1D",
    // Strings that YAML, JSON, TOML, XML and others read as another type.
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "~",
    "- a",
    "a: b",
    "|",
    ">",
    "!!str a",
    "&a",
    "*a",
    "{",
    "[]",
    "[1,2]",
    "{\"a\":1}",
    "\"a\"",
    "{\"$ne\":null}",
    "{\"__proto__\":null}",
    // What every object of some languages has.
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "__class__",
    "self",
    "length",
    "nil",
    "Null",
    "(null)",
    // What some formats and systems write for a missing value.
    "\\N",
    "-",
    "\u{1}",
    "<![CDATA[a]]>",
    "<?xml?>",
    // URLs, headers and encodings.
    "https://example.org/?a=b&c=d#e",
    "//example.org",
    "javascript:0",
    "data:text/plain,a",
    "a%20b",
    "a+b",
    "%2F",
    "Bearer a",
    "Basic YTpi",
    "YWRh",
    "YWRh\n",
    "YWRh==",
    "=?utf-8?q?a?=",
    "a\r\nb: c",
    "../a",
    "$(a)",
    "${a}",
    "{{a}}",
    "=1+1",
    "__type__",
    "gzip",
    // Text that a parser of its format reads, but writes in another form.
    "HTTPS://Example.ORG:443/a b/../c",
    "mailto:Ada@x.org",
    "\"a b\"@x.org",
    "::ffff:192.0.2.1",
    "2001:DB8:0:0:0:0:0:1",
    "ABCDEF01-2345-6789-ABCD-EF0123456789",
    "{ \"b\" : 1.0, \"a\" : [ ] }",
    "{a,b}",
    "usb, nfc,usb",
    ",usb,,nfc,",
    "singledevice",
    "MULTIDEVICE",
    "OAuth",
    "WebAuthn",
    "a  b",
    "BEARER",
    "bearer a",
    "a=b&c=+d",
    "%41%zz%25",
    "\\u0041\\u00e9",
    "a\\",
    "&lt;&#39;&#10;&nbsp;",
    "a]]>b",
    "-----BEGIN PUBLIC KEY-----\nYWRh\n-----END PUBLIC KEY-----\n",
    "@a",
    "'a",
];

/// Keys that all differ bytewise, but of which some are equal if a comparison folds, pads, normalizes, converts or
/// truncates them.
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
        "0e12",
        "0e34",
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
        // Patterns and paths.
        "axb",
        "a*b",
        "a?b",
        "a.*b",
        "[ab]",
        ".",
        "..",
        "/",
        "a/",
        "a//b",
        "a/./b",
        "a/b",
        "a%2fb",
        "a%2Fb",
        // Parts of an email address that some systems ignore.
        "ada@X.org",
        "ada+tag@x.org",
        "a.da@x.org",
        "ada@x.org.",
        "ada@googlemail.com",
        "ada@gmail.com",
        "ada@xn--mnchen-3ya.de",
        "ada@münchen.de",
        // Pairs of these have the same 32-bit hash: FNV-1a, FNV-1, CRC-32, djb2 (twice), Java's, MurmurHash3 and
        // Adler-32.
        "costarring",
        "liquid",
        "creamwove",
        "quists",
        "plumless",
        "buckeroo",
        "hetairas",
        "mentioner",
        "Ab",
        "BA",
        "Aa",
        "BB",
        "session-2d81",
        "session-1ab78",
        "session-120",
        "session-201",
        // The same with djb2a, CRC-32C, Jenkins's one-at-a-time, xxHash32 and MurmurHash2.
        "key-5ef",
        "key-798",
        "key416c3-45",
        "keyda630-b",
        "key-75440",
        "key-79114",
        "key-5e78",
        "key-17f9b",
        "key-b19b",
        "key-1753e",
        // The same with sdbm, BKDR, and the first and last 32 bits of MD5 and SHA-256, and the first of SHA-1.
        "tk5lk0",
        "obvpek",
        "bw2ua5",
        "o1g0l9",
        "key-16de5",
        "key-21b95",
        "key-7fb9",
        "key-8f11",
        "key-8337",
        "key-15029",
        "key-e82e",
        "key-fec4",
        "key-1b8a3",
        "key-1cbd7",
        // Numbers that are equal as floating-point numbers.
        "9007199254740992",
        "9007199254740993",
        "114380000000000000001",
        "114380000000000000002",
        // One UUID, and the same bytes in several encodings.
        "abcdef01-2345-6789-abcd-ef0123456789",
        "ABCDEF01-2345-6789-ABCD-EF0123456789",
        "abcdef0123456789abcdef0123456789",
        "{abcdef01-2345-6789-abcd-ef0123456789}",
        "q83v+/8",
        "q83v+/8=",
        "q83v-_8",
        "a%62",
        "mailto:ada@x.org",
        "Ada <ada@x.org>",
        "<ada@x.org>",
        "\"ada\"@x.org",
        "日本",
        "日本\u{fe00}",
        "\u{1}",
        "\u{2}",
        "a\u{1}",
        "\u{7f}",
    ]
    .map(String::from)
    .into();
    // Hashes and indexes of a prefix use only the first characters of a key: bcrypt 72, old indexes 190 or 191.
    for length in [8, 16, 32, 50, 64, 72, 100, 128] {
        let head = "p".repeat(length);
        keys.extend([format!("{head}1"), format!("{head}2")]);
    }
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

/// Characters and strings that a backend may put between two keys.
pub(crate) fn separators() -> impl Iterator<Item = String> {
    let long = [
        "::",
        "--",
        "\u{a0}",
        "\u{2028}",
        "\u{ffff}",
        "\u{10ffff}",
        "%3A",
        "\\:",
    ];
    let short = (1..128).map(|code| char::from(code).to_string());
    short.chain(long.map(str::to_owned))
}

/// A key that others could be mistaken for.
pub(crate) const KEY: &str = "Straße é 0123_x% a";

/// Keys that must not be mistaken for [`KEY`].
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
    // Keys with the same 32-bit hash: CRC-32, FNV-1, Java's and djb2.
    "abnkJaK",
    "aae8xBk",
    "TUraße é 0123_x% a",
    "TSraße é 0123_x% a",
];

/// Returns whether a key that is not too long can be a credential id.
pub(crate) fn can_be_credential_id(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A credential id that others could be mistaken for.
pub(crate) const CREDENTIAL_ID: &str = "Cred-ential_1";

/// Credential ids that must not be mistaken for [`CREDENTIAL_ID`]: `-` and `_` are part of base64url, and `_` is a
/// wildcard in SQL.
pub(crate) const NEAR_CREDENTIAL_IDS: &[&str] = &[
    "cred-ential_1",
    "CRED-ENTIAL_1",
    "Cred-ential-1",
    "Cred+ential/1",
    "Cred-ential_1=",
    "Cred-ential_1==",
    "Cred-ential%5F1",
    "Cred_ential_1",
    "Cred-entialx1",
    "Cred-ential_",
    "Cred-ential_11",
    "_____________",
    "1",
    "_",
    // Credential ids with the same 32-bit hash: CRC-32, FNV-1a, MurmurHash3, Java's and djb2.
    "acE0e8b",
    "aaOVPqz",
    "acO8mZ4",
    "DSed-ential_1",
    "DQed-ential_1",
];

/// Returns a key of 255 characters of four bytes each.
pub(crate) fn longest_key(last: char) -> String {
    let mut key = "\u{1f511}".repeat(254);
    key.push(last);
    key
}

/// Returns a credential id of 1,364 characters.
pub(crate) fn longest_credential_id(last: char) -> String {
    let mut credential_id = "c".repeat(1_363);
    credential_id.push(last);
    credential_id
}

/// Returns a string of 1,048,576 bytes, with characters of one to four bytes, that contains its position everywhere.
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

/// Returns a string of this many bytes, of characters of three bytes as far as possible.
pub(crate) fn wide_text(length: usize) -> String {
    "\u{20ac}".repeat(length / 3) + &".".repeat(length % 3)
}

/// Lengths of text around powers of two and known limits, in bytes.
pub(crate) fn text_lengths() -> impl Iterator<Item = usize> {
    let powers = (5..=20).map(|power| 1_usize << power);
    let lengths = powers.flat_map(|power| [power - 1, power, power + 1]);
    let limits = [
        0, 1, 2, 3, 250, 251, 252, 253, 254, 1_000, 4_000, 8_000, 10_000, 65_532, 65_533, 65_534,
        100_000,
    ];
    lengths.chain(limits).filter(|length| *length <= 1_048_576)
}

/// Distinct keys of each length up to 255 characters, and some with characters of four bytes.
pub(crate) fn keys_of_every_length() -> impl Iterator<Item = String> {
    const WIDE: [usize; 12] = [1, 15, 16, 31, 32, 63, 64, 127, 128, 191, 192, 255];
    let narrow = (1..=255).map(|length| "k".repeat(length));
    narrow.chain(WIDE.map(|length| "\u{1f511}".repeat(length)))
}

/// Distinct credential ids with lengths around powers of two and known limits. Two of them differ only in the last
/// character that an id can have.
pub(crate) fn credential_ids_of_every_length() -> impl Iterator<Item = String> {
    let powers = (1..=10).map(|power| 1_usize << power);
    let lengths = powers.flat_map(|power| [power, power + 1]);
    let limits = [
        1, 191, 192, 254, 255, 500, 767, 768, 769, 999, 1_000, 1_023, 1_363, 1_364,
    ];
    let lengths: std::collections::BTreeSet<usize> = lengths.chain(limits).collect();
    let ids = lengths.into_iter().map(|length| "c".repeat(length));
    ids.chain([longest_credential_id('d')])
}

/// Returns pairs of keys of passkeys and accounts that differ in their last character only, the greater one first.
pub(crate) fn late_differences() -> impl Iterator<Item = String> {
    [190, 254, 255, 767, 1_023, 1_024, 1_363]
        .into_iter()
        .flat_map(|length| ["b", "a"].map(|last| "c".repeat(length) + last))
}
