return rows_of_user('Authenticator', argument())
