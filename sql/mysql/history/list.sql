SELECT
    m.`version`, m.`name`, m.`checksum`, m.`applied_at`,
    -- A run was killed while it applied or reverted it: see start.sql.
    m.`series` = 'authstore'
    AND EXISTS (SELECT 1 FROM `authstore_migration` AS n WHERE n.`series` = '' AND n.`version` = m.`version`)
FROM `authstore_migration` AS m
WHERE m.`series` = ?
ORDER BY m.`version`;
