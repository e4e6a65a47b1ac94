-- Counts the user's other ways to sign in. An authenticator and its account of the type webauthn count as one.
SELECT
    (
        SELECT count(*)
        FROM `Account` AS o
        WHERE o.`userId` = a.`userId` AND o.`type` <> 'webauthn' AND o.`id` <> a.`id`
    ) + (
        SELECT count(*)
        FROM `Authenticator` AS o
        WHERE
            o.`userId` = a.`userId`
            AND NOT (a.`type` = 'webauthn' AND o.`providerAccountId` = a.`providerAccountId`)
    )
FROM `Account` AS a
WHERE a.`userId` = ? AND a.`provider` = ? AND a.`providerAccountId` = ?;
