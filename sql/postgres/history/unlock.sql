SELECT pg_advisory_unlock(4711208837161846529)::int;
