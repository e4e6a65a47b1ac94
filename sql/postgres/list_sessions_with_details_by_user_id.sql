SELECT
    s."id", s."userId", s."sessionToken", s."expires",
    d."began", d."last_seen", d."ip", d."user_agent"
FROM "Session" AS s
LEFT JOIN "authstore_session_details" AS d ON d."session_id" = s."id"
WHERE s."userId" = $1
ORDER BY s."expires" DESC, s."id";
