-- A table with pending triggers could not be altered.
SET CONSTRAINTS ALL IMMEDIATE;

-- Saves foreign keys until the end of the adoption. Other connections never see this table, because all is one transaction.
CREATE TABLE authstore_adoption AS
