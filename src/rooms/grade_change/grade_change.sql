INSERT INTO history.grade_change BY NAME
WITH
-- one row a customer; no purchase in a period is `inactive`
pair AS (
  SELECT coalesce(h1.grade, 'inactive') AS h1_grade, coalesce(h2.grade, 'inactive') AS h2_grade
  FROM (SELECT customer_id, grade FROM result.rfm WHERE period = 'H1') h1
  FULL JOIN (SELECT customer_id, grade FROM result.rfm WHERE period = 'H2') h2 USING (customer_id)
),
cell AS (
  SELECT h1_grade, h2_grade, count(*) AS customers,
         sum(count(*)) OVER (PARTITION BY h1_grade) AS of_h1, sum(count(*)) OVER () AS of_all
  FROM pair GROUP BY h1_grade, h2_grade
)
SELECT $run_id AS run_id, h1_grade, h2_grade, customers, customers / of_h1 AS share_of_h1,
       customers / of_all AS share_of_all,
       wilson_lo(customers, of_h1) AS share_lo, wilson_hi(customers, of_h1) AS share_hi
FROM cell
ORDER BY list_position(['top', 'good', 'regular', 'other', 'inactive'], h1_grade),
         list_position(['top', 'good', 'regular', 'other', 'inactive'], h2_grade);
