-- Customers by their two grades; no purchase in a period is `inactive`.
SELECT h1_grade, h2_grade, count(*) AS customers
FROM (SELECT coalesce(max(grade) FILTER (period = 'H1'), 'inactive') AS h1_grade,
             coalesce(max(grade) FILTER (period = 'H2'), 'inactive') AS h2_grade
      FROM result.rfm GROUP BY customer_id)
GROUP BY h1_grade, h2_grade;
