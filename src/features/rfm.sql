-- RFM of every buyer of the window [$window_from, $window_until), scored and graded.
CREATE OR REPLACE TEMP TABLE graded AS
WITH
-- a receipt counts once a customer and day, whatever its lines and loads
bought AS (
  SELECT customer_no, day, receipt_id, max(last_ts) AS last_ts, sum(amount) AS amount
  FROM receipt
  WHERE action = 'purchase' AND day >= $window_from::DATE AND day < $window_until::DATE
  GROUP BY customer_no, day, receipt_id
),
-- what was cancelled in the window; counted only if asked for
cancelled AS (
  SELECT customer_no, sum(abs(amount)) AS amount
  FROM receipt
  WHERE $net_cancellations AND action = 'cancel' AND day >= $window_from::DATE AND day < $window_until::DATE
  GROUP BY customer_no
),
buyer AS (
  SELECT r.customer_no, count(*) AS frequency, max(r.last_ts) AS last_ts,
         coalesce(sum(r.amount), 0) - coalesce(any_value(c.amount), 0) AS monetary
  FROM bought r LEFT JOIN cancelled c ON c.customer_no = r.customer_no
  GROUP BY r.customer_no
),
-- recency in whole days from the last purchase's instant to the window's end
measured AS (
  SELECT customer_no, (epoch_us($window_until::TIMESTAMP) - epoch_us(last_ts)) // 86400000000 AS recency_days,
         frequency, monetary::DECIMAL(18, 4) AS monetary
  FROM buyer
),
-- score = 1 + min(4, floor(5 * #{smaller} / n)); rank() - 1 is #{smaller}
scored AS (
  SELECT *, 1 + least(4, 5 * (rank() OVER (ORDER BY recency_days DESC) - 1) // count(*) OVER ()) AS r_score,
         1 + least(4, 5 * (rank() OVER (ORDER BY frequency) - 1) // count(*) OVER ()) AS f_score,
         1 + least(4, 5 * (rank() OVER (ORDER BY monetary) - 1) // count(*) OVER ()) AS m_score
  FROM measured
),
-- rounded, since (3, 1, 2) is 41.99999999999999 in IEEE arithmetic
weighted AS (
  SELECT *, round(($w_recency * r_score + $w_frequency * f_score + $w_monetary * m_score) * 100 / 5, 9) AS rfm_score
  FROM scored
),
-- 0-based rank among the period's buyers, the customer's own id the last word
ranked AS (
  SELECT w.*, c.customer_id, count(*) OVER () AS buyers,
         CASE WHEN $by_rank THEN row_number() OVER (
           ORDER BY rfm_score DESC, monetary DESC, frequency DESC, recency_days, c.customer_id) - 1 END AS place
  FROM weighted w JOIN customer c USING (customer_no)
)
SELECT customer_no, customer_id, recency_days::INTEGER AS recency_days, frequency::INTEGER AS frequency, monetary,
       r_score::INTEGER AS r_score, f_score::INTEGER AS f_score, m_score::INTEGER AS m_score, rfm_score,
       CASE WHEN CASE WHEN $by_rank THEN place < round($share_top * buyers, 9) ELSE rfm_score >= $band_top END
              THEN 'top'
            WHEN CASE WHEN $by_rank THEN place < round(($share_top + $share_good) * buyers, 9)
                      ELSE rfm_score >= $band_good END THEN 'good'
            WHEN CASE WHEN $by_rank THEN place < round(($share_top + $share_good + $share_regular) * buyers, 9)
                      ELSE rfm_score >= $band_regular END THEN 'regular'
            ELSE 'other' END AS grade
FROM ranked;
