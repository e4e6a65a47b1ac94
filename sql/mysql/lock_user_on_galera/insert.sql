-- Inserts a row that conflicts with another node's transaction for the same user. It is deleted before the commit, so
-- it is never visible. No challenge has a NUL in its key.
INSERT INTO `authstore_challenge` (`key`, `payload`, `expires`)
VALUES (CONCAT('\0', ?), '', '9999-12-31');
