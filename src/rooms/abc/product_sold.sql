-- By product: all, what of it was sold at a known list price, what below that, and what this would have cost at it.
CREATE OR REPLACE TEMP TABLE product_sold AS
SELECT product_no, sum(worth) AS worth, sum(worth) FILTER (list IS NOT NULL) AS at_known,
       CASE WHEN at_known IS NOT NULL
            THEN coalesce(sum(worth) FILTER (abs(worth) <= 0.99 * abs(list)), 0) END AS discounted,
       sum(list) FILTER (abs(worth) <= 0.99 * abs(list)) AS list
FROM ({sold}) GROUP BY product_no
