return rows('Session', {argument()})
