UPDATE "Session" SET
    "userId" = CASE WHEN $1 THEN $2 ELSE "userId" END,
    "expires" = CASE WHEN $3 THEN $4 ELSE "expires" END
WHERE "sessionToken" = $5
RETURNING "id", "userId", "sessionToken", "expires";
