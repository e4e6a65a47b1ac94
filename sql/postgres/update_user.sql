UPDATE "User" SET
    "name" = CASE WHEN $1 THEN $2 ELSE "name" END,
    "email" = CASE WHEN $3 THEN $4 ELSE "email" END,
    "emailVerified" = CASE WHEN $5 THEN $6 ELSE "emailVerified" END,
    "image" = CASE WHEN $7 THEN $8 ELSE "image" END
WHERE "id" = $9
RETURNING "id", "name", "email", "emailVerified", "image";
