-- What is visible where devices are joined with who logged in on them: `joined`, of before $as_of.
CREATE OR REPLACE TEMP VIEW event AS
SELECT e.* REPLACE (coalesce(j.customer_no, e.customer_no) AS customer_no)
FROM all_event e LEFT JOIN joined j USING (event_id);

-- the receipts that have such a row are made anew
CREATE OR REPLACE TEMP TABLE joined_key AS
SELECT DISTINCT unnest([j.customer_no, stand_in_no]) AS customer_no, action, ts::DATE AS day,
       text_hash(receipt_id) AS receipt
FROM joined j JOIN all_event USING (event_id);
CREATE OR REPLACE TEMP VIEW receipt_event AS
SELECT e.* FROM event e SEMI JOIN joined_key k ON e.customer_no = k.customer_no AND e.action = k.action
  AND e.ts::DATE = k.day AND text_hash(e.receipt_id) = k.receipt;

-- who is a device alone and was joined is nobody any more
CREATE OR REPLACE TEMP TABLE joined_away AS
SELECT DISTINCT stand_in_no AS customer_no FROM joined ANTI JOIN event ON event.customer_no = stand_in_no;
CREATE OR REPLACE TEMP VIEW customer AS FROM raw.customer ANTI JOIN joined_away USING (customer_no);
