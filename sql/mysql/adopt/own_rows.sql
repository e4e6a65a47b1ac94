SELECT CONVERT(@authstore_own_rows USING utf8mb4) FROM (SELECT 1) AS one WHERE @authstore_own_rows <> '';
