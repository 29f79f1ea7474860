-- Sums over customers, by what each bought at known list prices (k) and below them (b), what that would have cost at them (l) and
-- what was saved (s), and of their products: kk is of k times k.
WITH customer AS (
  SELECT customer_no, sum(worth) AS k, coalesce(sum(worth) FILTER (worth <= 0.99 * list), 0) AS b,
         coalesce(sum(list) FILTER (worth <= 0.99 * list), 0) AS l, l - b AS s
  FROM sold WHERE list IS NOT NULL GROUP BY customer_no
)
SELECT count(*) AS customers,
       sum(b) AS b, sum(k) AS k, sum(b * b) AS bb, sum(b * k) AS bk, sum(k * k) AS kk, sum(b * b * b) AS bbb, sum(b * b * k)
       AS bbk, sum(b * k * k) AS bkk, sum(k * k * k) AS kkk,
       sum(s) AS s, sum(l) AS l, sum(s * s) AS ss, sum(s * l) AS sl, sum(l * l) AS ll, sum(s * s * s) AS sss, sum(s * s * l)
       AS ssl, sum(s * l * l) AS sll, sum(l * l * l) AS lll
FROM (FROM customer ORDER BY customer_no)
