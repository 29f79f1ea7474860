-- One row a customer, day, receipt and load: what most questions ask of, at a twentieth of the rows. A receipt
-- that two loads share has a row for each; readers group again.
INSERT INTO feature.receipt
SELECT customer_no, action, ts::DATE AS day, receipt_id, max(ts) AS last_ts, sum(amount) AS amount,
       sum(quantity) AS items, count(*) AS lines
FROM raw.event
WHERE source >= $first_load AND action IN ('purchase', 'cancel', 'partner_use', 'pay')
GROUP BY customer_no, action, day, receipt_id;
