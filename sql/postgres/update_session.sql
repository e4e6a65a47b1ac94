UPDATE "Session" SET
    "userId" = CASE WHEN $1 THEN $2 ELSE "userId" END,
    "sessionToken" = CASE WHEN $3 THEN $4 ELSE "sessionToken" END,
    "expires" = CASE WHEN $5 THEN $6 ELSE "expires" END
WHERE "sessionToken" = $7
RETURNING "id", "userId", "sessionToken", "expires";
