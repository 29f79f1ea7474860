-- A mean and half of its 95 % interval from a sum, a sum of squares and a count of independent units.
CREATE OR REPLACE TEMP MACRO mean_of(total, n) AS total::DOUBLE / nullif(n, 0);
CREATE OR REPLACE TEMP MACRO half_width(total, squares, n) AS
  1.959963984540054 * sqrt(greatest(0, squares - total * total / nullif(n, 0)) / nullif(n - 1, 0) / nullif(n, 0));

-- Purchases and partner use of the months in [$first_month, $last_month), one row a receipt, month and slice.
CREATE OR REPLACE TEMP TABLE sliced_receipt AS
WITH
line AS (
  SELECT date_trunc('month', e.ts)::DATE AS month, e.customer_no, e.ts::DATE AS day, e.receipt_id, e.action,
         e.amount, e.partner, e.channel, s.region AS store_region, p.class_top
  FROM event e
  LEFT JOIN store s USING (store_no)
  LEFT JOIN product p USING (product_no)
  WHERE e.action IN ('purchase', 'partner_use') AND e.ts >= $first_month AND e.ts < $last_month
),
sliced AS (
  SELECT *, 'all' AS dimension, 'all' AS slice FROM line
  UNION ALL SELECT *, 'partner', partner FROM line WHERE partner IS NOT NULL
  UNION ALL SELECT *, 'channel', channel FROM line WHERE channel IS NOT NULL
  UNION ALL SELECT *, 'store region', store_region FROM line WHERE store_region IS NOT NULL
  UNION ALL SELECT *, 'product class', class_top FROM line WHERE class_top IS NOT NULL
)
SELECT month, dimension, slice, customer_no, action = 'purchase' AS is_purchase, coalesce(sum(amount), 0) AS amount
FROM sliced
GROUP BY month, dimension, slice, customer_no, day, receipt_id, action;

INSERT INTO history.sales_trend BY NAME
WITH
buyer AS (
  SELECT month, dimension, slice, customer_no, count(*) AS receipts, sum(amount) AS amount,
         count(*) FILTER (is_purchase) AS purchases, coalesce(sum(amount) FILTER (is_purchase), 0) AS purchase_amount
  FROM sliced_receipt GROUP BY month, dimension, slice, customer_no
),
-- means over product buyers with their sums of squares; customers are the independent units
per_buyer AS (
  SELECT month, dimension, slice, count(*) AS buyers, sum(amount) AS sales, sum(receipts) AS receipts,
         count(*) FILTER (purchases > 0) AS product_buyers,
         sum(purchases)::DOUBLE AS purchases, sum(purchases * purchases)::DOUBLE AS purchases_squared,
         sum(purchase_amount)::DOUBLE AS spent,
         sum(purchase_amount::DECIMAL(19, 2) * purchase_amount::DECIMAL(19, 2))::DOUBLE AS spent_squared
  FROM buyer GROUP BY month, dimension, slice
),
per_receipt AS (
  SELECT month, dimension, slice, sum(amount::DECIMAL(19, 2) * amount::DECIMAL(19, 2))::DOUBLE AS amount_squared
  FROM sliced_receipt GROUP BY month, dimension, slice
)
SELECT $run_id AS run_id, month, dimension, slice, buyers, sales, receipts,
       mean_of(sales, receipts) AS amount_per_receipt,
       mean_of(sales, receipts) - half_width(sales::DOUBLE, amount_squared, receipts) AS amount_per_receipt_lo,
       mean_of(sales, receipts) + half_width(sales::DOUBLE, amount_squared, receipts) AS amount_per_receipt_hi,
       mean_of(purchases, product_buyers) AS purchases_per_buyer,
       mean_of(purchases, product_buyers) - half_width(purchases, purchases_squared,
         product_buyers) AS purchases_per_buyer_lo,
       mean_of(purchases, product_buyers) + half_width(purchases, purchases_squared,
         product_buyers) AS purchases_per_buyer_hi,
       mean_of(spent, product_buyers) AS amount_per_buyer,
       mean_of(spent, product_buyers) - half_width(spent, spent_squared, product_buyers) AS amount_per_buyer_lo,
       mean_of(spent, product_buyers) + half_width(spent, spent_squared, product_buyers) AS amount_per_buyer_hi,
       sales::DOUBLE / sum(sales::DOUBLE) OVER (PARTITION BY month, dimension) AS share_of_sales
FROM per_buyer JOIN per_receipt USING (month, dimension, slice)
ORDER BY dimension, slice, month;
