-- Returns the statement that makes an empty table that refers to User, if foreign keys are to be added: because columns are
-- to be changed, as the parameter says, or because they are missing.
SELECT CONCAT(
    'CREATE TABLE `authstore_rehearsal` (`id` ', COLUMN_TYPE,
    COALESCE(CONCAT(' CHARACTER SET ', CHARACTER_SET_NAME, ' COLLATE ', COLLATION_NAME), ''),
    ', FOREIGN KEY (`id`) REFERENCES `', TABLE_NAME, '` (`id`)) ENGINE = InnoDB'
)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
    AND IF(@@lower_case_table_names = 0, TABLE_NAME = BINARY 'User', LOWER(TABLE_NAME) = 'user')
    AND COLUMN_NAME = 'id'
    AND (
        ?
        OR (
            SELECT COUNT(*)
            FROM information_schema.REFERENTIAL_CONSTRAINTS
            WHERE CONSTRAINT_SCHEMA = DATABASE()
                AND LOWER(CONSTRAINT_NAME) IN ('account_userid_fkey', 'session_userid_fkey', 'authenticator_userid_fkey')
        ) < 3
    );
