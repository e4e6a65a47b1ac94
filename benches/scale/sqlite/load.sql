-- Nobody else uses the file, and a file that was not completed is of no use.
PRAGMA journal_mode = OFF;

PRAGMA synchronous = OFF;

PRAGMA foreign_keys = OFF;

-- 4 GiB, so that the indexes of a table stay in memory.
PRAGMA cache_size = -4194304;
