-- Like lock.sql, but a lock of the transaction, which keeps its session through a pooler.
SELECT pg_try_advisory_xact_lock(4711208837161846529)::int;
