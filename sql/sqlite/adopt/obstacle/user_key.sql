SELECT 'User.email of the user ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' is longer than 255 characters or contains a NUL character'
FROM "User"
WHERE typeof("email") = 'blob' OR length("email") > 255 OR instr(CAST("email" AS blob), x'00') > 0
LIMIT 100;
