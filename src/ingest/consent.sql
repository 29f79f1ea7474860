-- By customer, whether each medium may be used: everybody may be reached where no consent was ever kept, but not at
-- night.
CREATE OR REPLACE TEMP VIEW reachable AS
WITH
latest AS (
  SELECT folded_id(customer_id) AS id, medium, arg_max(given, (day, added_at, NOT given)) AS given
  FROM raw.consent GROUP BY ALL
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
FROM raw.customer CROSS JOIN kept LEFT JOIN given ON folded_id(customer_id) = id;
