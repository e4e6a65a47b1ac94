INSERT INTO profile (user_id, joined, joined_by) VALUES ($1, $2, $3)
