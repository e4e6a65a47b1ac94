UPDATE "Authenticator" SET "counter" = ?1, "credentialBackedUp" = ?2
WHERE "credentialID" = ?3;
