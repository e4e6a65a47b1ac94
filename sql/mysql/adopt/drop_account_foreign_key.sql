-- Its name is wanted for the new table: names of foreign keys are unique in a database.
ALTER TABLE `authstore_adopted_Account` DROP FOREIGN KEY `Account_userId_fkey`;
