-- Customers with a receipt in the window, those of equal figures together.
CREATE OR REPLACE TEMP TABLE payer AS
WITH
pair AS (
  SELECT c.customer_no, coalesce(h1.grade, 'inactive') AS h1_grade, coalesce(h2.grade, 'inactive') AS h2_grade
  FROM (SELECT customer_id, grade FROM result.rfm WHERE period = 'H1') h1
  FULL JOIN (SELECT customer_id, grade FROM result.rfm WHERE period = 'H2') h2 USING (customer_id)
  JOIN customer c USING (customer_id)
),
-- places that know payments alone: no receipt there that a payment could be a share of
outside AS (
  SELECT partner AS place
  FROM event
  WHERE action IN ('purchase', 'partner_use', 'pay') AND partner IS NOT NULL
  GROUP BY partner
  HAVING bool_and(action = 'pay')
),
bought AS (
  SELECT customer_no, count(*) AS receipts
  FROM (SELECT DISTINCT customer_no, action, day, receipt_id
        FROM receipt
        WHERE action IN ('purchase', 'partner_use') AND day >= $window_from::DATE AND day < $window_until::DATE)
  GROUP BY customer_no
),
payment AS (
  SELECT DISTINCT customer_no, ts::DATE AS day, receipt_id, place IS NOT NULL AS is_outside
  FROM event LEFT JOIN outside ON partner = place
  WHERE action = 'pay' AND ts >= $window_from AND ts < $window_until
),
paid AS (
  SELECT customer_no, count(*) FILTER (NOT is_outside) AS payments, count(*) FILTER (is_outside) AS apart
  FROM payment
  GROUP BY customer_no
)
SELECT coalesce(h1_grade, 'inactive') AS h1_grade, coalesce(h2_grade, 'inactive') AS h2_grade,
       least(coalesce(payments, 0), receipts) AS payments, receipts, count(*) AS customers,
       count(*) FILTER (payments > receipts) AS capped, coalesce(sum(apart), 0)::BIGINT AS apart
FROM bought
LEFT JOIN paid USING (customer_no)
LEFT JOIN pair USING (customer_no)
GROUP BY ALL;
