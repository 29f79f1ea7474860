-- The stages of the data are the schemas; which table belongs where is in ARCHITECTURE.md.
CREATE SCHEMA raw;      -- what was loaded
CREATE SCHEMA feature;  -- what was known of each customer at a cutoff
CREATE SCHEMA model;    -- what was learned
CREATE SCHEMA history;  -- the rows of every kept run, by run_id
CREATE SCHEMA result;   -- views: the newest run of each result
CREATE SCHEMA run;      -- what ran, with what, when

CREATE TYPE raw.action_name AS ENUM (  -- as contract/action.h numbers them
  'cancel', 'cart', 'click', 'exposure', 'partner_use', 'pay', 'purchase', 'review', 'search', 'view', 'wishlist');
CREATE TABLE raw.event (
  event_id BIGINT, customer_no INTEGER, ts TIMESTAMP, action raw.action_name, product_no INTEGER, outlet_no INTEGER,
  store_no INTEGER, receipt_id VARCHAR, amount DECIMAL(18, 4), quantity DECIMAL(18, 4), source INTEGER);
-- events that stand in another load, too, and do not count a second time: they come back when that one goes
CREATE TABLE raw.repeated (
  event_id BIGINT, customer_no INTEGER, ts TIMESTAMP, action raw.action_name, product_no INTEGER, outlet_no INTEGER,
  store_no INTEGER, receipt_id VARCHAR, amount DECIMAL(18, 4), quantity DECIMAL(18, 4), source INTEGER);
-- what a row said that no analysis reads yet: search_text, review_text, rating, seconds, creative ...
CREATE TABLE raw.detail (event_id BIGINT, name VARCHAR, value VARCHAR, source INTEGER);
CREATE TABLE raw.customer (
  customer_no INTEGER, customer_id VARCHAR, region VARCHAR, gender VARCHAR, age_band VARCHAR);
CREATE TABLE raw.product (
  product_no INTEGER, product_id VARCHAR, product_name VARCHAR, class_top VARCHAR, class_middle VARCHAR, brand VARCHAR);
-- what each load says of a customer, product or store (`about`), by its number: a table of them once, with `rows` null;
-- the rows of events so often. `name` is null where a table has the id. What follows of it stands in the tables above
CREATE TABLE raw.property (
  load_no INTEGER, about VARCHAR, number INTEGER, name VARCHAR, value VARCHAR, rows BIGINT);
-- where something happens, as far as the source says: every event has an outlet
CREATE TABLE raw.outlet (outlet_no INTEGER, partner VARCHAR, channel VARCHAR);
CREATE TABLE raw.store (store_no INTEGER, store_id VARCHAR, partner VARCHAR, region VARCHAR);
-- who was offered what, drawn at random with a known chance; offer 'none' is the hold-out
CREATE TABLE raw.exposure (
  customer_no INTEGER, ts TIMESTAMP, offer VARCHAR, propensity DOUBLE, source INTEGER);
-- holidays, the shop's own sale days and notes (kind: holiday, sale, note), as it has settled them
CREATE TABLE raw.calendar (
  first_day DATE, last_day DATE, kind VARCHAR, name VARCHAR, name_ko VARCHAR, source VARCHAR);
-- who is never to be contacted: ids as an import would keep them, whether or not they are a customer's yet
CREATE TABLE raw.suppression (customer_id VARCHAR, source VARCHAR, added_at TIMESTAMP);
-- who may be contacted through which medium (sms, push, email, kakao; night: at night, too): what was said last counts.
-- Where nothing was ever said nothing is kept, and everybody may be; of nobody ('') is the mark that something was
CREATE TABLE raw.consent (
  customer_id VARCHAR, medium VARCHAR, given BOOLEAN, day DATE, source VARCHAR, added_at TIMESTAMP);
-- who was forgotten, so that no import brings them back: ids are not kept, but what only the store's key makes of them
-- (ingest/forgotten.h)
CREATE TABLE raw.forgotten (digest VARCHAR, made_with VARCHAR, forgotten_on DATE);
CREATE TABLE raw.reject (
  load_no INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, text VARCHAR USING COMPRESSION zstd);
CREATE TABLE raw.load (
  load_no INTEGER, file VARCHAR, digest VARCHAR, preset VARCHAR, format VARCHAR, encoding VARCHAR,
  rows_read BIGINT, rows_loaded BIGINT, rows_rejected BIGINT, first_day DATE, last_day DATE, loaded_at TIMESTAMP,
  told BOOLEAN,  -- it said more of customers, products or stores that were there already
  keeps_overlap BOOLEAN);  -- rows of it that stand in earlier loads count again

CREATE TABLE feature.receipt (  -- `receipt` is the text_hash of its number: XXH3 of 64 bits
  customer_no INTEGER, action raw.action_name, day DATE, receipt UBIGINT, last_ts TIMESTAMP, amount DECIMAL(38, 4),
  lines INTEGER);

CREATE TABLE model.manifest (
  name VARCHAR, method VARCHAR, version VARCHAR, feature_hash VARCHAR, run_id BIGINT, cutoff DATE, label_until DATE,
  digest VARCHAR, bytes BIGINT, signature VARCHAR);
CREATE TABLE model.blob (digest VARCHAR, content BLOB);

-- the mark of a store: which program made the file, and by which version of this layout
CREATE TABLE run.store (
  application VARCHAR, layout INTEGER, next_load INTEGER,  -- no number of a load comes again
  rewrite BOOLEAN);  -- the file may still hold what was taken out of it
CREATE TABLE run.log (
  run_id BIGINT PRIMARY KEY, room VARCHAR, state VARCHAR, params VARCHAR, as_of DATE, period_from DATE,
  period_split DATE, period_until DATE, seed BIGINT, started_at TIMESTAMP, seconds DOUBLE, rows_written BIGINT,
  version VARCHAR, code VARCHAR, error VARCHAR, fingerprint VARCHAR);  -- of what it rests on
CREATE TABLE run.kept (run_id BIGINT PRIMARY KEY);  -- the runs whose rows are still there
-- what result.NAME shows: of each room one run, all of these dates
CREATE TABLE run.shown (room VARCHAR PRIMARY KEY, run_id BIGINT);
CREATE TABLE run.frame (as_of DATE, period_from DATE, period_split DATE, period_until DATE);
CREATE TABLE run.input (run_id BIGINT, table_name VARCHAR, read_run_id BIGINT);
CREATE TABLE run.fact (
  run_id BIGINT, position INTEGER, name VARCHAR, value DOUBLE, unit VARCHAR, lo DOUBLE, hi DOUBLE,
  about_from DATE, about_until DATE);  -- of the report's key figures
-- `id` of whose words (`scope`), and with what arguments (JSON); en and ko as it was said then
CREATE TABLE run.sentence (
  run_id BIGINT, position INTEGER, kind VARCHAR, scope VARCHAR, id VARCHAR, arguments VARCHAR, en VARCHAR, ko VARCHAR);
