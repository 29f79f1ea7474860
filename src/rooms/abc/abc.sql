-- The items by what they are worth, the most first. What only was taken back is worth nothing.
WITH
item AS (
  SELECT {item} AS item, greatest(sum(worth), 0) AS worth, sum(at_known) AS at_known, sum(discounted) AS discounted,
         sum(list) AS list
  FROM product_sold JOIN product USING (product_no) GROUP BY ALL HAVING item IS NOT NULL AND item <> ''
),
ranked AS (
  SELECT *, row_number() OVER by_worth AS rank, worth / sum(worth) OVER () AS share,
         sum(worth) OVER by_worth / sum(worth) OVER () AS cumulative
  FROM item
  WINDOW by_worth AS (ORDER BY worth DESC, item)
)
SELECT item, rank, worth, share, least(cumulative, 1) AS cumulative,
       CASE WHEN cumulative - share < $a THEN 'A' WHEN cumulative - share < $b THEN 'B' ELSE 'C' END AS class,
       CASE WHEN at_known > 0 THEN least(greatest(discounted / at_known, 0), 1) END AS discounted,
       CASE WHEN list > 0 THEN least(greatest(1 - discounted / list, 0), 1) END AS discount
FROM ranked WHERE share IS NOT NULL AND NOT isnan(share) ORDER BY rank
