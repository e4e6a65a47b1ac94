SAVEPOINT "step";
