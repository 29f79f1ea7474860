-- What the RFM of every buyer of the window [$window_from, $window_until) is made of.
WITH buyer AS (
  SELECT customer_no, count(*) FILTER (action = 'purchase') AS frequency,
         max(last_ts) FILTER (action = 'purchase') AS last_ts,
         coalesce(sum(CASE action WHEN 'purchase' THEN amount ELSE -abs(amount) END), 0) AS monetary,
         count(amount) FILTER (action = 'purchase') AS with_amount
  FROM receipt
  WHERE (action = 'purchase' OR ($net_cancellations AND action = 'cancel'))
    AND day >= $window_from::DATE AND day < $window_until::DATE
  GROUP BY customer_no
)
SELECT customer_no, customer_id, last_ts, frequency, monetary, sum(with_amount) OVER () > 0 AS knows_amounts
FROM buyer JOIN customer USING (customer_no)
WHERE frequency > 0
ORDER BY customer_id;
