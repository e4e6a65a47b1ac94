-- A row without an id gets one: nothing refers to it.
UPDATE `Account` SET `id` = uuid() WHERE `id` IS NULL;
