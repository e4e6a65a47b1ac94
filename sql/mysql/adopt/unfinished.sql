SELECT CONCAT('an interrupted adoption has not restored the foreign key ', `name`, ' yet') FROM `authstore_adoption`;
