ROLLBACK TO "step";
