-- Assignments that change no value, to all columns of a table.
SELECT group_concat('"' || replace("name", '"', '""') || '" = "' || replace("name", '"', '""') || '"', ', ')
FROM pragma_table_info(?1);
