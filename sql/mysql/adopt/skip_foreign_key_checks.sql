-- Foreign keys are added without reading the rows, which are searched for orphans afterwards. Otherwise the server copies
-- the table, while writes wait, and MySQL needs gigabytes of memory for each million rows.
SET foreign_key_checks = 0;
