-- Saves foreign keys until the end of the adoption. Other connections never see this table, because all is one transaction.
CREATE TABLE authstore_adoption AS
