SELECT CONCAT('VerificationToken.expires is not a time from 1970 to 9999 in ', COUNT(*), ' rows')
FROM `VerificationToken`
WHERE YEAR(`expires`) NOT BETWEEN 1970 AND 9999 OR MONTH(`expires`) = 0 OR DAYOFMONTH(`expires`) = 0
HAVING COUNT(*) > 0;
