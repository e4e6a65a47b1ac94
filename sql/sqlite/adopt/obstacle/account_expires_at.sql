SELECT 'Account.expires_at of an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' is not an integer'
FROM "Account"
WHERE typeof("expires_at") NOT IN ('integer', 'null')
    AND CAST(CAST("expires_at" AS integer) AS text) <> CAST("expires_at" AS text)
LIMIT 100;
