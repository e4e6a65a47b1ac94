SELECT 'an account of the user ' || coalesce("userId"::text, '(NULL)') || ' lacks its type, provider or provider account id'
FROM "Account"
WHERE "type" IS NULL OR "provider" IS NULL OR "providerAccountId" IS NULL;
