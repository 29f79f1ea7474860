-- Every draw whose whole window lies before as_of, with what the customer bought in it and before it.
CREATE OR REPLACE TEMP TABLE drawn AS
WITH
draw AS (
  SELECT DISTINCT customer_no, ts, offer, propensity
  FROM exposure
  WHERE ts + to_days($window_days::INTEGER) <= $as_of
),
-- a receipt counts once a customer and day, whatever its lines and loads
bought AS (
  SELECT customer_no, max(last_ts) AS ts, sum(amount) AS amount
  FROM receipt
  WHERE action IN ('purchase', 'partner_use')
  GROUP BY customer_no, action, day, receipt_id
),
near AS (
  SELECT d.customer_no, d.ts, d.offer, d.propensity, b.amount, b.ts >= d.ts AS is_after,
         b.ts < d.ts AND b.ts >= d.ts - to_days($window_days::INTEGER) AS is_just_before, b.ts < d.ts AS is_before
  FROM draw d
  LEFT JOIN bought b ON b.customer_no = d.customer_no AND b.ts >= d.ts - to_days($before_days::INTEGER)
    AND b.ts < d.ts + to_days($window_days::INTEGER)
)
SELECT customer_no, ts, date_trunc('month', ts)::DATE AS month, offer, propensity,
       count(*) FILTER (is_after)::DOUBLE AS receipts,
       count(*) FILTER (is_just_before)::DOUBLE AS receipts_just_before,
       count(*) FILTER (is_before)::DOUBLE AS receipts_before,
       coalesce(sum(amount) FILTER (is_after), 0)::DOUBLE AS spend,
       coalesce(sum(amount) FILTER (is_just_before), 0)::DOUBLE AS spend_just_before,
       coalesce(sum(amount) FILTER (is_before), 0)::DOUBLE AS spend_before
FROM near
GROUP BY customer_no, ts, offer, propensity;

-- grades of the half-year before the month of a draw; nobody has one yet
CREATE OR REPLACE TEMP TABLE month_grade (month DATE, customer_no INTEGER, grade VARCHAR);
