DELETE FROM "Authenticator"
WHERE "userId" = $1 AND "credentialID" = $2;
