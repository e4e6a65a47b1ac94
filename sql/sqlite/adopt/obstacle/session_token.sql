SELECT count(*) || ' sessions, of the users ' || group_concat("userId", ', ') || ', have one token'
FROM "Session"
GROUP BY "sessionToken"
HAVING count(*) > 1;
