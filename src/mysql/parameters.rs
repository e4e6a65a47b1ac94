//! The table of known parameters of a MySQL or MariaDB URL. `docs/urls.md` prints it.

use crate::url::{Parameter, ignored, only, rejected, taken};

const NO_CERTIFICATE: &str = "client certificates are not supported; sign in with a password, and name authorities with ssl-ca";
const BEFORE_QUERY: &str = "write it before the ?: mysql://user:password@host:3306/database";
const ALWAYS_UTC: &str = "must be Z, +00:00 or UTC: times are read and written in UTC";
const ALWAYS_UTF8: &str = "must be utf8mb4 (utf8 and UTF-8 are taken for it), which is always used";
const PINNED: &str = "is set for each session by the store, and cannot be changed";
const NO_BATCHES: &str = "has no effect: each call sends one statement";
const VALUES: &str = "has no effect: it is about values in JavaScript";
const POOL: &str = "has no effect: connections are kept until they fail";
const USE_SSL_MODE: &str = "use ssl-mode";

pub(super) static PARAMETERS: &[Parameter] = &[
    taken(
        "ssl-mode",
        "VERIFY_IDENTITY",
        "TLS, and what to verify; in any case",
    ),
    taken("ssl-ca", "/etc/ca.pem", "a file of certificates to trust"),
    taken(
        "socket",
        "/run/mysqld/mysqld.sock",
        "the server's Unix socket, in place of a host",
    ),
    taken("pool_size", "3", "the maximum number of connections"),
    taken(
        "connect_timeout_ms",
        "2000",
        "milliseconds for connecting to a host",
    ),
    taken(
        "checkout_timeout_ms",
        "2000",
        "milliseconds to wait for a connection of the pool",
    ),
    taken(
        "statement_timeout_ms",
        "2000",
        "milliseconds for a statement",
    ),
    taken("sslmode", "disabled", "`ssl-mode` by another name"),
    taken("ssl_mode", "disabled", "`ssl-mode` by another name"),
    taken("sslMode", "DISABLED", "JDBC's: `ssl-mode`"),
    taken("ssl_ca", "/etc/ca.pem", "PyMySQL's: `ssl-ca`"),
    taken(
        "unix_socket",
        "/run/mysqld/mysqld.sock",
        "PyMySQL's: `socket`",
    ),
    taken(
        "socketPath",
        "/run/mysqld/mysqld.sock",
        "mysql2's: `socket`",
    ),
    taken(
        "ssl",
        "{\"rejectUnauthorized\":true}",
        "mysql2's: `{}`, `true` and this as `ssl-mode=VERIFY_IDENTITY`; with `false` as `ssl-mode=NO_VERIFY`",
    ),
    taken(
        "useSSL",
        "true",
        "JDBC's: `true` as `ssl-mode=VERIFY_IDENTITY`, `false` as `ssl-mode=DISABLED`",
    ),
    taken(
        "sslaccept",
        "strict",
        "Prisma's: `strict` as `ssl-mode=VERIFY_IDENTITY`, `accept_invalid_certs` as `ssl-mode=NO_VERIFY`",
    ),
    taken("connection_limit", "3", "Prisma's: `pool_size`"),
    taken("connectionLimit", "3", "mysql2's: `pool_size`"),
    taken("pool_max", "3", "`pool_size`"),
    taken(
        "pool_timeout",
        "2",
        "Prisma's: `checkout_timeout_ms` in seconds",
    ),
    taken(
        "connect_timeout",
        "2",
        "Prisma's and PyMySQL's: `connect_timeout_ms` in seconds",
    ),
    taken(
        "connectTimeout",
        "2000",
        "mysql2's and JDBC's: `connect_timeout_ms`",
    ),
    taken(
        "socket_timeout",
        "2",
        "Prisma's: `statement_timeout_ms` in seconds",
    ),
    taken(
        "read_timeout",
        "2",
        "PyMySQL's: `statement_timeout_ms` in seconds",
    ),
    taken("socketTimeout", "2000", "JDBC's: `statement_timeout_ms`"),
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
        "createDatabaseIfNotExist",
        &["false"],
        "databases are not created here; create it first",
    ),
    ignored(
        "collation",
        "utf8mb4_unicode_ci",
        "has no effect: each column has its own",
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
        "has no effect: no such value is stored",
    ),
    ignored("multipleStatements", "true", NO_BATCHES),
    ignored("allowMultiQueries", "true", NO_BATCHES),
    ignored("rewriteBatchedStatements", "true", NO_BATCHES),
    ignored(
        "compress",
        "true",
        "has no effect: the protocol is not compressed",
    ),
    ignored(
        "autocommit",
        "true",
        "has no effect: each operation commits what it did",
    ),
    ignored(
        "autoReconnect",
        "true",
        "has no effect: failed connections are always replaced",
    ),
    ignored("local_infile", "0", "has no effect: files are never sent"),
    ignored(
        "allowPublicKeyRetrieval",
        "true",
        "has no effect: the driver asks for the key where it needs it",
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
        "has no effect: a dead connection is found by the limits on each wait",
    ),
    ignored(
        "keepAliveInitialDelay",
        "0",
        "has no effect: a dead connection is found by the limits on each wait",
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
        "Prisma's name for the authorities; use ssl-ca",
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
        "use statement_timeout_ms, which bounds both directions",
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
        "the server's method of signing in decides",
    ),
    rejected(
        "authPlugins",
        "{}",
        "the server's method of signing in decides",
    ),
    rejected("passwordSha1", "hunter2", "sign in with a password"),
    rejected(
        "prepare",
        "never",
        "statements are always prepared; a pooler must keep track of them",
    ),
    rejected(
        "schema",
        "auth",
        "a schema is a database here; write it before the ?: mysql://host/database",
    ),
];
