return rows('User', {argument()})
