return rows('Account', {pair(argument(), argument())})
