-- Returns this statement itself, if the server knows it by the name that the driver gave it.
SELECT "name"
FROM pg_prepared_statements
WHERE "statement" = current_query() AND "name" ~ '^s[0-9]+$'
LIMIT 1;
