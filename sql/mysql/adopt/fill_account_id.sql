-- Nothing refers to the id, so a row that has none is given one.
UPDATE `Account` SET `id` = uuid() WHERE `id` IS NULL;
