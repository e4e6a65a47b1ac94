SELECT "statement" FROM "authstore_adoption";
