-- From a store of 0.1.0, attached as danggol, into an empty one of today, attached as fresh. Models were not signed
-- then: they are trained again. What runs rested on was not known by fingerprints: they run again.
INSERT INTO fresh.raw.outlet
SELECT row_number() OVER (ORDER BY coalesce(partner, ''), coalesce(channel, '')) - 1, partner, channel
FROM (SELECT DISTINCT partner, channel FROM danggol.raw.event);
INSERT INTO fresh.raw.event
SELECT event_id, customer_no, ts, action, product_no, outlet_no, store_no, receipt_id, amount, quantity, source
FROM danggol.raw.event e JOIN fresh.raw.outlet o
  ON o.partner IS NOT DISTINCT FROM e.partner AND o.channel IS NOT DISTINCT FROM e.channel
ORDER BY event_id;
INSERT INTO fresh.raw.customer FROM danggol.raw.customer;
INSERT INTO fresh.raw.product BY NAME FROM danggol.raw.product;
INSERT INTO fresh.raw.store FROM danggol.raw.store;
INSERT INTO fresh.raw.exposure FROM danggol.raw.exposure;
INSERT INTO fresh.raw.reject FROM danggol.raw.reject;
INSERT INTO fresh.raw.load
SELECT load_no, file, digest, preset, format, encoding, rows_read, rows_loaded, rows_rejected, first_day, last_day,
       loaded_at, true, true
FROM danggol.raw.load LEFT JOIN (
  SELECT source AS load_no, min(ts)::DATE AS first_day, max(ts)::DATE AS last_day
  FROM (SELECT source, ts FROM danggol.raw.event UNION ALL SELECT source, ts FROM danggol.raw.exposure)
  GROUP BY source) USING (load_no)
ORDER BY load_no;
UPDATE fresh.run.store SET next_load = (SELECT coalesce(max(load_no) + 1, 0) FROM fresh.raw.load);
-- which load said what was not kept: the first one did, in a table
INSERT INTO fresh.raw.property
SELECT (SELECT min(load_no) FROM fresh.raw.load), about, number, name, value, NULL
FROM (
  SELECT 'customer' AS about, customer_no AS number, NULL AS name, NULL AS value FROM danggol.raw.customer
  UNION ALL
  SELECT 'product', product_no, NULL, NULL FROM danggol.raw.product
  UNION ALL
  SELECT 'store', store_no, NULL, NULL FROM danggol.raw.store
  UNION ALL
  SELECT 'customer', customer_no, unnest(['region', 'gender', 'age_band']), unnest([region, gender, age_band])
  FROM danggol.raw.customer
  UNION ALL
  SELECT 'product', product_no, unnest(['product_name', 'class_top', 'class_middle']),
         unnest([product_name, class_top, class_middle])
  FROM danggol.raw.product
  UNION ALL
  SELECT 'store', store_no, unnest(['partner', 'region']), unnest([partner, region]) FROM danggol.raw.store
)
WHERE name IS NULL OR value IS NOT NULL;
INSERT INTO fresh.feature.receipt
SELECT customer_no, action, ts::DATE AS day, text_hash(receipt_id) AS receipt, max(ts), sum(amount), count(*)
FROM fresh.raw.event
WHERE action IN ('purchase', 'cancel', 'partner_use', 'pay')
GROUP BY customer_no, action, day, receipt;

INSERT INTO fresh.run.log
SELECT run_id, room, state, params, as_of, period_from, period_split, period_until, seed, started_at, seconds,
       rows_written, version, '', error, ''
FROM danggol.run.log ORDER BY run_id;
INSERT INTO fresh.run.input FROM danggol.run.input;
INSERT INTO fresh.run.fact
SELECT run_id, position, name, value, unit, lo, hi, NULL, NULL FROM danggol.run.fact;
INSERT INTO fresh.run.sentence SELECT run_id, position, kind, '', '', '', en, ko FROM danggol.run.sentence;
-- of each room the newest run, if it is of the same dates as the newest of all
INSERT INTO fresh.run.frame
SELECT as_of, period_from, period_split, period_until FROM fresh.run.log WHERE state = 'done'
ORDER BY run_id DESC LIMIT 1;
INSERT INTO fresh.run.shown
SELECT room, max(run_id) FROM fresh.run.log JOIN fresh.run.frame USING (as_of, period_from, period_split, period_until)
WHERE state = 'done' GROUP BY room;
INSERT INTO fresh.run.kept SELECT run_id FROM fresh.run.shown;
