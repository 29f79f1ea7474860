-- The tables of a store that danggol 0.1.0 made, as src/store/layout.sql was then.
CREATE SCHEMA raw;
CREATE SCHEMA feature;
CREATE SCHEMA model;
CREATE SCHEMA history;
CREATE SCHEMA result;
CREATE SCHEMA run;

CREATE TABLE raw.event (
  event_id BIGINT, customer_no INTEGER, ts TIMESTAMP, action VARCHAR, product_no INTEGER, partner VARCHAR,
  channel VARCHAR, store_no INTEGER, receipt_id VARCHAR, amount DECIMAL(18, 4), quantity DECIMAL(18, 4),
  source INTEGER);
CREATE TABLE raw.customer (
  customer_no INTEGER, customer_id VARCHAR, region VARCHAR, gender VARCHAR, age_band VARCHAR);
CREATE TABLE raw.product (
  product_no INTEGER, product_id VARCHAR, product_name VARCHAR, class_top VARCHAR, class_middle VARCHAR);
CREATE TABLE raw.store (store_no INTEGER, store_id VARCHAR, partner VARCHAR, region VARCHAR);

CREATE TABLE raw.exposure (
  customer_no INTEGER, ts TIMESTAMP, offer VARCHAR, propensity DOUBLE, source INTEGER);
CREATE TABLE raw.reject (
  load_no INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, text VARCHAR USING COMPRESSION zstd);
CREATE TABLE raw.load (
  load_no INTEGER, file VARCHAR, digest VARCHAR, preset VARCHAR, format VARCHAR, encoding VARCHAR,
  rows_read BIGINT, rows_loaded BIGINT, rows_rejected BIGINT, loaded_at TIMESTAMP);

CREATE TABLE feature.receipt (
  customer_no INTEGER, action VARCHAR, day DATE, receipt UBIGINT, last_ts TIMESTAMP, amount DECIMAL(38, 4),
  lines INTEGER);

CREATE TABLE model.manifest (
  name VARCHAR, method VARCHAR, version VARCHAR, feature_hash VARCHAR, run_id BIGINT, cutoff DATE, label_until DATE,
  digest VARCHAR, bytes BIGINT);
CREATE TABLE model.blob (digest VARCHAR, content BLOB);

CREATE TABLE run.store (layout INTEGER);
CREATE TABLE run.log (
  run_id BIGINT, room VARCHAR, state VARCHAR, params VARCHAR, as_of DATE, period_from DATE, period_split DATE,
  period_until DATE, seed BIGINT, started_at TIMESTAMP, seconds DOUBLE, rows_written BIGINT, version VARCHAR,
  error VARCHAR);
CREATE TABLE run.input (run_id BIGINT, table_name VARCHAR, read_run_id BIGINT);
CREATE TABLE run.fact (
  run_id BIGINT, position INTEGER, name VARCHAR, value DOUBLE, unit VARCHAR, lo DOUBLE, hi DOUBLE, label_en VARCHAR,
  label_ko VARCHAR);
CREATE TABLE run.sentence (run_id BIGINT, position INTEGER, kind VARCHAR, en VARCHAR, ko VARCHAR);
