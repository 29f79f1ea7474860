-- Of the people in `asked` (id), who are the customers in `going` (number) with the rows in
-- `going_event` (event_id): the runs that are to be dropped.

-- An id as files write it: a device's without what marks it as one.
CREATE OR REPLACE TEMP MACRO written_id(id) AS CASE WHEN starts_with(id, 'device:') THEN substr(id, 8) ELSE id END;
-- Whether an id stands in a text as a word of its own.
CREATE OR REPLACE TEMP MACRO is_word_of(given, id) AS regexp_matches(
  folded_id(given), '(^|[^\p{L}\p{N}])' || regexp_escape(folded_id(written_id(id))) || '($|[^\p{L}\p{N}])');
-- Whether a text names one of them by an id that is more than a number.
CREATE OR REPLACE TEMP MACRO is_named(given) AS EXISTS (
  FROM asked WHERE regexp_matches(written_id(id), '[^0-9]') AND is_word_of(given, id));
-- The same of any id, for texts that are no numbers.
CREATE OR REPLACE TEMP MACRO are_named(texts) AS EXISTS (
  FROM asked WHERE is_word_of(
    array_to_string([said FOR said IN texts IF regexp_matches(said, '[^-0-9., ]')], ' | '), id));

-- Runs whose parameters or words name them; the words of old runs are not in parts.
CREATE OR REPLACE TEMP TABLE naming AS
SELECT run_id FROM run.log WHERE are_named(regexp_extract_all(params, '":"((?:\\.|[^"\\])*)"', 1))
UNION
SELECT run_id FROM run.sentence
WHERE CASE WHEN arguments = '' THEN is_named(en || ' ' || ko)
      ELSE is_named(array_to_string(regexp_extract_all(arguments, '"(?:text|en|ko)":"((?:\\.|[^"\\])*)"', 1), ' | '))
      END;

-- And those that could see a load of theirs, which is what the fingerprint of a run goes by (engine/identity.h).
CREATE OR REPLACE TEMP TABLE dropped AS
WITH
theirs AS (
  SELECT source AS load_no FROM raw.event WHERE event_id IN (FROM going_event)
  UNION
  SELECT source FROM raw.repeated WHERE event_id IN (FROM going_event)
  UNION
  SELECT source FROM raw.exposure WHERE customer_no IN (FROM going)
  UNION
  SELECT load_no FROM raw.property WHERE about = 'customer' AND number IN (FROM going)
),
earliest AS (
  SELECT min(CASE WHEN told OR first_day IS NULL THEN DATE '0001-01-01' ELSE first_day END) AS day
  FROM raw.load SEMI JOIN theirs USING (load_no)
)
SELECT run_id FROM run.log, earliest WHERE greatest(as_of, period_until) > day
UNION
FROM naming;
