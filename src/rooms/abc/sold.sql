-- What was sold from $first to $until, line by line, less what was taken back. `worth` is its amount, or 1 where the
-- shop knows no amounts; `list` is what it would have cost at list price, null where that is not known.
WITH line AS (
  SELECT customer_no, product_no, event_id, CASE WHEN action = 'cancel' THEN -1 ELSE 1 END AS sign,
         amount::DOUBLE AS amount, nullif(abs(coalesce(quantity::DOUBLE, 1)), 0) AS quantity
  FROM event
  WHERE action IN ('purchase', 'cancel') AND ts >= $first AND ts < $until AND product_no IS NOT NULL
)
SELECT customer_no, product_no,
       CASE WHEN $knows_amounts THEN sign * abs(coalesce(amount, 0)) ELSE sign END AS worth,
       CASE WHEN $knows_amounts AND amount <> 0 THEN sign * price * quantity END AS list
FROM line LEFT JOIN list_price USING (event_id)
