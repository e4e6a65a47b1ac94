SELECT count(*)::text || ' sessions, of the users ' || string_agg("userId"::text, ', ') || ', have one token'
FROM "Session"
GROUP BY "sessionToken"
HAVING count(*) > 1;
