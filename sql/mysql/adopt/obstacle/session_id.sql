-- By its bytes, whatever the collation: 0 to 9 and a to f, and the hyphens. One that is not there is made.
SELECT CONCAT('the id of the session ', `id`, ' is not a UUID in lower case')
FROM `Session`
WHERE HEX(`id`) NOT REGEXP
    '^(3[0-9]|6[1-6]){8}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){4}2D(3[0-9]|6[1-6]){12}$';
