-- From staged rows with provisional codes to raw.*: new ids get the next numbers, in byte order of the ids.

-- customers, with the region most of their rows name (the smaller name where two are level)
INSERT INTO raw.customer (customer_no, customer_id, region)
WITH region AS (
  SELECT s.customer, r.id AS region
  FROM staged s JOIN staged_region r ON r.code = s.region
  GROUP BY s.customer, r.id
  QUALIFY row_number() OVER (PARTITION BY s.customer ORDER BY count(*) DESC, r.id) = 1
)
SELECT (SELECT coalesce(max(customer_no) + 1, 0) FROM raw.customer) + row_number() OVER (ORDER BY c.id) - 1,
       c.id, region.region
FROM staged_customer c LEFT JOIN region ON region.customer = c.code
WHERE c.id NOT IN (SELECT customer_id FROM raw.customer);

-- products, with the name most of their rows give
INSERT INTO raw.product (product_no, product_id, product_name)
WITH naming AS (
  SELECT s.product, n.id AS product_name
  FROM staged s JOIN staged_product_name n ON n.code = s.product_name
  GROUP BY s.product, n.id
  QUALIFY row_number() OVER (PARTITION BY s.product ORDER BY count(*) DESC, n.id) = 1
)
SELECT (SELECT coalesce(max(product_no) + 1, 0) FROM raw.product) + row_number() OVER (ORDER BY p.id) - 1,
       p.id, naming.product_name
FROM staged_product p LEFT JOIN naming ON naming.product = p.code
WHERE p.id NOT IN (SELECT product_id FROM raw.product);

-- stores
INSERT INTO raw.store (store_no, store_id)
SELECT (SELECT coalesce(max(store_no) + 1, 0) FROM raw.store) + row_number() OVER (ORDER BY id) - 1, id
FROM staged_store
WHERE id NOT IN (SELECT store_id FROM raw.store);

-- events, codes replaced by numbers
INSERT INTO raw.event
WITH customer AS (SELECT code, customer_no FROM staged_customer JOIN raw.customer ON customer_id = id),
     product AS (SELECT code, product_no FROM staged_product JOIN raw.product ON product_id = id),
     store AS (SELECT code, store_no FROM staged_store JOIN raw.store ON store_id = id)
SELECT s.event_id, customer.customer_no, s.ts, s.action, product.product_no, s.partner, s.channel, store.store_no,
       s.receipt_id, s.amount, s.quantity, s.source
FROM staged s
JOIN customer ON customer.code = s.customer
LEFT JOIN product ON product.code = s.product
LEFT JOIN store ON store.code = s.store;

DROP TABLE staged;
