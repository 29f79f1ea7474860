-- By customer, what was bought at known list prices, below them, and what that would have cost at them.
SELECT sum(worth) AS known, coalesce(sum(worth) FILTER (abs(worth) <= 0.99 * abs(list)), 0) AS below,
       coalesce(sum(list) FILTER (abs(worth) <= 0.99 * abs(list)), 0) AS list
FROM ({sold}) WHERE list IS NOT NULL GROUP BY customer_no ORDER BY customer_no
