-- Takes back what a step has set, created or locked for its session. A role comes first: with another one, the rest might
-- not be allowed.
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
UNLISTEN *;
CLOSE ALL;
SELECT pg_catalog.pg_advisory_unlock_all();
DISCARD TEMP;
