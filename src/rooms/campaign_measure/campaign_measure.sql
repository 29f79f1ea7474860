-- Every draw whose whole window lies before as_of, with what the customer bought in it and before it.
WITH
draw AS (
  SELECT DISTINCT customer_no, ts, offer, propensity
  FROM exposure
  WHERE ts + to_days($window_days::INTEGER) <= $as_of
),
near AS (
  SELECT d.*, r.amount, r.last_ts >= d.ts AS is_after, r.last_ts < d.ts AS is_before,
         r.last_ts < d.ts AND r.last_ts >= d.ts - to_days($window_days::INTEGER) AS is_just_before
  FROM draw d
  LEFT JOIN receipt r ON r.customer_no = d.customer_no AND r.action IN ('purchase', 'partner_use')
    AND r.last_ts >= d.ts - to_days($before_days::INTEGER) AND r.last_ts < d.ts + to_days($window_days::INTEGER)
)
SELECT customer_no, any_value(customer_id) AS customer_id, ts, offer, propensity,
       date_trunc('month', ts)::DATE AS month,
       count(*) FILTER (is_after)::DOUBLE AS receipts,
       count(*) FILTER (is_just_before)::DOUBLE AS receipts_just_before,
       count(*) FILTER (is_before)::DOUBLE AS receipts_before,
       coalesce(sum(amount) FILTER (is_after), 0)::DOUBLE AS spend,
       coalesce(sum(amount) FILTER (is_just_before), 0)::DOUBLE AS spend_just_before,
       coalesce(sum(amount) FILTER (is_before), 0)::DOUBLE AS spend_before
FROM near JOIN customer USING (customer_no)
GROUP BY customer_no, ts, offer, propensity
ORDER BY customer_id, ts, offer, propensity;
