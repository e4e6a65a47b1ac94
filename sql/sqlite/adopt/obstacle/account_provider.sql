SELECT
    count(*) || ' accounts, of the users ' || group_concat("userId", ', ') || ', are one and the same: provider '
    || "provider" || ', provider account id ' || "providerAccountId"
FROM "Account"
GROUP BY "provider", "providerAccountId"
HAVING count(*) > 1;
