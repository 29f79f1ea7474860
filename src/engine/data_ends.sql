-- What ends before the rest of the data by more than a usual gap: an action, a file that no other goes on from; and
-- the data themselves, where they end before $as_of.
WITH
day AS (SELECT DISTINCT action, day FROM receipt),
pause AS (SELECT action, day, day - lag(day) OVER (PARTITION BY action ORDER BY day) AS days FROM day),
pause_of_all AS (SELECT day - lag(day) OVER (ORDER BY day) AS days FROM (SELECT DISTINCT day FROM day)),
usual AS (SELECT greatest($slack_days, max(days)) AS days FROM pause_of_all),
file AS (
  SELECT file, first_day, least(last_day, $as_of::DATE - 1) AS last_day FROM raw.load
  WHERE first_day < $as_of::DATE AND load_no NOT IN (SELECT source FROM raw.exposure)  -- nobody expects offers to go on
),
last AS (SELECT greatest((SELECT max(last_day) FROM file), (SELECT max(day) FROM day)) AS day)
SELECT 'action' AS kind, action::VARCHAR AS name, max(pause.day) AS ended, any_value(last.day) AS last
FROM pause, last
GROUP BY action
HAVING (action = 'purchase' OR count(*) >= 20)  -- what is rare anyway ends early now and then
   AND ended >= $from AND ended + greatest($slack_days, coalesce(max(pause.days), 0))::INTEGER < any_value(last.day)
UNION ALL
(SELECT 'file', file.file, file.last_day, last.day
 FROM file, usual, last
 WHERE file.last_day >= $from AND file.last_day + usual.days::INTEGER < last.day
   AND NOT EXISTS (FROM file later WHERE later.last_day > file.last_day
                   AND abs(later.first_day - file.last_day) <= usual.days)
 ORDER BY ALL LIMIT 3)
UNION ALL
SELECT 'data', '', last.day, $as_of::DATE FROM last, usual WHERE last.day + usual.days::INTEGER < $as_of::DATE - 1
ORDER BY ALL;
