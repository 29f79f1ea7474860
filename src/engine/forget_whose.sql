-- Of `asked` (id, is_alone): the customers, their rows, and their devices, which are asked for, too. `joined` is there.
CREATE OR REPLACE TEMP TABLE going AS SELECT customer_no AS number FROM raw.customer WHERE is_asked(customer_id);

CREATE OR REPLACE TEMP TABLE going_event AS
SELECT event_id FROM raw.event WHERE customer_no IN (FROM going)
UNION
SELECT event_id FROM raw.repeated WHERE customer_no IN (FROM going)
UNION
SELECT event_id FROM joined WHERE customer_no IN (FROM going);

-- who is asked for as a device and is somebody who is not
CREATE OR REPLACE TEMP TABLE of_others AS
SELECT DISTINCT d.customer_id AS device, c.customer_id AS customer
FROM joined j JOIN raw.customer d ON d.customer_no = stand_in_no JOIN raw.customer c ON c.customer_no = j.customer_no
WHERE stand_in_no IN (FROM going) AND j.customer_no NOT IN (FROM going)
ORDER BY ALL;

INSERT INTO going
SELECT stand_in_no FROM joined WHERE stand_in_no NOT IN (FROM going)
GROUP BY stand_in_no HAVING bool_and(event_id IN (FROM going_event));

INSERT INTO asked
SELECT DISTINCT 'device:' || value, false FROM raw.detail SEMI JOIN going_event USING (event_id) WHERE name = 'device';
