DELETE FROM "Account"
WHERE "userId" = $1 AND "provider" = $2 AND "providerAccountId" = $3;
