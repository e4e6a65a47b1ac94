DELETE FROM "VerificationToken"
WHERE "identifier" = ?1;
