return rows_of_user('Account', argument())
