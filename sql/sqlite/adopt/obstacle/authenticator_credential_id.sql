SELECT count(*) || ' authenticators, of the users ' || group_concat("userId", ', ') || ', have one credential id'
FROM "Authenticator"
GROUP BY "credentialID"
HAVING count(*) > 1;
