return rows('Authenticator', {argument()})
