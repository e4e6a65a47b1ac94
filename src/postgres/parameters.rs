//! The table of known parameters of a PostgreSQL URL. `docs/urls.md` prints it.

use crate::url::{Parameter, accepted, ignored, only, rejected};

const NO_CERTIFICATE: &str = "client certificates are not supported; sign in with a password, and name the certificate authorities with sslrootcert";
const NO_GSS: &str = "has no effect: GSSAPI is not supported";
const NO_OAUTH: &str = "OAuth is not supported; sign in with a password";
const NO_LOCK_LIMIT: &str = "use statement_timeout_ms, which includes waits for locks";
const POOL: &str = "has no effect: connections are kept until they fail";

pub(super) static PARAMETERS: &[Parameter] = &[
    accepted(
        "sslmode",
        "verify-full",
        "whether to use TLS, and what to verify; a Unix socket has no TLS",
    ),
    accepted(
        "sslrootcert",
        "/etc/ca.pem",
        "a file with the certificates to trust; `system` for the default",
    ),
    accepted(
        "sslnegotiation",
        "direct",
        "how TLS is negotiated: `postgres` or `direct`",
    ),
    accepted(
        "channel_binding",
        "require",
        "`disable`, `prefer` or `require`",
    ),
    accepted(
        "schema",
        "auth",
        "the schema for the tables, created when migrating; Prisma uses this name too",
    ),
    accepted(
        "prepare",
        "never",
        "whether to use named statements: `auto`, `always` or `never`; also postgres.js's `true` and `false`",
    ),
    accepted(
        "target_session_attrs",
        "read-write",
        "which of several servers to use: all six values of libpq",
    ),
    accepted("load_balance_hosts", "random", "`disable` or `random`"),
    accepted(
        "migrate_url",
        "postgres://h/d",
        "another URL for the same database, to bypass a pooler during migrations; write its `%` as `%25` first, then its `@ : / ? & #` as `%XX`",
    ),
    accepted(
        "host",
        "db.example.org",
        "the hosts, instead of those before the `/`; for a Unix socket, its directory",
    ),
    accepted(
        "hostaddr",
        "192.0.2.1",
        "an IP address for each host, instead of a DNS lookup",
    ),
    accepted("port", "5433", "one port, or one for each host"),
    accepted("user", "app", "the user"),
    accepted("password", "secret", "the password"),
    accepted("dbname", "auth", "the database"),
    accepted(
        "application_name",
        "app",
        "the name of the sessions in the server's views and log",
    ),
    accepted(
        "options",
        "-c jit=off",
        "command-line options for the sessions",
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
    accepted(
        "connect_timeout",
        "2",
        "same as `connect_timeout_ms`, but in seconds (libpq)",
    ),
    accepted(
        "fallback_application_name",
        "app",
        "the default for `application_name` (libpq)",
    ),
    accepted("keepalives", "0", "whether to send TCP keepalives (libpq)"),
    accepted(
        "keepalives_idle",
        "30",
        "idle seconds before the first keepalive (libpq)",
    ),
    accepted(
        "keepalives_interval",
        "10",
        "seconds between keepalives (libpq)",
    ),
    accepted(
        "keepalives_count",
        "3",
        "unanswered keepalives after which the connection counts as dead (libpq)",
    ),
    accepted("keepalives_retries", "3", "same as `keepalives_count`"),
    accepted(
        "tcp_user_timeout",
        "9000",
        "milliseconds for which sent data may stay unacknowledged (libpq)",
    ),
    accepted(
        "ssl",
        "true",
        "`true` means `sslmode=verify-full`, `false` means `sslmode=disable`, `no-verify` means `sslmode=no-verify` (node-postgres, JDBC)",
    ),
    accepted(
        "statement_timeout",
        "2000",
        "same as `statement_timeout_ms` (node-postgres)",
    ),
    accepted(
        "query_timeout",
        "2000",
        "same as `statement_timeout_ms` (node-postgres)",
    ),
    accepted(
        "sslaccept",
        "strict",
        "`strict` means `sslmode=verify-full`, `accept_invalid_certs` means `sslmode=no-verify` (Prisma)",
    ),
    accepted("connection_limit", "3", "same as `pool_size` (Prisma)"),
    accepted(
        "pool_timeout",
        "2",
        "same as `checkout_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted(
        "socket_timeout",
        "2",
        "same as `statement_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted("pgbouncer", "true", "`true` means `prepare=never` (Prisma)"),
    accepted(
        "statement_cache_size",
        "0",
        "0 means `prepare=never` (Prisma)",
    ),
    accepted(
        "statement-cache-capacity",
        "0",
        "0 means `prepare=never` (sqlx)",
    ),
    accepted("prepareThreshold", "0", "0 means `prepare=never` (JDBC)"),
    accepted(
        "currentSchema",
        "auth",
        "same as `schema`, but only for one name in lower case (JDBC)",
    ),
    accepted(
        "ApplicationName",
        "app",
        "same as `application_name` (JDBC)",
    ),
    accepted(
        "connectTimeout",
        "2",
        "same as `connect_timeout_ms`, but in seconds (JDBC)",
    ),
    accepted(
        "socketTimeout",
        "2",
        "same as `statement_timeout_ms`, but in seconds (JDBC)",
    ),
    accepted("pool_max_conns", "3", "same as `pool_size` (pgx)"),
    only(
        "client_encoding",
        &["UTF8", "UTF-8", "auto", "unicode"],
        "must be UTF8, which is always used",
    ),
    only(
        "gssencmode",
        &["disable", "prefer"],
        "must be disable or prefer: GSSAPI is not supported; use sslmode to encrypt",
    ),
    only("sslcertmode", &["disable", "allow"], NO_CERTIFICATE),
    only(
        "sslsni",
        &["1"],
        "must be 1: the TLS handshake always sends the host name",
    ),
    only(
        "sslcompression",
        &["0", "1"],
        "must be 0 or 1; TLS compression is not supported",
    ),
    only(
        "ssl_min_protocol_version",
        &["TLSv1.2", "TLSv1.1", "TLSv1"],
        "must be TLSv1.2 or lower: TLS 1.2 cannot be turned off",
    ),
    only(
        "ssl_max_protocol_version",
        &["TLSv1.3"],
        "must be TLSv1.3: TLS 1.3 cannot be turned off",
    ),
    only(
        "min_protocol_version",
        &["3.0"],
        "must be 3.0, the protocol version in use",
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
        "this mode is not supported; use prepare=never to avoid named statements",
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
    ignored("tty", "x", "has no effect, nor does it in libpq"),
    ignored(
        "binary",
        "true",
        "has no effect: values are always sent in binary format",
    ),
    ignored(
        "idle_in_transaction_session_timeout",
        "1000",
        "has no effect: no operation leaves a transaction idle",
    ),
    ignored(
        "uselibpqcompat",
        "true",
        "has no effect: `sslmode` always means what is described above",
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
        "has no effect: nothing is sent in batches",
    ),
    ignored(
        "supa",
        "base-pooler.x",
        "has no effect: Vercel adds it to mark where the URL comes from",
    ),
    ignored(
        "workaround",
        "supabase-pooler.vercel",
        "has no effect: Vercel adds it to mark where the URL comes from",
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
        "the keys of a connection are never written to a file",
    ),
    rejected(
        "sslfactory",
        "x",
        "use sslmode=no-verify to verify nothing, or sslrootcert to choose what to trust",
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
        "the server's operating system user is not checked; protect the directory of the Unix socket",
    ),
    rejected(
        "require_auth",
        "scram-sha-256",
        "the server chooses the method; use channel_binding=require, which only SCRAM supports",
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
        "this is a setting of the pooler itself; use prepare to choose whether statements are named",
    ),
    rejected("authToken", "hunter2", "sign in with a password"),
];
