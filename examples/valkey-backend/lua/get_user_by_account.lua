return rows('User', {field('Account', pair(argument(), argument()), 'user_id') or nil})
