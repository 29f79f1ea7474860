-- Everyone the campaign is about, one row a customer and product, or one without a product where none could be
-- recommended; before arms, media and budget.
CREATE OR REPLACE TEMP TABLE candidate AS
WITH
-- what a customer spent and did not take back in the months the forecast looked at
spent AS (
  SELECT customer_no, CASE WHEN net < 0 THEN 0 ELSE net END AS spend  -- greatest() takes an unknown for 0
  FROM (SELECT customer_no, sum(CASE action WHEN 'purchase' THEN amount ELSE -abs(amount) END)::DOUBLE AS net
        FROM event WHERE action IN ('purchase', 'cancel') AND ts >= $window_from GROUP BY customer_no)
),
-- what a purchase of the product brings, by the same months
price AS (
  SELECT p.product_id, avg(e.amount)::DOUBLE AS price
  FROM event e JOIN product p USING (product_no)
  WHERE e.action = 'purchase' AND e.ts >= $window_from
  GROUP BY p.product_id
),
-- where a product is sold that leavers use more than everybody, the most over-used first
outlet AS (
  SELECT product_id, arg_max(cell, (difference, cell)) AS outlet
  FROM (SELECT DISTINCT product_no, channel || coalesce(' ' || partner, '') AS cell
        FROM event JOIN outlet USING (outlet_no) WHERE action = 'purchase' AND ts >= $window_from)
  JOIN over_used USING (cell)
  JOIN product USING (product_no)
  WHERE dimension IN ('channel x partner', 'channel')
  GROUP BY product_id
),
-- everybody with a forecast; whose spend is not known counts as the average, so that p_leave alone orders them where
-- nobody's is
target AS (
  SELECT customer_no, f.customer_id, f.p_leave, f.p_leave_lo, f.p_leave_hi,
         coalesce(spent.spend, avg(spent.spend) OVER (), 1) AS spend,
         CASE WHEN f.grade = 'top' AND f.p_top >= $least_p_loyal THEN 'loyal'
              WHEN f.p_leave >= $least_p_leave THEN 'leaving' END AS reason
  FROM result.grade_forecast f
  JOIN customer c USING (customer_id)
  JOIN spent USING (customer_no)
),
product_offer AS (
  SELECT r.*, price, outlet, product_name
  FROM recommended r
  JOIN price USING (product_id)
  JOIN product USING (product_id)
  LEFT JOIN outlet USING (product_id)
)
-- P(buys it) = P(comes back) * P(buys it | comes back): the chain rule, so it never exceeds 1 - p_leave
SELECT t.customer_id, t.reason, t.p_leave, t.p_leave_lo, t.p_leave_hi, coalesce(r.product_id, '') AS product_id,
       coalesce(r.product_name, '') AS product_name,
       (1 - t.p_leave) * r.p_buy_if_back AS p_buy, (1 - t.p_leave_hi) * r.p_buy_if_back_lo AS p_buy_lo,
       (1 - t.p_leave_lo) * r.p_buy_if_back_hi AS p_buy_hi, r.price, coalesce(r.outlet, '') AS outlet,
       t.customer_no IN (SELECT customer_no FROM event WHERE action = 'pay' AND ts >= $window_from) AS pays,
       t.customer_no IN (SELECT customer_no FROM suppression) AS suppressed, near.listed AS looks_like,
       reachable.sms, reachable.kakao, reachable.push, reachable.email, reachable.night
FROM target t
JOIN reachable USING (customer_no)
LEFT JOIN product_offer r USING (customer_id)
LEFT JOIN near_suppression near USING (customer_no)
WHERE t.reason IS NOT NULL
-- those who take most with them first; the loyal after them, by what they spend
ORDER BY t.reason, CASE t.reason WHEN 'leaving' THEN t.p_leave * t.spend ELSE t.spend END DESC, t.customer_id,
  r.place;
