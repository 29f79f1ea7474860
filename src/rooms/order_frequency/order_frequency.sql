-- Receipts of the year before until: purchases and partner use.
CREATE OR REPLACE TEMP TABLE order_day AS
SELECT customer_no, day
FROM receipt
WHERE action IN ('purchase', 'partner_use') AND day >= $first_day::DATE AND day < $until::DATE;

CREATE OR REPLACE TEMP TABLE customer_order AS
SELECT customer_no, count(*) AS receipts, min(day) AS first_day, max(day) AS last_day
       FROM order_day GROUP BY customer_no;

-- days between one purchase day of a customer and the next
CREATE OR REPLACE TEMP TABLE visit_gap AS
SELECT customer_no, day, gap_days FROM (
  SELECT customer_no, day, day - lag(day) OVER (PARTITION BY customer_no ORDER BY day) AS gap_days
  FROM (SELECT DISTINCT customer_no, day FROM order_day))
WHERE gap_days IS NOT NULL;

-- receipts a customer, up to 50 one by one, then together
INSERT INTO history.order_frequency BY NAME
SELECT $run_id AS run_id, least(receipts, 51) AS receipts_from, CASE WHEN receipts > 50
       THEN max(max(receipts)) OVER () + 1 ELSE least(receipts, 51) + 1 END AS receipts_until,
       count(*) AS customers
FROM customer_order
GROUP BY receipts_from, receipts > 50
ORDER BY receipts_from;

-- quantiles with intervals from the binomial ranks around them (Conover, 1999; normal approximation)
INSERT INTO history.order_quantile BY NAME
WITH
figure AS (
  SELECT 'receipts per customer' AS figure, receipts AS value FROM customer_order
  UNION ALL SELECT 'days between purchases', gap_days FROM visit_gap
),
ranked AS (
  SELECT figure, value, row_number() OVER (PARTITION BY figure ORDER BY value) AS place,
         count(*) OVER (PARTITION BY figure) AS n FROM figure
),
wanted AS (SELECT unnest([0.1, 0.25, 0.5, 0.75, 0.9]) AS quantile),
rank_of AS (
  SELECT figure, quantile, n, greatest(1, ceil(quantile * n)) AS middle,
         greatest(1, floor(quantile * n - 1.959963984540054 * sqrt(n * quantile * (1 - quantile)))) AS lower,
         least(n, ceil(quantile * n + 1.959963984540054 * sqrt(n * quantile * (1 - quantile))) + 1) AS upper
  FROM (SELECT DISTINCT figure, n FROM ranked), wanted
)
SELECT $run_id AS run_id, r.figure, quantile, max(value) FILTER (place = middle) AS value,
       max(value) FILTER (place = lower) AS value_lo,
       max(value) FILTER (place = upper) AS value_hi
FROM rank_of r JOIN ranked USING (figure)
GROUP BY r.figure, quantile
ORDER BY r.figure, quantile;

-- Silence is unusual once it is longer than 95 % of the gaps of customers who buy about as often: ten classes of
-- frequency, one-time buyers against the gaps of the rarest.
INSERT INTO history.silence BY NAME
WITH
class AS (SELECT customer_no, receipts, last_day, ntile(10) OVER (ORDER BY receipts,
  customer_no) AS frequency_class FROM customer_order),
usual AS (
  SELECT frequency_class, quantile_disc(gap_days, 0.95) AS usual_days
         FROM visit_gap JOIN class USING (customer_no) GROUP BY frequency_class
),
judged AS (
  SELECT c.*, coalesce(u.usual_days, (SELECT max(usual_days) FROM usual)) AS usual_days
         FROM class c LEFT JOIN usual u USING (frequency_class)
)
SELECT $run_id AS run_id, customer_id, receipts, last_day, usual_days,
       last_day + usual_days::INTEGER + 1 AS unusual_since
FROM judged JOIN customer USING (customer_no)
WHERE last_day + usual_days::INTEGER + 1 < $until::DATE
ORDER BY customer_id;
