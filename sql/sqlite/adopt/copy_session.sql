-- A row without an id is given one. Nothing refers to it.
INSERT INTO "Session" ("id", "userId", "sessionToken", "expires")
SELECT
    coalesce(
        "id",
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    ),
    "userId", "sessionToken", strftime('%Y-%m-%dT%H:%M:%fZ', "expires")
FROM "authstore_adopted_Session";

DROP TABLE "authstore_adopted_Session";
