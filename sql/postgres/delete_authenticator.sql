DELETE FROM "Authenticator"
WHERE "credentialID" = $1;
