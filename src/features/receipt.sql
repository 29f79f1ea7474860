-- One row a customer, action, day and receipt number: what most questions ask of, at a fraction of the rows. What a
-- load brings of a receipt that is there already is added to it.
MERGE INTO feature.receipt AS known
USING (
  SELECT customer_no, action, ts::DATE AS day, hash(receipt_id) AS receipt, max(ts) AS last_ts, sum(amount) AS amount,
         count(*)::INTEGER AS lines
  FROM raw.event
  WHERE source >= $first_load AND action IN ('purchase', 'cancel', 'partner_use', 'pay')
  GROUP BY customer_no, action, day, receipt
) AS fresh
ON known.customer_no = fresh.customer_no AND known.action = fresh.action AND known.day = fresh.day
   AND known.receipt = fresh.receipt
WHEN MATCHED THEN UPDATE SET
  last_ts = greatest(known.last_ts, fresh.last_ts),
  amount = coalesce(known.amount + fresh.amount, known.amount, fresh.amount), lines = known.lines + fresh.lines
WHEN NOT MATCHED THEN INSERT BY NAME;
