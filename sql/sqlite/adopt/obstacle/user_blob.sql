SELECT 'the user ' || "id" || ' has a field that is a blob, and should be a text'
FROM "User"
WHERE 'blob' IN (typeof("name"), typeof("email"), typeof("image"));
