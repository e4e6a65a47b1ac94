INSERT INTO profile (user_id, joined, joined_by) VALUES (?, ?, ?)
