SELECT 'an account of the user ' || CASE WHEN "userId" IS NULL THEN '(NULL)' WHEN typeof("userId") = 'blob' OR "userId" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "userId" END || ' has a field that is a blob instead of a string'
FROM "Account"
WHERE 'blob' IN (typeof("refresh_token"), typeof("access_token"), typeof("token_type"), typeof("scope"), typeof("id_token"), typeof("session_state"))
LIMIT 100;
