-- Which process serves this session, and whether it can write.
SELECT pg_backend_pid(), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on';
