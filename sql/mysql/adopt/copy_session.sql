-- What a run that was cut off has copied is passed over.
INSERT INTO `Session` (
    `id`, `userId`, `sessionToken`, `expires`
)
SELECT
    a.`id`, a.`userId`, a.`sessionToken`, a.`expires`
FROM `authstore_adopted_Session` AS a
WHERE NOT EXISTS (SELECT 1 FROM `Session` AS n WHERE n.`id` = CONVERT(a.`id` USING ascii));
