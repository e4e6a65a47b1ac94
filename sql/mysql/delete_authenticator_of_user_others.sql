-- Counts the user's other ways to sign in. An account of the type webauthn and its authenticator count as one.
SELECT
    (
        SELECT count(*)
        FROM `Account` AS o
        WHERE o.`userId` = a.`userId` AND o.`type` <> 'webauthn'
    ) + (
        SELECT count(*)
        FROM `Authenticator` AS o
        WHERE o.`userId` = a.`userId` AND o.`credentialID` <> a.`credentialID`
    )
FROM `Authenticator` AS a
WHERE a.`userId` = ? AND a.`credentialID` = ?;
