-- Fails if a transaction is open, on either server and without any privilege.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
