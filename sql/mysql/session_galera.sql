-- Waits for everything that another node has acknowledged: before reads (1), before updates and deletes (2), which must
-- find their row, and before inserts (4), which must find their user.
SET SESSION wsrep_sync_wait = 7, wsrep_dirty_reads = 0;
