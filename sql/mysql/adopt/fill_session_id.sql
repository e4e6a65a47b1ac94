-- A row without an id gets one: nothing refers to it.
UPDATE `Session` SET `id` = uuid() WHERE `id` IS NULL;
