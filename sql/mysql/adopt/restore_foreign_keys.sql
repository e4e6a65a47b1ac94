-- Skips those that exist: a run that was killed had added them.
SELECT a.`statement`
FROM `authstore_adoption` AS a
WHERE NOT EXISTS (
    SELECT 1
    FROM information_schema.REFERENTIAL_CONSTRAINTS AS k
    WHERE k.CONSTRAINT_SCHEMA = DATABASE()
        AND CONVERT(CONCAT(k.TABLE_NAME, '.', k.CONSTRAINT_NAME) USING utf8mb4) COLLATE utf8mb4_bin = a.`name`
);
