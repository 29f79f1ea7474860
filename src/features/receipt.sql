-- Events by customer, action, day and receipt number: what most questions ask of, at a fraction of the rows. Those of
-- the temporary view `receipt_event`: what is to be added, or counted anew.
SELECT customer_no, action, ts::DATE AS day, text_hash(receipt_id) AS receipt, max(ts) AS last_ts,
       sum(amount) AS amount, count(*)::INTEGER AS lines
FROM receipt_event
WHERE action IN ('purchase', 'cancel', 'partner_use', 'pay')
GROUP BY customer_no, action, day, receipt
