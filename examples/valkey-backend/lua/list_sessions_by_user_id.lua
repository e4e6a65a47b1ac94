return rows_of_user('Session', argument())
