-- The details are fields of the session.
return rows_of_user('Session', argument())
