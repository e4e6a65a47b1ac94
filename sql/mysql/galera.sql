-- 1 on a node of a Galera cluster, such as Percona XtraDB Cluster.
SELECT COUNT(*)
FROM performance_schema.global_variables
WHERE VARIABLE_NAME = 'wsrep_on' AND VARIABLE_VALUE = 'ON';
