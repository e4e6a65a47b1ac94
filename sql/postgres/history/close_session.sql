-- Fails while a transaction is open.
DISCARD ALL;
