INSERT INTO "authstore_session_details" AS d ("session_id", "began", "last_seen", "ip", "user_agent")
SELECT p."id", ?1, ?2, ?3, ?4
FROM "Session" AS p
WHERE p."id" = ?5
ON CONFLICT ("session_id") DO UPDATE SET
    "began" = CASE WHEN ?6 THEN excluded."began" ELSE d."began" END,
    "last_seen" = CASE WHEN ?7 THEN excluded."last_seen" ELSE d."last_seen" END,
    "ip" = CASE WHEN ?8 THEN excluded."ip" ELSE d."ip" END,
    "user_agent" = CASE WHEN ?9 THEN excluded."user_agent" ELSE d."user_agent" END;
