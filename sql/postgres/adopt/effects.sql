-- Event triggers, which are run by what adopt does to the schema. Those of an extension or a server are among them.
SELECT 'the event trigger ' || e.evtname || ' (' || e.evtevent || ') is run by statements that change the schema'
FROM pg_event_trigger AS e
WHERE e.evtenabled IN ('O', 'A')
    AND e.evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite')
ORDER BY e.evtname;
