SELECT count(*) || ' verification tokens, for ' || group_concat("identifier", ', ') || ', have one value'
FROM "VerificationToken"
GROUP BY "token"
HAVING count(*) > 1;
