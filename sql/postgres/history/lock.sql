-- Of the session, and gone with it. The number is arbitrary, and the same for every program.
SELECT pg_try_advisory_lock(4711208837161846529)::int;
