-- A lock of the session, which ends with it. The number is arbitrary, and the same in every program.
SELECT pg_try_advisory_lock(4711208837161846529)::int;
