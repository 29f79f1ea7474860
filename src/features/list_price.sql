-- What a piece of a line costs by its list price: the line's own, else what the newest load says of the product.
CREATE OR REPLACE TEMP MACRO list_number(text) AS
  nullif(greatest(try_cast(CASE WHEN regexp_full_match(text, '\d{1,3}(,\d{3})+(\.\d+)?') THEN replace(text, ',', '')
                                ELSE text END AS DOUBLE), 0), 0);
CREATE OR REPLACE TEMP VIEW list_price AS
WITH of_product AS (
  SELECT number AS product_no, list_number(arg_max(value, (load_no, rows, value))) AS price
  FROM raw.property WHERE about = 'product' AND name = 'list_price' GROUP BY number
),
of_line AS (
  SELECT event_id, list_number(any_value(value)) AS price FROM raw.detail WHERE name = 'list_price' GROUP BY event_id
)
SELECT event_id, coalesce(l.price, p.price) AS price
FROM event LEFT JOIN of_line l USING (event_id) LEFT JOIN of_product p USING (product_no)
WHERE coalesce(l.price, p.price) IS NOT NULL
