INSERT INTO "authstore_authenticator_details" AS d ("credential_id", "name", "created", "last_used")
SELECT p."credentialID", $1, $2, $3
FROM "Authenticator" AS p
WHERE p."credentialID" = $4 AND p."userId" = $5
-- Otherwise, a passkey that is deleted and registered for another user meanwhile would get these details.
FOR KEY SHARE OF p
ON CONFLICT ("credential_id") DO UPDATE SET
    "name" = CASE WHEN $6 THEN excluded."name" ELSE d."name" END,
    "created" = CASE WHEN $7 THEN excluded."created" ELSE d."created" END,
    "last_used" = CASE WHEN $8 THEN excluded."last_used" ELSE d."last_used" END;
