-- Sets everything that a result depends on, whatever the server, the database, the role or another user of the session
-- has set. $1: whether for this transaction only. $6: the process that must serve the session, if it matters.
--
-- Sets only what differs, because setting a value may require privileges even if it changes nothing. The result is NULL
-- for a setting that the server does not know, and for timeouts and a schema that stay unchanged.
SELECT set_config("pin"."name", "pin"."setting", $1::boolean)
FROM (
    VALUES
    ('statement_timeout', $2),
    ('lock_timeout', $3),
    ('idle_in_transaction_session_timeout', $4),
    ('idle_session_timeout', $4),
    ('transaction_timeout', $4),
    -- The schema of the tables. Another user of the session may have created temporary tables of the same names, which
    -- are searched first unless the path names their schema.
    (
        'search_path',
        CASE
            WHEN $1::boolean AND $2 <> '0'
            THEN pg_catalog.concat_ws(', ', coalesce(pg_catalog.quote_ident($5), nullif(current_setting('search_path'), '')), 'pg_temp')
            ELSE pg_catalog.quote_ident($5)
        END
    ),
    -- The meaning of statements, and the format of results.
    ('row_security', 'on'),
    ('session_replication_role', 'origin'),
    ('standard_conforming_strings', 'on'),
    ('backslash_quote', 'safe_encoding'),
    ('transform_null_equals', 'off'),
    ('array_nulls', 'on'),
    ('gin_fuzzy_search_limit', '0'),
    ('quote_all_identifiers', 'off'),
    ('TimeZone', 'UTC'),
    ('timezone_abbreviations', 'Default'),
    ('DateStyle', 'ISO, MDY'),
    ('IntervalStyle', 'postgres'),
    ('bytea_output', 'hex'),
    ('extra_float_digits', '1'),
    ('client_encoding', 'UTF8'),
    ('xmlbinary', 'base64'),
    ('xmloption', 'content'),
    -- The effect of a failure: if this were on, every error would end the session.
    ('exit_on_error', 'off'),
    -- The meaning of a commit: an acknowledged write survives a crash of the server. Stricter settings stay.
    (
        'synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' END
    ),
    -- The defaults of transactions.
    ('default_transaction_isolation', 'read committed'),
    ('default_transaction_read_only', 'off'),
    ('default_transaction_deferrable', 'off')
) AS "pin" ("name", "setting")
WHERE current_setting("pin"."name", true) <> "pin"."setting"
    AND ($6 IS NULL OR pg_backend_pid()::text = $6);
