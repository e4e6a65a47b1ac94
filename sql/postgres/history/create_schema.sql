-- Creates the schema that the URL names, if it is missing: session/pin.sql has made its quoted name the search path.
-- CREATE SCHEMA IF NOT EXISTS alone requires the right to create schemas even if nothing is created. A schema in which
-- the user has no rights is skipped in the search path, as if it were missing.
DO $$
DECLARE
    "name" text := current_setting('search_path');
    "schema" oid := to_regnamespace("name")::oid;
BEGIN
    IF "schema" IS NULL THEN
        EXECUTE 'CREATE SCHEMA ' || "name";
    ELSIF NOT has_schema_privilege("schema", 'USAGE') THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied for schema ' || "name";
    END IF;
END
$$;
