SELECT
    'Account.expires_at of the account at ' || "provider" || ' with the provider account id ' || "providerAccountId"
    || ' is not an integer'
FROM "Account"
WHERE typeof("expires_at") NOT IN ('integer', 'null')
    AND CAST(CAST("expires_at" AS integer) AS text) <> "expires_at";
