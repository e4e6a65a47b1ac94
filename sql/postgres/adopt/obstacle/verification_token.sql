SELECT count(*)::text || ' verification tokens, for ' || string_agg("identifier"::text, ', ') || ', have one value'
FROM "VerificationToken"
GROUP BY "token"
HAVING count(*) > 1;
