-- From version 12 on, MariaDB's is a word.
SELECT @@GLOBAL.read_only NOT IN ('0', 'OFF');
