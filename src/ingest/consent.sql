-- By customer, whether each medium may be used: everybody may be reached where no consent was ever kept, but not at
-- night.
CREATE OR REPLACE TEMP VIEW reachable AS
WITH
-- a consent is of the id as it is written, or of the one customer whose id differs by letter case alone; a refusal
-- is of all of them
who AS (
  SELECT customer_no, customer_id AS written, folded_id(customer_id) AS id,
         count(*) OVER (PARTITION BY folded_id(customer_id)) = 1 AS is_alone
  FROM raw.customer WHERE NOT starts_with(customer_id, 'device:')  -- nobody can be reached by a device's number
),
latest AS (
  SELECT customer_no AS id, medium, arg_max(given, (day, added_at, NOT given)) AS given
  FROM raw.consent c JOIN who ON folded_id(c.customer_id) = who.id AND (NOT given OR is_alone OR customer_id = written)
  GROUP BY ALL
),
given AS (
  SELECT id, bool_or(given) FILTER (medium = 'sms') AS sms, bool_or(given) FILTER (medium = 'push') AS push,
         bool_or(given) FILTER (medium = 'email') AS email, bool_or(given) FILTER (medium = 'kakao') AS kakao,
         bool_or(given) FILTER (medium = 'night') AS night
  FROM latest GROUP BY id
),
kept AS (SELECT count(*) > 0 AS is_kept FROM raw.consent)
SELECT customer_no, coalesce(sms, NOT is_kept) AS sms, coalesce(push, NOT is_kept) AS push,
       coalesce(email, NOT is_kept) AS email, coalesce(kakao, NOT is_kept) AS kakao, coalesce(night, false) AS night
FROM who CROSS JOIN kept LEFT JOIN given ON customer_no = given.id;
