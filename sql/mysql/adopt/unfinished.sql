SELECT CONCAT('an interrupted adoption has to add the foreign key ', `name`, ' again') FROM `authstore_adoption`;
