-- What was known of every buyer of the window [$window_from, $cutoff) at $cutoff; nothing from $cutoff on.
-- `graded` holds the window's RFM. History reaches back one window more, so that it is as long at every origin.
-- Sums are exact (integers and decimals, made DOUBLE last): no figure depends on the order of rows or threads.

-- sample standard deviation from sums, 0 below two values
CREATE OR REPLACE TEMP MACRO spread(total, squares, n) AS
  CASE WHEN n > 1 THEN sqrt(greatest(0, squares::DOUBLE - total::DOUBLE * total::DOUBLE / n) / (n - 1)) ELSE 0 END;

CREATE OR REPLACE TEMP TABLE customer_feature AS
WITH
-- purchases of the last two windows
line AS (
  SELECT e.customer_no, e.ts, e.ts::DATE AS day, e.receipt_id, e.product_no, coalesce(e.amount, 0) AS amount,
         coalesce(e.quantity, 0) AS quantity, e.ts >= $window_from AS now,
         least(5, 6 * (epoch_us(e.ts) - epoch_us($window_from::TIMESTAMP))
                   // (epoch_us($cutoff::TIMESTAMP) - epoch_us($window_from::TIMESTAMP))) AS slice
  FROM event e SEMI JOIN graded USING (customer_no)
  WHERE e.action = 'purchase' AND e.ts >= $previous_from AND e.ts < $cutoff
),
receipt AS (
  SELECT customer_no, day, receipt_id, any_value(now) AS now, max(slice) AS slice, max(ts) AS ts,
         sum(amount) AS amount, count(*) AS lines, sum(quantity) AS items
  FROM line GROUP BY customer_no, day, receipt_id
),
visit_day AS (
  SELECT customer_no, day, day - lag(day) OVER (PARTITION BY customer_no ORDER BY day) AS gap_days
  FROM (SELECT DISTINCT customer_no, day FROM receipt)
),
rhythm AS (
  SELECT customer_no, count(*) AS visit_days, $cutoff::DATE - min(day) AS tenure_days,
         avg(gap_days) AS gap_mean_days,
         spread(sum(gap_days), sum(gap_days * gap_days), count(gap_days)) AS gap_sd_days,
         max(gap_days) AS gap_max_days, arg_max(gap_days, day) AS gap_last_days
  FROM visit_day GROUP BY customer_no
),
basket AS (
  SELECT customer_no,
         count(*) FILTER (NOT now) AS previous_receipts,
         coalesce(sum(amount) FILTER (NOT now), 0)::DOUBLE AS previous_spend,
         (sum(amount) FILTER (now))::DOUBLE / count(*) FILTER (now) AS basket_mean,
         (max(amount) FILTER (now))::DOUBLE AS basket_max,
         spread(sum(amount) FILTER (now), sum(amount::DECIMAL(19, 2) * amount::DECIMAL(19, 2)) FILTER (now),
                count(*) FILTER (now)) AS basket_sd,
         (arg_max(amount, (ts, receipt_id)) FILTER (now))::DOUBLE AS basket_last,
         avg(lines) FILTER (now) AS lines_per_receipt,
         (sum(items) FILTER (now))::DOUBLE / count(*) FILTER (now) AS items_per_receipt,
         avg((dayofweek(day) IN (0, 6))::INTEGER) FILTER (now) AS weekend_share,
         avg(hour(ts)) FILTER (now) AS hour_mean,
         count(*) FILTER (now AND slice = 0) AS receipts_1, count(*) FILTER (now AND slice = 1) AS receipts_2,
         count(*) FILTER (now AND slice = 2) AS receipts_3, count(*) FILTER (now AND slice = 3) AS receipts_4,
         count(*) FILTER (now AND slice = 4) AS receipts_5, count(*) FILTER (now AND slice = 5) AS receipts_6,
         coalesce(sum(amount) FILTER (now AND slice = 0), 0)::DOUBLE AS spend_1,
         coalesce(sum(amount) FILTER (now AND slice = 1), 0)::DOUBLE AS spend_2,
         coalesce(sum(amount) FILTER (now AND slice = 2), 0)::DOUBLE AS spend_3,
         coalesce(sum(amount) FILTER (now AND slice = 3), 0)::DOUBLE AS spend_4,
         coalesce(sum(amount) FILTER (now AND slice = 4), 0)::DOUBLE AS spend_5,
         coalesce(sum(amount) FILTER (now AND slice = 5), 0)::DOUBLE AS spend_6
  FROM receipt GROUP BY customer_no
),
taste AS (
  SELECT customer_no, count(*) AS products, avg((days > 1)::INTEGER) AS repeat_product_share,
         max(lines) / sum(lines) AS top_product_share
  FROM (SELECT customer_no, product_no, count(DISTINCT day) AS days, count(*) AS lines
        FROM line WHERE now AND product_no IS NOT NULL GROUP BY customer_no, product_no)
  GROUP BY customer_no
),
-- everything that is no purchase: cancellations, partner use, payment, browsing
other_action AS (
  SELECT customer_no, count(*) FILTER (action = 'cancel') AS cancels,
         (coalesce(sum(abs(amount)) FILTER (action = 'cancel'), 0))::DOUBLE AS cancelled_amount,
         count(*) FILTER (action = 'partner_use') AS partner_uses, count(*) FILTER (action = 'pay') AS pays,
         count(*) FILTER (action IN ('view', 'click', 'search')) AS looks,
         count(*) FILTER (action IN ('wishlist', 'cart')) AS wishes
  FROM event
  WHERE action <> 'purchase' AND ts >= $window_from AND ts < $cutoff
  GROUP BY customer_no
)
SELECT g.customer_no, g.grade, g.recency_days, g.frequency, g.monetary::DOUBLE AS monetary, g.r_score, g.f_score,
       g.m_score, g.rfm_score, r.tenure_days, r.visit_days, r.gap_mean_days, r.gap_sd_days, r.gap_max_days,
       r.gap_last_days, g.recency_days / r.gap_mean_days AS recency_over_gap,
       b.* EXCLUDE (customer_no), b.spend_6 + b.spend_5 + b.spend_4 - b.spend_3 - b.spend_2 - b.spend_1 AS spend_turn,
       b.receipts_6 + b.receipts_5 + b.receipts_4 - b.receipts_3 - b.receipts_2 - b.receipts_1 AS receipts_turn,
       coalesce(t.products, 0) AS products, coalesce(t.repeat_product_share, 0) AS repeat_product_share,
       coalesce(t.top_product_share, 0) AS top_product_share,
       coalesce(o.cancels, 0) AS cancels, coalesce(o.cancelled_amount, 0) AS cancelled_amount,
       coalesce(o.partner_uses, 0) AS partner_uses, coalesce(o.pays, 0) AS pays, coalesce(o.looks, 0) AS looks,
       coalesce(o.wishes, 0) AS wishes
FROM graded g
JOIN rhythm r USING (customer_no)
JOIN basket b USING (customer_no)
LEFT JOIN taste t USING (customer_no)
LEFT JOIN other_action o USING (customer_no)
ORDER BY g.customer_no;

-- Where the customer buys, uses affiliates and pays, and who the customer is, as name -> value: sources differ in
-- what they have. A share is of the customer's own rows; a rank is the share of the buyers who have fewer.
CREATE OR REPLACE TEMP TABLE customer_mix AS
WITH
used AS (
  SELECT customer_no, CASE action WHEN 'purchase' THEN 'partner' WHEN 'partner_use' THEN 'affiliate' ELSE 'pay' END
           AS family, partner, channel, count(*) AS uses, coalesce(sum(amount), 0) AS amount
  FROM event SEMI JOIN graded USING (customer_no) JOIN outlet USING (outlet_no)
  WHERE action IN ('purchase', 'partner_use', 'pay') AND ts >= $window_from AND ts < $cutoff
  GROUP BY ALL
),
by_partner AS (
  SELECT customer_no, family, partner, sum(uses) AS uses, sum(sum(uses)) OVER (PARTITION BY customer_no, family) AS of
  FROM used WHERE partner IS NOT NULL GROUP BY customer_no, family, partner
),
by_channel AS (
  SELECT customer_no, channel, sum(uses) AS uses, sum(sum(uses)) OVER (PARTITION BY customer_no) AS of
  FROM used WHERE channel IS NOT NULL AND family = 'partner' GROUP BY customer_no, channel
),
in_all AS (
  SELECT customer_no, family, sum(uses) AS uses, sum(amount) AS amount
  FROM used WHERE family <> 'partner' GROUP BY customer_no, family
),
-- more is better; who has none is below everybody who has some
counted AS (
  SELECT customer_no, family || '_rank:' || partner AS name, uses::DECIMAL(38, 4) AS amount FROM by_partner
  UNION ALL SELECT customer_no, family || '_rank:all', uses FROM in_all
  UNION ALL SELECT customer_no, family || '_spend_rank:all', amount FROM in_all
),
named AS (
  SELECT customer_no, family || '_share:' || partner AS name, uses / of AS value FROM by_partner
  UNION ALL SELECT customer_no, 'channel_share:' || channel, uses / of FROM by_channel
  UNION ALL
  SELECT customer_no, name,
         (buyers - count(*) OVER (PARTITION BY name) + rank() OVER (PARTITION BY name ORDER BY amount) - 1) / buyers
  FROM counted, (SELECT count(*) AS buyers FROM graded)
  UNION ALL
  SELECT customer_no, kind || value, 1
  FROM (SELECT customer_no, unnest(['region:', 'gender:', 'age:']) AS kind,
               unnest([region, gender, age_band]) AS value
        FROM customer SEMI JOIN graded USING (customer_no))
  WHERE value IS NOT NULL
)
-- the names that at least one customer in a hundred has
SELECT customer_no, name, value::DOUBLE AS value
FROM named
QUALIFY count(*) OVER (PARTITION BY name) * 100 >= (SELECT count(*) FROM graded)
ORDER BY customer_no, name;
