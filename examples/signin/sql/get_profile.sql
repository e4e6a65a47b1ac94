SELECT joined, joined_by FROM profile WHERE user_id = ?
