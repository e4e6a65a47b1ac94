-- Fails while a transaction is open, on either server and without any right.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
