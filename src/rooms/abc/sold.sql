-- What was sold from $first to $until, line by line, less what was taken back: `sold`. `worth` is its amount, or 1 where the shop
-- knows no amounts. `list` is what it would have cost at the list price of the line, else of the product; null where neither is known.
CREATE OR REPLACE TEMP MACRO list_number(text) AS
  nullif(greatest(try_cast(CASE WHEN regexp_full_match(text, '\d{1,3}(,\d{3})+(\.\d+)?') THEN replace(text, ',', '') ELSE text END
                           AS DOUBLE), 0), 0);
CREATE OR REPLACE TEMP TABLE sold AS
WITH
-- what the newest load says
of_product AS (
  SELECT number AS product_no, list_number(arg_max(value, (load_no, rows, value))) AS price
  FROM raw.property WHERE about = 'product' AND name = 'list_price' GROUP BY number
),
of_line AS (
  SELECT event_id, list_number(any_value(value)) AS price FROM raw.detail WHERE name = 'list_price' GROUP BY event_id
),
line AS (
  SELECT customer_no, product_no, event_id, CASE WHEN action = 'cancel' THEN -1 ELSE 1 END AS sign, amount::DOUBLE AS amount,
         abs(coalesce(quantity::DOUBLE, 1)) AS quantity
  FROM event
  WHERE action IN ('purchase', 'cancel') AND ts >= $first AND ts < $until AND product_no IS NOT NULL
)
SELECT customer_no, product_no, CASE WHEN $knows_amounts THEN sign * abs(coalesce(amount, 0)) ELSE sign END AS worth,
       CASE WHEN $knows_amounts AND sign = 1 AND amount > 0 THEN coalesce(l.price, p.price) * quantity END AS list
FROM line LEFT JOIN of_line l USING (event_id) LEFT JOIN of_product p USING (product_no)
