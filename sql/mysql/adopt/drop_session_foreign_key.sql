-- Its name is wanted for the new table: names of foreign keys are unique in a database.
ALTER TABLE `authstore_adopted_Session` DROP FOREIGN KEY `Session_userId_fkey`;
