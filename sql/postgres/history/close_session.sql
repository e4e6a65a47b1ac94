-- Fails if a transaction is open.
DISCARD ALL;
