-- Undoes what a step has set, created or locked in its session. The role comes first, because another role may not be
-- allowed to do the rest.
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
UNLISTEN *;
CLOSE ALL;
SELECT pg_catalog.pg_advisory_unlock_all();
DISCARD TEMP;
