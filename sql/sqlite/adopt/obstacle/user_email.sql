SELECT
    'the users ' || group_concat("id", ', ')
    || ' have one e-mail address, or two that the database takes for one: ' || group_concat(DISTINCT "email")
FROM "User"
WHERE "email" IS NOT NULL
GROUP BY "email"
HAVING count(*) > 1;
