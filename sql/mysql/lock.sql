-- 1 when the lock is had; 0 when it was not to be had in time, or not at all. The name, which the whole server shares, has
-- 60 characters of the 64 that it may have.
SELECT GET_LOCK(CONCAT('authstore_migration:', LEFT(SHA2(LOWER(DATABASE()), 256), 40)), ?) <=> 1;
