//! The table of known parameters of a PostgreSQL URL. `docs/urls.md` prints it.

use crate::url::{Parameter, ignored, only, rejected, taken};

const NO_CERTIFICATE: &str = "client certificates are not supported; sign in with a password, and name authorities with sslrootcert";
const NO_GSS: &str = "has no effect: there is no GSSAPI";
const NO_OAUTH: &str = "OAuth is not supported; sign in with a password";
const NO_LOCK_LIMIT: &str = "waits for locks count toward statement_timeout_ms; set that";
const POOL: &str = "has no effect: connections are kept until they fail";

pub(super) static PARAMETERS: &[Parameter] = &[
    taken("sslmode", "verify-full", "TLS, and what to verify"),
    taken(
        "sslrootcert",
        "/etc/ca.pem",
        "a file of certificates to trust; `system` for the default",
    ),
    taken(
        "sslnegotiation",
        "direct",
        "how TLS begins: `postgres` or `direct`",
    ),
    taken(
        "channel_binding",
        "require",
        "`disable`, `prefer` or `require`",
    ),
    taken(
        "schema",
        "auth",
        "the schema of the tables, created when migrating; also Prisma's name",
    ),
    taken(
        "prepare",
        "never",
        "named statements: `auto`, `always` or `never`; postgres.js's `true` and `false`",
    ),
    taken(
        "target_session_attrs",
        "read-write",
        "which of several servers to take: all six values of libpq",
    ),
    taken("load_balance_hosts", "random", "`disable` or `random`"),
    taken(
        "migrate_url",
        "postgres://h/d",
        "another way to the same database for migrations, past a pooler; its `@ : / ? &` as `%XX`",
    ),
    taken(
        "host",
        "db.example.org",
        "hosts, in place of those before the `/`; a directory for a Unix socket",
    ),
    taken(
        "hostaddr",
        "192.0.2.1",
        "an address for each host, in place of a look-up",
    ),
    taken("port", "5433", "one port, or one for each host"),
    taken("user", "app", "the user"),
    taken("password", "secret", "the password"),
    taken("dbname", "auth", "the database"),
    taken("application_name", "app", "the sessions' name"),
    taken(
        "options",
        "-c jit=off",
        "the sessions' command-line options",
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
    taken(
        "connect_timeout",
        "2",
        "libpq's: `connect_timeout_ms` in seconds",
    ),
    taken(
        "fallback_application_name",
        "app",
        "libpq's: `application_name` where there is none",
    ),
    taken("keepalives", "0", "libpq's: whether TCP sends keepalives"),
    taken(
        "keepalives_idle",
        "30",
        "libpq's: seconds before the first keepalive",
    ),
    taken(
        "keepalives_interval",
        "10",
        "libpq's: seconds between keepalives",
    ),
    taken(
        "keepalives_count",
        "3",
        "libpq's: keepalives without an answer before the connection is dead",
    ),
    taken(
        "keepalives_retries",
        "3",
        "`keepalives_count` by another name",
    ),
    taken(
        "tcp_user_timeout",
        "9000",
        "libpq's: milliseconds for which data may stay unacknowledged",
    ),
    taken(
        "ssl",
        "true",
        "node-postgres's and JDBC's: `true` as `sslmode=verify-full`, `no-verify`, `false` as `sslmode=disable`",
    ),
    taken(
        "statement_timeout",
        "2000",
        "node-postgres's: `statement_timeout_ms`",
    ),
    taken(
        "query_timeout",
        "2000",
        "node-postgres's: `statement_timeout_ms`",
    ),
    taken(
        "sslaccept",
        "strict",
        "Prisma's: `strict` as `sslmode=verify-full`, `accept_invalid_certs` as `sslmode=no-verify`",
    ),
    taken("connection_limit", "3", "Prisma's: `pool_size`"),
    taken(
        "pool_timeout",
        "2",
        "Prisma's: `checkout_timeout_ms` in seconds",
    ),
    taken(
        "socket_timeout",
        "2",
        "Prisma's: `statement_timeout_ms` in seconds",
    ),
    taken("pgbouncer", "true", "Prisma's: `true` as `prepare=never`"),
    taken(
        "statement_cache_size",
        "0",
        "Prisma's: 0 as `prepare=never`",
    ),
    taken(
        "statement-cache-capacity",
        "0",
        "sqlx's: 0 as `prepare=never`",
    ),
    taken("prepareThreshold", "0", "JDBC's: 0 as `prepare=never`"),
    taken("currentSchema", "auth", "JDBC's: `schema`"),
    taken("ApplicationName", "app", "JDBC's: `application_name`"),
    taken(
        "connectTimeout",
        "2",
        "JDBC's: `connect_timeout_ms` in seconds",
    ),
    taken(
        "socketTimeout",
        "2",
        "JDBC's: `statement_timeout_ms` in seconds",
    ),
    taken("pool_max_conns", "3", "pgx's: `pool_size`"),
    only(
        "client_encoding",
        &["UTF8", "UTF-8", "auto", "unicode"],
        "must be UTF8, which is always used",
    ),
    only(
        "gssencmode",
        &["disable", "prefer"],
        "must be disable or prefer, since there is no GSSAPI; encrypt with sslmode",
    ),
    only("sslcertmode", &["disable", "allow"], NO_CERTIFICATE),
    only(
        "sslsni",
        &["1"],
        "must be 1: the host's name is always sent when TLS begins",
    ),
    only(
        "sslcompression",
        &["0", "1"],
        "must be 0 or 1, and has no effect: TLS here does not compress",
    ),
    only(
        "ssl_min_protocol_version",
        &["TLSv1.2", "TLSv1.1", "TLSv1"],
        "must be at most TLSv1.2: TLS 1.2 and 1.3 are used",
    ),
    only(
        "ssl_max_protocol_version",
        &["TLSv1.3"],
        "must be TLSv1.3: TLS 1.2 and 1.3 are used",
    ),
    only(
        "min_protocol_version",
        &["3.0"],
        "must be 3.0, the version of the protocol that is used",
    ),
    only(
        "max_protocol_version",
        &["3.0", "3.2", "latest"],
        "must be 3.0, 3.2 or latest",
    ),
    only(
        "replication",
        &["false", "off", "no", "0"],
        "must be false: the store needs an ordinary session",
    ),
    only(
        "timezone",
        &["UTC", "Z", "Etc/UTC", "GMT"],
        "must be UTC: times are read and written in UTC",
    ),
    only(
        "TimeZone",
        &["UTC", "Z", "Etc/UTC", "GMT"],
        "must be UTC: times are read and written in UTC",
    ),
    only(
        "default_query_exec_mode",
        &["cache_statement", "cache_describe", "describe_exec"],
        "has no such mode here; write prepare=never to use no named statements",
    ),
    only("targetServerType", &["any"], "use target_session_attrs"),
    only(
        "loadBalanceHosts",
        &["false"],
        "use load_balance_hosts=random",
    ),
    ignored("krbsrvname", "postgres", NO_GSS),
    ignored("gsslib", "gssapi", NO_GSS),
    ignored("gssdelegation", "1", NO_GSS),
    ignored("tty", "x", "has no effect, in libpq either"),
    ignored(
        "binary",
        "true",
        "has no effect: values are always sent in binary",
    ),
    ignored(
        "idle_in_transaction_session_timeout",
        "1000",
        "has no effect: no transaction is left idle",
    ),
    ignored(
        "uselibpqcompat",
        "true",
        "has no effect: `sslmode` has the meanings above",
    ),
    ignored("max_connection_lifetime", "300", POOL),
    ignored("max_idle_connection_lifetime", "300", POOL),
    ignored("idle_timeout", "30", POOL),
    ignored("max_lifetime", "300", POOL),
    ignored("pool_min_conns", "1", POOL),
    ignored("pool_max_conn_lifetime", "1h", POOL),
    ignored("pool_max_conn_idle_time", "30m", POOL),
    ignored("pool_health_check_period", "1m", POOL),
    ignored(
        "tcpKeepAlive",
        "true",
        "has no effect: TCP keepalives are on; see `keepalives`",
    ),
    ignored(
        "reWriteBatchedInserts",
        "true",
        "has no effect: there are no batches",
    ),
    ignored(
        "supa",
        "base-pooler.x",
        "Vercel's mark of where the URL comes from",
    ),
    ignored(
        "workaround",
        "supabase-pooler.vercel",
        "Vercel's mark of where the URL comes from",
    ),
    rejected("sslcert", "/c.pem", NO_CERTIFICATE),
    rejected("sslkey", "/k.pem", NO_CERTIFICATE),
    rejected("sslpassword", "hunter2", NO_CERTIFICATE),
    rejected("sslidentity", "/i.p12", NO_CERTIFICATE),
    rejected(
        "sslcrl",
        "/c.crl",
        "revocation lists are not read; trust a narrower authority with sslrootcert",
    ),
    rejected(
        "sslcrldir",
        "/crl",
        "revocation lists are not read; trust a narrower authority with sslrootcert",
    ),
    rejected(
        "sslkeylogfile",
        "/log",
        "the keys of a connection are not written down",
    ),
    rejected(
        "sslfactory",
        "x",
        "use sslmode=no-verify to verify nothing, or sslrootcert to name whom to trust",
    ),
    rejected(
        "sslinline",
        "true",
        "certificates are read from files; use sslrootcert",
    ),
    rejected("requiressl", "1", "use sslmode=require"),
    rejected(
        "requirepeer",
        "postgres",
        "the user behind a Unix socket is not checked; protect its directory",
    ),
    rejected(
        "require_auth",
        "scram-sha-256",
        "the method is the server's choice; use channel_binding=require, which only SCRAM can do",
    ),
    rejected(
        "passfile",
        "/pgpass",
        "password files are not read; write the password in the URL",
    ),
    rejected(
        "service",
        "auth",
        "service files are not read; write the options in the URL",
    ),
    rejected(
        "servicefile",
        "/service.conf",
        "service files are not read; write the options in the URL",
    ),
    rejected("scram_client_key", "hunter2", "sign in with a password"),
    rejected("scram_server_key", "hunter2", "sign in with a password"),
    rejected("oauth_issuer", "https:", NO_OAUTH),
    rejected("oauth_client_id", "x", NO_OAUTH),
    rejected("oauth_client_secret", "hunter2", NO_OAUTH),
    rejected("oauth_scope", "x", NO_OAUTH),
    rejected("lock_timeout", "1000", NO_LOCK_LIMIT),
    rejected("search_path", "auth", "use schema=NAME"),
    rejected("options[search_path]", "auth", "use schema=NAME"),
    rejected(
        "role",
        "app",
        "use user=NAME, or set the role for the user with ALTER ROLE",
    ),
    rejected(
        "default_transaction_read_only",
        "on",
        "sessions must be able to write",
    ),
    rejected("readOnly", "true", "sessions must be able to write"),
    rejected("max", "10", "use pool_size"),
    rejected(
        "database",
        "auth",
        "use dbname, or write it after the host: postgres://host/database",
    ),
    rejected(
        "pool_mode",
        "transaction",
        "is the pooler's own setting; use prepare to say whether statements may be named",
    ),
    rejected("authToken", "hunter2", "sign in with a password"),
];
