-- Groups by the column's own collation, which may treat two spellings as one address.
SELECT CONCAT(
    'the users ', LEFT(GROUP_CONCAT(COALESCE(IF(`id` REGEXP '^[0-9A-Za-z_-]+$', `id`, '(not shown)'), '(NULL)') ORDER BY `id` SEPARATOR ', '), 1000),
    ' have the same email address, or two that the database treats as the same'
)
FROM `User`
WHERE `email` IS NOT NULL
GROUP BY `email`
HAVING COUNT(*) > 1
LIMIT 100;
