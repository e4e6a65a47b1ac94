SELECT DISTINCT
    'the view ' || v.oid::regclass::text || ' depends on ' || t."name"
    || ': drop it, and create it again afterwards'
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN
    pg_depend AS d
    ON d.refobjid = to_regclass(quote_ident(t."name"))
        AND d.refclassid = 'pg_class'::regclass
        AND d.classid = 'pg_rewrite'::regclass
JOIN pg_rewrite AS r ON r.oid = d.objid
JOIN pg_class AS v ON v.oid = r.ev_class
WHERE v.oid <> to_regclass(quote_ident(t."name"));
