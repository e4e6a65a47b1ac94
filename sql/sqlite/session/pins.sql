-- Sets everything that a result depends on, however the library was compiled. tests.rs compares this with the library's
-- own list.
PRAGMA count_changes = OFF;
PRAGMA defer_foreign_keys = OFF;
PRAGMA ignore_check_constraints = OFF;
PRAGMA locking_mode = NORMAL;
PRAGMA query_only = OFF;
PRAGMA read_uncommitted = OFF;
PRAGMA recursive_triggers = OFF;
PRAGMA reverse_unordered_selects = OFF;
PRAGMA wal_autocheckpoint = 1000;
