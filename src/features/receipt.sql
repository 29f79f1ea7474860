-- One row a customer, action, day and receipt number: what most questions ask of, at a twentieth of the rows. What
-- a load brings of a receipt that is there already is added to it.
MERGE INTO feature.receipt AS known
USING (
  SELECT customer_no, action, ts::DATE AS day, receipt_id, max(ts) AS last_ts, sum(amount) AS amount,
         sum(quantity) AS items, count(*) AS lines
  FROM raw.event
  WHERE source >= $first_load AND action IN ('purchase', 'cancel', 'partner_use', 'pay')
  GROUP BY customer_no, action, day, receipt_id
) AS fresh
ON known.customer_no = fresh.customer_no AND known.action = fresh.action AND known.day = fresh.day
   AND known.receipt_id IS NOT DISTINCT FROM fresh.receipt_id
WHEN MATCHED THEN UPDATE SET
  last_ts = greatest(known.last_ts, fresh.last_ts),
  amount = coalesce(known.amount + fresh.amount, known.amount, fresh.amount),
  items = coalesce(known.items + fresh.items, known.items, fresh.items),
  lines = known.lines + fresh.lines
WHEN NOT MATCHED THEN INSERT BY NAME;
