-- What a piece of a line costs by its list price: the line's own, else what the newest load says of the product.
CREATE OR REPLACE TEMP MACRO list_number(text) AS
  CASE WHEN regexp_full_match(text, '\d{1,3}(,\d{3})+(\.\d+)?|\d{1,15}(\.\d+)?')
       THEN nullif(replace(text, ',', '')::DOUBLE, 0) END;
CREATE OR REPLACE TEMP VIEW list_price AS
WITH of_line AS (
  SELECT event_id, list_number(any_value(value)) AS price FROM raw.detail WHERE name = 'list_price' GROUP BY event_id
  HAVING price IS NOT NULL
),
of_product AS (
  SELECT number AS product_no, list_number(arg_max(value, (load_no, rows, value))) AS price
  FROM raw.property WHERE about = 'product' AND name = 'list_price' GROUP BY number HAVING price IS NOT NULL
)
SELECT event_id, price FROM of_line
UNION ALL
SELECT event_id, price FROM event JOIN of_product USING (product_no) ANTI JOIN of_line USING (event_id)
