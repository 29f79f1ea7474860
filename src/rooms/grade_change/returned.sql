-- Who bought before the first half, not in it, and again in the second.
SELECT count(*) AS returned
FROM (SELECT bool_or(day < $from::DATE) AS before, bool_or(day >= $from::DATE AND day < $split::DATE) AS h1,
             bool_or(day >= $split::DATE) AS h2
      FROM receipt WHERE action = 'purchase' AND day < $until::DATE GROUP BY customer_no)
WHERE before AND NOT h1 AND h2;
