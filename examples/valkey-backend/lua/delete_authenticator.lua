return remove_authenticator(argument())
