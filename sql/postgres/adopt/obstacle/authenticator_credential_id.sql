SELECT count(*)::text || ' authenticators, of the users ' || string_agg("userId"::text, ', ') || ', have one credential id'
FROM "Authenticator"
GROUP BY "credentialID"
HAVING count(*) > 1;
