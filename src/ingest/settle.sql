-- Of the events in `shared` (customer_no, ts, rest): which rows stand aside, for earlier loads have them. A load that
-- keeps its overlap adds all it has to what there is; another one only what it has more: after load L there are
-- s(L) = max(s(L - 1), n(L)), which with the sums k of what was added is k(L) + max(0, max of n - k so far).
CREATE OR REPLACE TEMP TABLE candidate AS FROM loaded SEMI JOIN shared USING (customer_no, ts, rest);

CREATE OR REPLACE TEMP TABLE counted AS
SELECT customer_no, ts, rest, source, any_value(keeps_overlap) AS keeps, count(*) AS n,
       count(*) FILTER (is_aside) AS aside_now
FROM candidate JOIN raw.load ON load_no = source
GROUP BY customer_no, ts, rest, source;

CREATE OR REPLACE TEMP TABLE target AS
WITH
added AS (
  SELECT *, coalesce(sum(n) FILTER (keeps) OVER so_far, 0) AS k FROM counted
  WINDOW so_far AS (PARTITION BY customer_no, ts, rest ORDER BY source)
),
state AS (
  SELECT *, k + greatest(0, coalesce(max(n - k) FILTER (NOT keeps) OVER so_far, 0)) AS s FROM added
  WINDOW so_far AS (PARTITION BY customer_no, ts, rest ORDER BY source)
),
wanted AS (
  SELECT *, CASE WHEN keeps THEN 0 ELSE least(n, coalesce(lag(s) OVER so_far, 0)) END AS aside FROM state
  WINDOW so_far AS (PARTITION BY customer_no, ts, rest ORDER BY source)
)
SELECT customer_no, ts, rest, source, aside FROM wanted WHERE aside <> aside_now;

-- Of a load's equal rows the last ones stand aside.
CREATE OR REPLACE TEMP TABLE moving AS
SELECT event_id, is_aside
FROM candidate JOIN target USING (customer_no, ts, rest, source)
QUALIFY is_aside <> (row_number() OVER (PARTITION BY customer_no, ts, rest, source ORDER BY event_id DESC) <= aside);
