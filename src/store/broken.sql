-- What is wrong with what a store promises, the first of it; no row where all is well. Numbers of customers, products,
-- stores and outlets run from 0 without gaps, every id is there once, and no row names a number beyond them.
WITH
dimension AS (
  SELECT 'raw.customer' AS name, count(*) AS n, min(customer_no) AS least, max(customer_no) AS most,
         count(DISTINCT customer_no) AS numbers, count(DISTINCT customer_id) AS ids FROM raw.customer
  UNION ALL
  SELECT 'raw.product', count(*), min(product_no), max(product_no), count(DISTINCT product_no),
         count(DISTINCT product_id) FROM raw.product
  UNION ALL
  SELECT 'raw.outlet', count(*), min(outlet_no), max(outlet_no), count(DISTINCT outlet_no),
         count(DISTINCT row(partner, channel)) FROM raw.outlet
  UNION ALL
  SELECT 'raw.store', count(*), min(store_no), max(store_no), count(DISTINCT store_no), count(DISTINCT store_id)
  FROM raw.store
),
size AS (
  SELECT (SELECT count(*) FROM raw.customer) AS customers, (SELECT count(*) FROM raw.product) AS products,
         (SELECT count(*) FROM raw.store) AS stores, (SELECT count(*) FROM raw.outlet) AS outlets
),
loaded AS (
  SELECT 'raw.event' AS name, customer_no, ts, action, product_no, store_no, outlet_no, source FROM raw.event
  UNION ALL
  SELECT 'raw.repeated', customer_no, ts, action, product_no, store_no, outlet_no, source FROM raw.repeated
),
fact AS (
  SELECT name,
         5 * count(*) - count(customer_no) - count(ts) - count(action) - count(outlet_no) - count(source) AS missing,
         min(customer_no) AS customer_least, max(customer_no) AS customer_most,
         min(product_no) AS product_least, max(product_no) AS product_most,
         min(store_no) AS store_least, max(store_no) AS store_most,
         min(outlet_no) AS outlet_least, max(outlet_no) AS outlet_most, min(ts) AS earliest, max(ts) AS latest,
         0 AS wrong
  FROM loaded GROUP BY name
  UNION ALL
  SELECT 'raw.exposure', 4 * count(*) - count(customer_no) - count(ts) - count(offer) - count(propensity),
         min(customer_no), max(customer_no), NULL, NULL, NULL, NULL, NULL, NULL, min(ts), max(ts),
         count(*) FILTER (NOT (propensity > 0 AND propensity <= 1))
  FROM raw.exposure
  UNION ALL
  SELECT 'feature.receipt',
         5 * count(*) - count(customer_no) - count(day) - count(action) - count(lines) - count(receipt),
         min(customer_no), max(customer_no), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         count(*) FILTER (lines < 1 OR day < DATE '1900-01-01' OR day > DATE '2200-01-01')
  FROM feature.receipt
),
receipt_lines AS (SELECT customer_no, sum(lines) AS n FROM feature.receipt GROUP BY customer_no),
event_lines AS (
  SELECT customer_no, count(*) AS n FROM raw.event
  WHERE action IN ('purchase', 'cancel', 'partner_use', 'pay')
  GROUP BY customer_no
),
problem AS (
  SELECT name, 'numbers or ids that are missing or there twice' AS what FROM dimension
  WHERE n <> numbers OR n <> ids OR coalesce(least, 0) <> 0 OR coalesce(most::BIGINT + 1, 0) <> n
  UNION ALL
  SELECT name, 'values that are missing or not allowed' FROM fact WHERE missing + wrong > 0
  UNION ALL
  SELECT name, 'rows of a customer, product, store or outlet that is not there' FROM fact, size
  WHERE customer_least < 0 OR customer_most >= customers OR product_least < 0 OR product_most >= products
     OR store_least < 0 OR store_most >= stores OR outlet_least < 0 OR outlet_most >= outlets
  UNION ALL
  SELECT name, 'rows of a load that is not there' FROM loaded GROUP BY name
  HAVING min(source) < 0 OR max(source) > (SELECT coalesce(max(load_no), -1) FROM raw.load)
  UNION ALL
  SELECT 'raw.detail', 'rows of a load or an event that is not there' FROM raw.detail
  HAVING min(source) < 0 OR max(source) > (SELECT coalesce(max(load_no), -1) FROM raw.load) OR min(event_id) < 0
  UNION ALL
  SELECT name, 'days that cannot be' FROM fact
  WHERE earliest < TIMESTAMP '1900-01-01' OR latest > TIMESTAMP '2200-01-01'
  UNION ALL
  SELECT 'feature.receipt', 'lines that are not those of raw.event'
  FROM receipt_lines FULL JOIN event_lines USING (customer_no)
  WHERE receipt_lines.n IS DISTINCT FROM event_lines.n
  UNION ALL
  SELECT 'run.log', 'numbers of runs that are missing or there twice' FROM run.log
  HAVING count(*) <> count(DISTINCT run_id) OR min(run_id) < 1 OR max(run_id) > 1000000000000
  UNION ALL
  SELECT 'run.shown', 'runs that are not there' FROM run.shown LEFT JOIN run.log USING (run_id)
  WHERE state IS DISTINCT FROM 'done'
  UNION ALL
  SELECT 'run.frame', 'days that are missing or cannot be' FROM run.frame
  HAVING count(*) > 1 OR 4 * count(*) <> count(as_of) + count(period_from) + count(period_split) + count(period_until)
    OR min(least(as_of, period_from, period_split, period_until)) < DATE '1900-01-01'
    OR max(greatest(as_of, period_from, period_split, period_until)) > DATE '2200-01-01'
  UNION ALL
  SELECT 'raw.load', 'numbers of loads that are missing or there twice' FROM raw.load
  HAVING count(*) <> count(DISTINCT load_no) OR min(load_no) < 0 OR max(load_no) > 1000000000
)
SELECT name || ': ' || what AS problem FROM problem ORDER BY ALL LIMIT 1;
