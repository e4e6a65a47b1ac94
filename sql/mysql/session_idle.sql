-- The connection that holds the lock on migrations is idle while a step runs on another. This is the maximum, a year.
SET SESSION wait_timeout = 31536000;
