-- The details are fields of the authenticator.
return rows_of_user('Authenticator', argument())
