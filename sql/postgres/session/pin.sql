-- Sets everything that a result depends on, whatever the server, the database, the role or another user of the session
-- has set it to. $1 says whether for this transaction only.
--
-- Only what differs is set: some settings take more rights to set than to have. A setting that the server does not know
-- gives NULL, and so do the timeouts and the schema that are to stay as they are.
SELECT set_config("pin"."name", "pin"."setting", $1::boolean)
FROM (
    VALUES
    ('statement_timeout', $2),
    ('lock_timeout', $3),
    ('idle_in_transaction_session_timeout', $4),
    ('transaction_timeout', $4),
    -- Where the tables are.
    ('search_path', quote_ident($5)),
    -- What a statement means, and what it returns.
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
    -- What a failure does: with this on, each would end the session.
    ('exit_on_error', 'off'),
    -- What a commit means: an acknowledged write survives a crash of the server. Stricter settings stay.
    (
        'synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' END
    ),
    -- What transactions do that say nothing of themselves.
    ('default_transaction_isolation', 'read committed'),
    ('default_transaction_read_only', 'off'),
    ('default_transaction_deferrable', 'off')
) AS "pin" ("name", "setting")
WHERE current_setting("pin"."name", true) <> "pin"."setting";
