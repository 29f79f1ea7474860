-- Rows of every graded customer by cell; the unit is rows.
CREATE OR REPLACE TEMP TABLE cell_count AS
WITH
pair AS (
  SELECT c.customer_no, coalesce(h1.grade, 'inactive') = $h1_grade AND coalesce(h2.grade,
         'inactive') = $h2_grade AS in_group
  FROM (SELECT customer_id, grade FROM result.rfm WHERE period = 'H1') h1
  FULL JOIN (SELECT customer_id, grade FROM result.rfm WHERE period = 'H2') h2 USING (customer_id)
  JOIN customer c USING (customer_id)
),
line AS (
  SELECT e.customer_no, e.action, e.partner, e.channel, p.class_top
  FROM event e LEFT JOIN product p USING (product_no)
  WHERE e.action IN ('purchase', 'partner_use') AND e.ts >= $window_from AND e.ts < $window_until
),
cell AS (
  SELECT customer_no, 'channel x partner' AS dimension, channel || ' ' || partner AS cell
         FROM line WHERE action = 'purchase'
  UNION ALL SELECT customer_no, 'partner', partner FROM line WHERE action = 'purchase'
  UNION ALL SELECT customer_no, 'affiliate', partner FROM line WHERE action = 'partner_use'
  UNION ALL SELECT customer_no, 'product class', class_top FROM line WHERE action = 'purchase'
)
SELECT dimension, customer_no, cell, count(*) AS rows, any_value(in_group) AS in_group
FROM cell JOIN pair USING (customer_no)
WHERE cell IS NOT NULL
GROUP BY dimension, customer_no, cell;
