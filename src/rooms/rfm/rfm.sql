-- `graded` holds one period's buyers.
INSERT INTO history.rfm BY NAME
SELECT $run_id AS run_id, customer_id, $period AS period, recency_days, frequency, monetary, r_score, f_score,
       m_score,
       rfm_score, grade
FROM graded
ORDER BY customer_id;

-- scores in steps of ten; 100 belongs to the last step
INSERT INTO history.rfm_histogram BY NAME
SELECT $run_id AS run_id, $period AS period, least(90, floor(rfm_score / 10) * 10) AS score_from,
       score_from + 10 AS score_until, count(*) AS customers
FROM graded
GROUP BY ALL
ORDER BY ALL;
