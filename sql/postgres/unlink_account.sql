DELETE FROM "Account"
WHERE "provider" = $1 AND "providerAccountId" = $2;
