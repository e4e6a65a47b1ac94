-- A row that another node's transaction for the same user conflicts with. It is deleted before the commit, so no one sees
-- it. No challenge has a NUL in its key.
INSERT INTO `authstore_challenge` (`key`, `payload`, `expires`)
VALUES (CONCAT('\0', ?), '', '9999-12-31');
