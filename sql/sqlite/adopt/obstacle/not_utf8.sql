-- Ends each query about the strings of a table.
-- SQLite reads invalid UTF-8 as U+FFFD, so a character that reads as U+FFFD must have its bytes (or those of U+FFFE or
-- U+FFFF, which SQLite reads the same way). Only strings beyond ASCII are checked character by character.
            WHERE typeof(v."string") = 'text'
                AND v."string" GLOB '*[^' || char(1) || '-' || char(127) || ']*'
                AND EXISTS (
                    WITH RECURSIVE "position" ("at") AS (
                        SELECT 1
                        UNION ALL
                        SELECT "at" + 1 FROM "position" WHERE "at" < length(v."string")
                    )
                    SELECT 1
                    FROM "position"
                    WHERE unicode(substr(v."string", "at", 1)) = 65533
                        AND hex(substr(v."string", "at", 1)) NOT IN ('EFBFBD', 'EFBFBE', 'EFBFBF')
                )
        )
        LIMIT 100
    )
)) AS f;
