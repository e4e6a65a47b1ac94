-- What a run that was cut off has copied is passed over.
INSERT INTO `VerificationToken` (
    `identifier`, `token`, `expires`
)
SELECT
    a.`identifier`, a.`token`, a.`expires`
FROM `authstore_adopted_VerificationToken` AS a
WHERE NOT EXISTS (SELECT 1 FROM `VerificationToken` AS n WHERE n.`token` = a.`token`);
