-- The user's other ways in. An authenticator that belongs to an account of the type webauthn is one way together with it.
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
