SELECT
    count(*)::text || ' accounts, of the users ' || string_agg("userId"::text, ', ' ORDER BY "userId"::text)
    || ', are one and the same: provider ' || "provider"::text || ', provider account id ' || "providerAccountId"::text
FROM "Account"
GROUP BY "provider", "providerAccountId"
HAVING count(*) > 1;
