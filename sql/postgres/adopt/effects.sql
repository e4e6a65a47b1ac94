-- Event triggers, which run when the adoption changes the schema, including those of an extension or a server.
SELECT 'the event trigger ' || e.evtname::text || ' (' || e.evtevent::text || ') is run by statements that change the schema'
FROM pg_event_trigger AS e
WHERE e.evtenabled IN ('O', 'A')
    AND e.evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite');
