-- Since version 12, MariaDB returns a word.
SELECT @@GLOBAL.read_only NOT IN ('0', 'OFF');
