-- What makes two events one, besides customer and time: no text that somebody wrote freely, and no place.
CREATE OR REPLACE TEMP MACRO event_rest(action, product_no, receipt_id, amount, quantity) AS
  hash(action, product_no, receipt_id, amount, quantity);

-- Every row of every load, whether it counts or stands aside.
CREATE OR REPLACE TEMP VIEW loaded AS
SELECT event_id, customer_no, ts, event_rest(action, product_no, receipt_id, amount, quantity) AS rest, action, source,
       false AS is_aside
FROM raw.event
UNION ALL
SELECT event_id, customer_no, ts, event_rest(action, product_no, receipt_id, amount, quantity), action, source, true
FROM raw.repeated;
