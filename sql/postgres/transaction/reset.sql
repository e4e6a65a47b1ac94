-- Undoes what another user of the session may have left: the user, the role and the search path are those of the
-- connection again.
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role TO DEFAULT;
SET LOCAL search_path TO DEFAULT;
