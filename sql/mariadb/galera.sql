-- 1 on a node of a Galera cluster.
SELECT COUNT(*)
FROM information_schema.GLOBAL_VARIABLES
WHERE VARIABLE_NAME = 'WSREP_ON' AND VARIABLE_VALUE = 'ON';
