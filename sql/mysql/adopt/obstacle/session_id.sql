-- Compared bytewise, whatever the collation. A row without an id gets one.
SELECT CONCAT('the id of the session ', COALESCE(IF(`id` REGEXP '^[0-9A-Za-z_-]+$', `id`, '(not shown)'), '(NULL)'), ' is not a UUID in lower case')
FROM `Session`
WHERE HEX(CONVERT(`id` USING utf8mb4)) NOT REGEXP
    '^(3[0-9]|6[1-6]){8}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){12}$'
LIMIT 100;
