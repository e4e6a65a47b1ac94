-- What a run that was cut off has copied is passed over.
INSERT INTO `User` (
    `id`, `name`, `email`, `emailVerified`, `image`
)
SELECT
    a.`id`, a.`name`, a.`email`, a.`emailVerified`, a.`image`
FROM `authstore_adopted_User` AS a
WHERE NOT EXISTS (SELECT 1 FROM `User` AS n WHERE n.`id` = CONVERT(a.`id` USING ascii));
