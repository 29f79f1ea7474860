-- Customers with a receipt in the window, those of equal figures together.
WITH
pair AS (
  SELECT customer_no, coalesce(max(grade) FILTER (period = 'H1'), 'inactive') AS h1_grade,
         coalesce(max(grade) FILTER (period = 'H2'), 'inactive') AS h2_grade
  FROM result.rfm JOIN customer USING (customer_id)
  GROUP BY customer_no
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
  FROM receipt
  WHERE action IN ('purchase', 'partner_use') AND day >= $window_from::DATE AND day < $window_until::DATE
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
GROUP BY ALL
ORDER BY ALL;
