-- In the column's own collation: one that folds takes two spellings for one address.
SELECT CONCAT(
    'the users ', GROUP_CONCAT(`id` ORDER BY `id` SEPARATOR ', '),
    ' have one e-mail address, or two that the database takes for one: ', MIN(`email`)
)
FROM `User`
WHERE `email` IS NOT NULL
GROUP BY `email`
HAVING COUNT(*) > 1;
