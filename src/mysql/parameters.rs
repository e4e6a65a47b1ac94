//! The table of known parameters of a MySQL or MariaDB URL. `docs/urls.md` prints it.

use crate::url::{Parameter, accepted, ignored, only, rejected};

const NO_CERTIFICATE: &str = "client certificates are not supported; sign in with a password, and name the certificate authorities with ssl-ca";
const BEFORE_QUERY: &str = "write it before the ?: mysql://user:password@host:3306/database";
const ALWAYS_UTC: &str = "must be Z, +00:00 or UTC: times are read and written in UTC";
const ALWAYS_UTF8: &str =
    "must be utf8mb4, which is always used; utf8 and UTF-8 mean the same here";
const PINNED: &str = "the store sets this for each session; it cannot be changed";
const HOW_SENT: &str = "has no effect: how statements are sent cannot be changed";
const VALUES: &str = "has no effect: it only concerns values in JavaScript";
const POOL: &str = "has no effect: connections are kept until they fail";
const USE_SSL_MODE: &str = "use ssl-mode";

pub(super) static PARAMETERS: &[Parameter] = &[
    accepted(
        "ssl-mode",
        "VERIFY_IDENTITY",
        "whether to use TLS, and what to verify (case-insensitive)",
    ),
    accepted(
        "ssl-ca",
        "/etc/ca.pem",
        "a file with the certificates to trust",
    ),
    accepted(
        "socket",
        "/run/mysqld/mysqld.sock",
        "the server's Unix socket, instead of a host",
    ),
    accepted("pool_size", "3", "the maximum number of connections"),
    accepted(
        "connect_timeout_ms",
        "2000",
        "milliseconds to connect to a host",
    ),
    accepted(
        "checkout_timeout_ms",
        "2000",
        "milliseconds to wait for a connection from the pool",
    ),
    accepted(
        "statement_timeout_ms",
        "2000",
        "milliseconds that a statement may take",
    ),
    accepted("sslmode", "disabled", "same as `ssl-mode`"),
    accepted("ssl_mode", "disabled", "same as `ssl-mode`"),
    accepted("sslMode", "DISABLED", "same as `ssl-mode` (JDBC)"),
    accepted("ssl_ca", "/etc/ca.pem", "same as `ssl-ca` (PyMySQL)"),
    accepted(
        "unix_socket",
        "/run/mysqld/mysqld.sock",
        "same as `socket` (PyMySQL)",
    ),
    accepted(
        "socketPath",
        "/run/mysqld/mysqld.sock",
        "same as `socket` (mysql2)",
    ),
    accepted(
        "ssl",
        "{\"rejectUnauthorized\":true}",
        "`true`, `{}` and the example mean `ssl-mode=VERIFY_IDENTITY`, `{\"rejectUnauthorized\":false}` means `ssl-mode=NO_VERIFY` (mysql2)",
    ),
    accepted(
        "useSSL",
        "true",
        "`true` means `ssl-mode=VERIFY_IDENTITY`, `false` means `ssl-mode=DISABLED` (JDBC)",
    ),
    accepted(
        "sslaccept",
        "strict",
        "`strict` means `ssl-mode=VERIFY_IDENTITY`, `accept_invalid_certs` means `ssl-mode=NO_VERIFY` (Prisma)",
    ),
    accepted("connection_limit", "3", "same as `pool_size` (Prisma)"),
    accepted("connectionLimit", "3", "same as `pool_size` (mysql2)"),
    accepted("pool_max", "3", "same as `pool_size`"),
    accepted(
        "pool_timeout",
        "2",
        "same as `checkout_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted(
        "connect_timeout",
        "2",
        "same as `connect_timeout_ms`, but in seconds (Prisma, PyMySQL)",
    ),
    accepted(
        "connectTimeout",
        "2000",
        "same as `connect_timeout_ms` (mysql2, JDBC)",
    ),
    accepted(
        "socket_timeout",
        "2",
        "same as `statement_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted(
        "read_timeout",
        "2",
        "same as `statement_timeout_ms`, but in seconds (PyMySQL)",
    ),
    accepted(
        "socketTimeout",
        "2000",
        "same as `statement_timeout_ms` (JDBC)",
    ),
    only(
        "charset",
        &[
            "utf8mb4",
            "utf8",
            "utf8mb3",
            "UTF-8",
            "UTF8_GENERAL_CI",
            "utf8mb4_unicode_ci",
            "utf8mb4_general_ci",
            "utf8mb4_0900_ai_ci",
        ],
        ALWAYS_UTF8,
    ),
    only(
        "characterEncoding",
        &["UTF-8", "utf8", "utf8mb4"],
        ALWAYS_UTF8,
    ),
    only("timezone", &["Z", "+00:00", "UTC"], ALWAYS_UTC),
    only("time_zone", &["+00:00", "Z", "UTC"], ALWAYS_UTC),
    only("serverTimezone", &["UTC", "Z", "+00:00"], ALWAYS_UTC),
    only("loc", &["UTC"], ALWAYS_UTC),
    only("requireSSL", &["false"], USE_SSL_MODE),
    only("require_ssl", &["false"], USE_SSL_MODE),
    only("ssl_disabled", &["false"], USE_SSL_MODE),
    only(
        "ssl_verify_cert",
        &["true"],
        "must be true; use ssl-mode=NO_VERIFY to verify nothing",
    ),
    only(
        "ssl_verify_identity",
        &["true"],
        "must be true; use ssl-mode=NO_VERIFY to verify nothing",
    ),
    only(
        "verifyServerCertificate",
        &["true"],
        "must be true; use ssl-mode=NO_VERIFY to verify nothing",
    ),
    only(
        "allowPublicKeyRetrieval",
        &["true"],
        "must be true: without TLS, the driver requests the server's key when it needs it; use ssl-mode to sign in without the key",
    ),
    only(
        "createDatabaseIfNotExist",
        &["false"],
        "the database is never created automatically; create it first",
    ),
    ignored(
        "collation",
        "utf8mb4_unicode_ci",
        "has no effect: each column has its own collation",
    ),
    ignored(
        "useUnicode",
        "true",
        "has no effect: text is always Unicode",
    ),
    ignored("use_unicode", "1", "has no effect: text is always Unicode"),
    ignored(
        "parseTime",
        "true",
        "has no effect: times are always read as times",
    ),
    ignored("dateStrings", "true", VALUES),
    ignored("supportBigNumbers", "true", VALUES),
    ignored("bigNumberStrings", "true", VALUES),
    ignored("decimalNumbers", "true", VALUES),
    ignored("jsonStrings", "true", VALUES),
    ignored("namedPlaceholders", "true", VALUES),
    ignored("nestTables", "true", VALUES),
    ignored("rowsAsArray", "true", VALUES),
    ignored("stringifyObjects", "true", VALUES),
    ignored("typeCast", "true", VALUES),
    ignored("disableEval", "true", VALUES),
    ignored("debug", "false", "has no effect"),
    ignored("trace", "false", "has no effect"),
    ignored(
        "zeroDateTimeBehavior",
        "CONVERT_TO_NULL",
        "has no effect: zero dates are never stored",
    ),
    ignored("multipleStatements", "true", HOW_SENT),
    ignored("allowMultiQueries", "true", HOW_SENT),
    ignored("rewriteBatchedStatements", "true", HOW_SENT),
    ignored(
        "compress",
        "true",
        "has no effect: the protocol is not compressed",
    ),
    ignored(
        "autocommit",
        "true",
        "has no effect: each operation commits its own work",
    ),
    ignored(
        "autoReconnect",
        "true",
        "has no effect: failed connections are always replaced",
    ),
    ignored(
        "local_infile",
        "0",
        "has no effect: local files are never sent",
    ),
    ignored(
        "useServerPrepStmts",
        "true",
        "has no effect: statements are always prepared",
    ),
    ignored(
        "cachePrepStmts",
        "true",
        "has no effect: statements are always prepared",
    ),
    ignored(
        "statement_cache_size",
        "100",
        "has no effect: every statement stays prepared",
    ),
    ignored(
        "statement-cache-capacity",
        "100",
        "has no effect: every statement stays prepared",
    ),
    ignored(
        "stmt_cache_size",
        "100",
        "has no effect: every statement stays prepared",
    ),
    ignored(
        "maxPreparedStatements",
        "100",
        "has no effect: every statement stays prepared",
    ),
    ignored("prefer_socket", "true", "has no effect; see `socket`"),
    ignored(
        "waitForConnections",
        "true",
        "has no effect; see `checkout_timeout_ms`",
    ),
    ignored(
        "queueLimit",
        "0",
        "has no effect; see `checkout_timeout_ms`",
    ),
    ignored("pool_min", "1", POOL),
    ignored("maxIdle", "10", POOL),
    ignored("idleTimeout", "60000", POOL),
    ignored("max_connection_lifetime", "300", POOL),
    ignored("max_idle_connection_lifetime", "300", POOL),
    ignored(
        "enableKeepAlive",
        "true",
        "has no effect: every wait has a time limit, which detects dead connections",
    ),
    ignored(
        "keepAliveInitialDelay",
        "0",
        "has no effect: every wait has a time limit, which detects dead connections",
    ),
    ignored("tcp_nodelay", "true", "has no effect: it is always on"),
    rejected("user", "app", BEFORE_QUERY),
    rejected("username", "app", BEFORE_QUERY),
    rejected("password", "hunter2", BEFORE_QUERY),
    rejected("host", "h", BEFORE_QUERY),
    rejected("port", "3306", BEFORE_QUERY),
    rejected("database", "d", BEFORE_QUERY),
    rejected(
        "sslcert",
        "/c.pem",
        "this is Prisma's name for the certificate authorities; use ssl-ca",
    ),
    rejected("ssl-cert", "/c.pem", NO_CERTIFICATE),
    rejected("ssl_cert", "/c.pem", NO_CERTIFICATE),
    rejected("ssl-key", "/k.pem", NO_CERTIFICATE),
    rejected("ssl_key", "/k.pem", NO_CERTIFICATE),
    rejected("sslidentity", "/i.p12", NO_CERTIFICATE),
    rejected("sslpassword", "hunter2", NO_CERTIFICATE),
    rejected("tls", "true", USE_SSL_MODE),
    rejected("verify_ca", "true", USE_SSL_MODE),
    rejected("verify_identity", "true", USE_SSL_MODE),
    rejected(
        "ssl-crl",
        "/c.crl",
        "revocation lists are not read; trust a narrower authority with ssl-ca",
    ),
    rejected(
        "write_timeout",
        "2",
        "use statement_timeout_ms, which covers reading and writing",
    ),
    rejected("init_command", "SET x = 1", PINNED),
    rejected("sql_mode", "ANSI", PINNED),
    rejected("sessionVariables", "x=1", PINNED),
    rejected("flags", "-FOUND_ROWS", PINNED),
    rejected(
        "localAddress",
        "192.0.2.1",
        "the operating system chooses the local address",
    ),
    rejected(
        "insecureAuth",
        "true",
        "the server chooses the authentication method",
    ),
    rejected(
        "authPlugins",
        "{}",
        "the server chooses the authentication method",
    ),
    rejected("passwordSha1", "hunter2", "sign in with a password"),
    rejected(
        "prepare",
        "never",
        "statements are always prepared; a pooler must support prepared statements",
    ),
    rejected(
        "schema",
        "auth",
        "a schema is a database here; write it before the ?: mysql://host/database",
    ),
];
