-- Whose the rows are that a device stood for: of who logged in on it last before; before the first login, of who did
-- so first. Of what is before $as_of: `joined` (event_id, stand_in_no, customer_no).
CREATE OR REPLACE TEMP TABLE joined AS
WITH
row AS (SELECT event_id, customer_no, ts FROM raw.event UNION ALL SELECT event_id, customer_no, ts FROM raw.repeated),
used AS (
  SELECT event_id, customer_no, ts, customer_id, value AS device, customer_id = 'device:' || value AS is_stand_in
  FROM raw.detail JOIN row USING (event_id) JOIN raw.customer USING (customer_no)
  WHERE name = 'device' AND ts < $as_of
),
login AS (
  SELECT device, ts, arg_min(customer_no, customer_id) AS customer_no FROM used WHERE NOT is_stand_in GROUP BY ALL
),
first_login AS (SELECT device, arg_min(customer_no, ts) AS customer_no FROM login GROUP BY device)
SELECT event_id, u.customer_no AS stand_in_no, coalesce(l.customer_no, f.customer_no) AS customer_no
FROM used u JOIN first_login f USING (device) ASOF LEFT JOIN login l ON u.device = l.device AND u.ts >= l.ts
WHERE is_stand_in;
