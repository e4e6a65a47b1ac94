-- Returns 1 if the lock was taken, and 0 if not, after a timeout or an error. The whole server shares the name, so it
-- includes a hash. It has 60 of at most 64 characters.
SELECT GET_LOCK(CONCAT('authstore_migration:', LEFT(SHA2(LOWER(DATABASE()), 256), 40)), ?) <=> 1;
