"""`danggol sql`: exactly one SELECT over the store. It writes nothing, reads nothing else, and knows its bounds."""

import csv
import json
import os
import resource
import signal
import threading

from attack import DISK, MEMORY, NOT_THERE, OK, REFUSED, ELSEWHERE, WRONG, case

NO = (WRONG, REFUSED)


def refuse_all(case, statements, **how):
    """None runs, none leaves a trace; what was smuggled in does not come out."""
    store = case.store()
    case.write("secret.csv", f"a\n{ELSEWHERE}\n")
    for statement in statements:
        text = statement.format(store=store, here=case.folder, secret=case.path("secret.csv"))
        with case.unchanged(text):
            done = case.run("sql", text, "--store", store, status=NO, **how)
        case.expect(ELSEWHERE not in done.text, f"{text}: shows another file")
        if case.problems and not case.is_store(store):
            store = case.store()  # for the next


@case
def injection(case):
    """Out of whatever a statement is pasted into, and back."""
    refuse_all(
        case,
        [
            f"{before}{middle}{after}"
            for middle in (
                "COPY (SELECT 42) TO '{store}' (FORMAT csv, USE_TMP_FILE false)",
                "COPY (SELECT 42) TO '{here}/new.csv'",
                "COPY (SELECT 42) TO '{secret}' (USE_TMP_FILE false)",
                "CREATE TABLE raw.new AS SELECT 1",
                "CHECKPOINT",
            )
            for before, after in (
                ("SELECT 1) ; ", " ; SELECT (1"),
                ("SELECT 1\n) ; ", " ; (SELECT 1"),
                ("SELECT 1 ; ", ""),
                ("", " ; SELECT 1"),
                ("SELECT 1) LIMIT 0 ; ", " ; --"),
            )
        ]
        + [
            "SELECT 1) AS t, (COPY (SELECT 42) TO '{here}/new.csv'",
            "SELECT 1) LIMIT 0; DETACH DATABASE store; ATTACH '{here}/new.duckdb' AS new; SELECT (1",
            "SELECT 1 /* ) ; */ ) ; COPY (SELECT 1) TO '{here}/new.csv' ; SELECT (1 /* */",
            "SELECT ';' ) ; COPY (SELECT 1) TO '{here}/new.csv' ; SELECT ('",
            "SELECT $$ ) $$ ) ; COPY (SELECT 1) TO '{here}/new.csv' ; SELECT ($$",
        ],
    )


@case
def two_statements(case):
    """Of different shape, which crashed the writer; of one shape; and the second hidden."""
    refuse_all(
        case,
        [
            "SELECT 1 ; SELECT 2",
            "SELECT 1; SELECT 1, 2",
            "SELECT 1, 2; SELECT 'a'",
            "SELECT 1) ; SELECT (1, 2",
            "SELECT 1) ; (SELECT 1, 'a', 2.5",
            "SELECT 'a') ; (SELECT 1 AS b, [1, 2] AS c",
            "FROM raw.event) ; (FROM raw.customer",
            "SELECT 1) LIMIT 0; SELECT * FROM (SELECT 1, 2, 3",
            "SELECT 1 ; -- \n SELECT 2, 3",
            "SELECT 1 ; /* */ ; SELECT 2",
        ],
    )


@case
def statements_that_write(case):
    refuse_all(
        case,
        [
            "CREATE TABLE raw.new (a INTEGER)",
            "CREATE TEMP TABLE new AS SELECT 1",
            "CREATE OR REPLACE VIEW result.rfm AS SELECT 1",
            "CREATE MACRO new(x) AS x",
            "CREATE SEQUENCE new",
            "CREATE SECRET (TYPE s3, KEY_ID 'a')",
            "INSERT INTO raw.event SELECT * FROM raw.event",
            "INSERT INTO raw.customer VALUES (1, 'x', '', '', '') RETURNING *",
            "WITH x AS (SELECT * FROM raw.event) INSERT INTO raw.event SELECT * FROM x",
            "UPDATE raw.event SET amount = 0",
            "DELETE FROM raw.event",
            "TRUNCATE raw.event",
            "MERGE INTO raw.customer c USING (SELECT 1 AS n) s ON c.customer_no = s.n WHEN MATCHED THEN DELETE",
            "ALTER TABLE raw.event ADD COLUMN x INTEGER",
            "COMMENT ON TABLE raw.event IS 'x'",
            "DROP TABLE raw.event",
            "DROP SCHEMA raw CASCADE",
            "VACUUM",
            "VACUUM ANALYZE",
            "ANALYZE",
            "CHECKPOINT",
            "FORCE CHECKPOINT",
            "EXPLAIN ANALYZE DELETE FROM raw.event",
            "EXPLAIN ANALYZE COPY (SELECT 1) TO '{here}/new.csv'",
            "PREPARE p AS DELETE FROM raw.event",
            "EXECUTE p",
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
        ],
    )


@case
def statements_about_files(case):
    refuse_all(
        case,
        [
            "COPY raw.event TO '{here}/new.csv'",
            "COPY raw.event TO '{here}/new.parquet' (FORMAT parquet)",
            "COPY raw.event TO '{store}' (FORMAT csv, USE_TMP_FILE false)",
            "COPY (SELECT 1) TO '{here}/new' (FORMAT csv, PARTITION_BY (x))",
            "COPY raw.customer FROM '{secret}'",
            "COPY FROM DATABASE store TO memory",
            "EXPORT DATABASE '{here}/new'",
            "EXPORT DATABASE '{here}/new' (FORMAT parquet)",
            "IMPORT DATABASE '{here}'",
            "ATTACH '{here}/new.duckdb' AS new",
            "ATTACH '{store}' AS new (READ_WRITE)",
            "ATTACH ':memory:' AS new",
            "ATTACH '{here}/new.sqlite' (TYPE sqlite)",
            "DETACH store",
            "USE memory",
            "INSTALL httpfs",
            "FORCE INSTALL json FROM '{here}'",
            "LOAD '{here}/new.duckdb_extension'",
            "LOAD httpfs",
            "UPDATE EXTENSIONS",
        ],
    )


@case
def settings(case):
    refuse_all(
        case,
        [
            "SET enable_external_access = true",
            "SET memory_limit = '100GB'",
            "SET temp_directory = '{here}/new'",
            "SET SESSION search_path = 'raw'",
            "SET GLOBAL threads = 64",
            "SET VARIABLE x = 1",
            "RESET memory_limit",
            "PRAGMA enable_profiling = 'json'",
            "PRAGMA profiling_output = '{here}/new.json'",
            "PRAGMA database_list",
            "PRAGMA force_checkpoint",
            "PRAGMA log_query_path = '{here}/new.log'",
            "PRAGMA temp_directory = '{here}/new'",
            "CALL enable_logging()",
            "CALL enable_logging(storage = 'file')",
            "CALL enable_logging(storage = 'file', storage_config = {{'path': '{here}/new'}})",
            "CALL enable_logging('QueryLog', storage_path = '{here}/new')",
            "CALL disable_logging()",
            "CALL truncate_duckdb_logs()",
            "CALL force_checkpoint()",
            "CALL checkpoint()",
            "CALL pragma_version()",
            "CALL range(3)",
        ],
    )


@case
def functions_that_act(case):
    """In a SELECT, what a CALL would do. A refusal, or an answer without any trace."""
    store = case.store()
    for statement in (
        "SELECT * FROM enable_logging(storage = 'file')",
        "SELECT * FROM enable_logging(storage = 'file', storage_config = {{'path': '{here}/new'}})",
        "FROM enable_logging('QueryLog', storage_path = '{here}/new')",
        "SELECT * FROM force_checkpoint()",
        "SELECT * FROM checkpoint()",
        "SELECT * FROM truncate_duckdb_logs()",
        "SELECT * FROM set_config('memory_limit', '100GB')",
        "SELECT write_log('x', level := 'error')",
        "SELECT * FROM query('CREATE TABLE raw.new AS SELECT 1')",
        "SELECT * FROM query('DELETE FROM raw.event')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{here}/new.csv''')",
        "SELECT * FROM enable_profiling()",
        "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM arrow_scan_dumb(1::UBIGINT::VARCHAR, 2, 3)",
        "SELECT nextval('x')",
        "SELECT set_bit('0101'::BIT, 10, 1)",
    ):
        text = statement.format(here=case.folder)
        with case.unchanged(text):
            case.run("sql", text, "--store", store)


@case
def other_files(case):
    """A SELECT sees the store and nothing else: no file by any function, name or pattern; no way around by views."""
    store = case.store()
    secret = case.write("secret.csv", f"a\n{ELSEWHERE}\n")
    case.write("secret.json", json.dumps([{"a": ELSEWHERE}]))
    case.write("folder/secret.txt", ELSEWHERE)
    case.run("sql", "SELECT 1 AS a", "--store", store, status=OK)
    case.stranger.change(
        case.path("other.duckdb"), "CREATE TABLE t (a VARCHAR)", f"INSERT INTO t VALUES ('{ELSEWHERE}')", "CHECKPOINT"
    )
    for statement in (
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_csv_auto('{secret}', header = true)",
        "SELECT * FROM read_text('{secret}')",
        "SELECT content::VARCHAR FROM read_blob('{secret}')",
        "SELECT * FROM read_json('{here}/secret.json')",
        "SELECT * FROM read_ndjson_objects('{here}/secret.json')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        '''SELECT * FROM "{secret}"''',
        "FROM '{here}/*.csv'",
        "FROM 'secret.csv'",
        "FROM '/proc/self/cmdline'",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_text(['/etc/hostname', '{secret}'])",
        "SELECT * FROM glob('{here}/*')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{secret}')",
        "SELECT * FROM parquet_metadata('{secret}')",
        "SELECT * FROM read_duckdb('{here}/other.duckdb', table_name = 't')",
        "SELECT * FROM '{here}/other.duckdb'",
        "SELECT length(content) FROM read_blob('{store}')",
        "SELECT content FROM read_blob('{store}')",
        "SELECT * FROM read_blob('/proc/self/fd/3')",
        "SELECT * FROM read_blob('/dev/fd/3')",
        "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
        "SELECT * FROM query_table('{secret}')",
        "SELECT * FROM query_table(['{secret}'], true)",
        "SELECT (SELECT content FROM read_text('{secret}'))",
        "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM read_text('{secret}')) FROM x LIMIT 1",
        "SELECT * FROM read_csv('http://127.0.0.1:1/x')",
        "SELECT getenv('HOME')",
        "SELECT * FROM sqlite_scan('{store}', 't')",
        "SELECT * FROM read_xlsx('{here}/x.xlsx')",
        "SELECT * FROM iceberg_scan('{here}')",
        "SELECT * FROM pragma_import_database('{here}')",
        "SELECT file_exists('{secret}')",
    ):
        text = statement.format(store=store, here=case.folder, secret=secret)
        with case.unchanged(text):
            done = case.run("sql", text, "--store", store, status=NO)
        for hidden in (ELSEWHERE, "root:", "secret.csv\n"):
            case.expect(hidden not in done.text, f"{text}: shows another file")


@case
def deleted_rows(case):
    """What was deleted is not handed out by way of the file's bytes."""
    store = case.changed_store(
        f"CREATE TABLE raw.gone AS SELECT '{ELSEWHERE}' || i AS a FROM range(1000) t(i)",
        "CHECKPOINT",
        "DROP TABLE raw.gone",
        "CHECKPOINT",
    )
    for statement in (
        f"SELECT position('{ELSEWHERE}' IN content::VARCHAR) AS a FROM read_blob('{store}')",
        f"SELECT content FROM read_blob('{store}')",
        "SELECT * FROM pragma_storage_info('raw.event') LIMIT 1",
    ):
        done = case.run("sql", statement, "--store", store)
        case.expect(ELSEWHERE not in done.text and done.status in (OK, *NO), f"{statement}: {done.text[:80]}")
        case.expect("read_blob" not in statement or done.status in NO, f"{statement}: reads the store's bytes")


@case
def what_is_allowed(case):
    """One SELECT however it is written, and nothing pasted to it."""
    store = case.store()
    for statement, csv in (
        ("SELECT 1 AS a", "a\n1\n"),
        ("SELECT 1 AS a;", "a\n1\n"),
        ("SELECT 1 AS a ; ; \n", "a\n1\n"),
        ("SELECT 1 AS a -- and no more", "a\n1\n"),
        ("SELECT 1 AS a; -- and no more", "a\n1\n"),
        ("SELECT 1 AS a /* ; */", "a\n1\n"),
        ("/* first */ SELECT 1 AS a", "a\n1\n"),
        ("-- first\nSELECT 1 AS a", "a\n1\n"),
        ("(SELECT 1 AS a)", "a\n1\n"),
        ("WITH x AS (SELECT 1 AS a) SELECT * FROM x", "a\n1\n"),
        ("WITH x AS (SELECT 1 AS a) FROM x", "a\n1\n"),
        ("VALUES (1), (2)", "col0\n1\n2\n"),
        ("FROM (VALUES (1)) AS t(a)", "a\n1\n"),
        ("SELECT ';' AS a", "a\n;\n"),
        ("SELECT ') ; DROP' AS a", "a\n) ; DROP\n"),
        ("SELECT $$;'$$ AS a", "a\n;'\n"),
        ("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a DESC", "a\n2\n1\n"),
        ("SELECT a FROM (SELECT unnest([3, 1, 2]) AS a) ORDER BY a", "a\n1\n2\n3\n"),
        ('SELECT \'a,b\' AS "x""y"', '"x""y"\n"a,b"\n'),
        ("SELECT count(*) > 0 AS a FROM raw.event", "a\ntrue\n"),
        ("SELECT 1 AS a LIMIT 0", "a\n"),
        ("PIVOT (SELECT 'x' AS k, 1 AS v) ON k IN ('x') USING sum(v)", "x\n1\n"),
    ):
        with case.unchanged(statement):
            done = case.run("sql", statement, "--store", store, "--format=csv", status=OK)
        case.expect(done.text in (csv, "\ufeff" + csv), f"{statement}: {done.text!r}, must be {csv!r}")


@case
def nothing_to_run(case):
    refuse_all(
        case,
        [
            "",
            " ",
            "\n\t",
            ";",
            ";;;",
            "-- only",
            "/* only */",
            "/* open",
            "'open",
            '"open',
            "$$open",
            "(",
            ")",
            "SELECT",
            "\\",
        ],
    )


@case
def not_text(case):
    """Bytes that are no UTF-8, controls, and characters that look like others."""
    store = case.store()
    for statement in (
        b"SELECT '\xff\xfe'",
        b"SELECT '\xc3'",
        b"\xed\xa0\x80",
        b"SELECT \xa0 1",
        b"SELECT '\x1b[31m' AS \"\x1b]0;x\x07\"",
        b"SELECT \x01",
        b"SELECT * FROM test_all_types()",
        "SELECT 1 AS \u202eb".encode(),
        "SELECT \u2066".encode(),
        "SELECT\u00a01".encode(),
        "\ufeffSELECT 1".encode(),
    ):
        with case.unchanged(repr(statement)):
            case.run("sql", statement, "--store", store)


@case
def deep_and_long(case):
    """As long as the kernel lets an argument be: an answer or an error, no stack runs out."""
    store, most = case.store(), 120_000
    for name, statement in {
        "brackets around": "(" * (most // 2) + "SELECT 1" + ")" * (most // 2),
        "brackets inside": "SELECT " + "(" * (most // 2) + "1" + ")" * (most // 2),
        "brackets open": "SELECT " + "(" * most,
        "lists": "SELECT " + "[" * (most // 2) + "]" * (most // 2),
        "subqueries": "SELECT " + "(SELECT " * (most // 10) + "1" + ")" * (most // 10),
        "subqueries in FROM": "FROM (" * (most // 8) + "VALUES (1)" + ")" * (most // 8),
        "sums": "SELECT 1" + "+1" * (most // 2),
        "minuses": "SELECT " + "- " * (most // 2) + "1",
        "nots": "SELECT " + "NOT " * (most // 4) + "true",
        "cases": "SELECT " + "CASE WHEN true THEN " * (most // 24) + "1" + " END" * (most // 24),
        "ands": "SELECT true" + " AND true" * (most // 9),
        "concatenations": "SELECT ''" + "||''" * (most // 4),
        "casts": "SELECT 1" + "::INT" * (most // 5),
        "functions": "SELECT " + "abs(" * (most // 5) + "1" + ")" * (most // 5),
        "unions": "SELECT 1" + " UNION SELECT 1" * (most // 15),
        "joins": "FROM raw.load" + ",raw.load" * (most // 9),
        "with": "WITH a0 AS (SELECT 1)" + "".join(f",a{i} AS(FROM a{i - 1})" for i in range(1, 4000)) + "FROM a3999",
        "columns": "SELECT " + ",".join("1" * 1 for _ in range(most // 2)),
        "a name": f'SELECT 1 AS "{"x" * most}"',
        "a text": f"SELECT '{'x' * most}'",
        "a number": "SELECT " + "9" * most,
        "a type": "SELECT NULL::" + "STRUCT(a " * (most // 10) + "INT" + ")" * (most // 10),
        "lambdas": "SELECT " + "list_transform([1], lambda x: " * 3000 + "1" + ")" * 3000,
    }.items():
        with case.unchanged(name):
            case.run("sql", statement, "--store", store, what=name, status=(OK, WRONG, REFUSED, MEMORY))


@case
def giants_are_bounded(case):
    """Rows, values and memory have bounds, and the message names the one that was met. One value alone may take
    a slow machine a minute: nothing stops a function of DuckDB's that is at work on it."""
    store = case.store()
    for statement in (
        "SELECT repeat('x', 1000000000) AS a",
        "SELECT repeat('x', 4000000000) AS a",
        "SELECT length(repeat(repeat('x', 1000000), 3000)) AS a",
        "SELECT string_agg(repeat('x', 1000), ',') FROM range(1000000)",
        "SELECT list(i) FROM range(100000000) t(i)",
        "SELECT range(100000000)",
        "SELECT range(10000000)::VARCHAR",
        "SELECT a.range FROM range(30000) a, range(30000) b ORDER BY hash(a.range, b.range)",
        "SELECT DISTINCT a.range * 30000 + b.range FROM range(30000) a, range(30000) b",
        "SELECT map_from_entries(list((i, i))) FROM range(10000000) t(i)",
        "SELECT lpad('x', 2000000000, 'y') AS a",
        "SELECT bitstring('1', 2000000000)",
        "SELECT format('{:>1000000000}', 'x')",
        "SELECT printf('%1000000000d', 1)",
        "SELECT repeat('x', 100000000) FROM range(1000)",
    ):
        with case.unchanged(statement):
            done = case.run(
                "sql", statement, "--memory=200MB", "--format=csv", "--store", store,
                seconds=120, stdout=open(os.devnull, "wb"), status=(OK, WRONG, MEMORY),
            )  # fmt: skip
        case.expect(done.peak_mb < 600, f"{statement}: {done.peak_mb:.0f} MB with --memory=200MB")
        bounds = ("200", "191", "190", "MB", "MiB")
        if done.status == MEMORY:
            case.expect(any(bound in done.message for bound in bounds), f"{statement}: no bound in {done.message!r}")


@case
def rows_are_bounded(case):
    """A text table is held to be aligned: its bound comes quickly, in the message."""
    store = case.store()
    for statement in (
        "FROM range(1000000000000)",
        "SELECT a.range, b.range FROM range(1000000) a, range(1000000) b",
        "SELECT repeat('x', 1000) FROM range(1000000000)",
        "SELECT unnest(range(1000000)) FROM range(1000000)",
        "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) FROM t",
    ):
        with case.unchanged(statement):
            done = case.run(
                "sql", statement, "--memory=200MB", "--store", store, seconds=20, status=(WRONG, REFUSED, MEMORY)
            )
        case.expect(done.peak_mb < 600, f"{statement}: {done.peak_mb:.0f} MB with --memory=200MB")
        case.expect(any(c.isdigit() for c in done.message), f"{statement}: no bound in {done.message!r}")


@case
def a_reader_that_goes_away(case):
    """`| head -1` ends an endless answer."""
    store = case.store()
    for form in ("csv", "json"):
        process = case.start("sql", "FROM range(1000000000000)", f"--format={form}", "--store", store)
        late = threading.Timer(10, process.kill)
        late.start()
        first = process.stdout.read(1000)
        process.stdout.close()
        process.wait()
        process.stderr.close()
        case.expect(len(first) == 1000, f"{form}: no rows in 10 s")
        case.expect(late.is_alive(), f"{form}: goes on without a reader")
        late.cancel()


@case
def ctrl_c(case):
    """Within a second, whatever is computed and however large a single value is."""
    store = case.store()
    for statement in (
        "SELECT count(*) FROM range(100000000000000)",
        "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11",
        "SELECT sum(length(repeat(chr(64 + (range % 9)::INT), 100000000))) FROM range(100000)",
        "SELECT length(regexp_replace(repeat('ab', 50000000), '(a|b)*c', 'x')) FROM range(1000)",
        "SELECT list_sort(range(1000000)) FROM range(1000000)",
        "SELECT md5(repeat('x', 1000000000)) FROM range(100)",
        "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(DISTINCT a.range * 1000000 + b.range) FROM range(1000000) a, range(1000000) b",
        "SELECT levenshtein(repeat('a', 60000), repeat('b', 60000)) FROM range(100)",
        "SELECT array_agg(range ORDER BY hash(range)) FROM range(1000000000)",
    ):
        with case.unchanged(statement):
            case.stop("sql", statement, "--format=csv", "--store", store, what=statement, after=0.5)
    with case.unchanged("csv of a cross join"):
        case.stop(
            "sql", "FROM range(1000000) a, range(1000000) b", "--format=csv", "--rows=1000000000000", "--store", store,
            stdout=open(os.devnull, "wb"), after=0.5,
        )  # fmt: skip


@case
def spill(case):
    """What a statement spills is bounded in memory and gone afterwards, also when the disk is full."""
    store = case.store()
    statement = "SELECT count(*) FROM (SELECT range, hash(range) AS h FROM range(30000000) ORDER BY h)"
    with case.unchanged("a sort that spills"):
        done = case.run("sql", statement, "--memory=200MB", "--store", store, seconds=30, status=(OK, MEMORY))
    case.expect(done.peak_mb < 600, f"{done.peak_mb:.0f} MB with --memory=200MB")
    with case.unchanged("a sort that spills onto a full disk"):
        case.run(
            "sql", statement, "--memory=200MB", "--store", store, seconds=30,
            limits=[(resource.RLIMIT_FSIZE, 1 << 20)], ignored=[signal.SIGXFSZ], status=(DISK, MEMORY),
        )  # fmt: skip


TYPES = [  # what stands for a value, by its type
    ("{'a': 1, 'b': 'x'}", "{'a': 1, 'b': x}"),
    ("MAP {'a': 1}", "{a=1}"),
    ("[[1, NULL], []]", "[[1, NULL], []]"),
    ("[1, 2]::INTEGER[2]", "[1, 2]"),
    ("'b'::ENUM('a', 'b')", "b"),
    ("'0101'::BIT", "0101"),
    ("union_value(n := 1)", "1"),
    ("INTERVAL 1 MONTH", "1 month"),
    ("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
    ("(-170141183460469231731687303715884105728)::HUGEINT", "-170141183460469231731687303715884105728"),
    ("340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455"),
    ("9223372036854775807", "9223372036854775807"),
    ("18446744073709551615::UBIGINT", "18446744073709551615"),
    ("12345678901234567890123456789.123456789::DECIMAL(38, 9)", "12345678901234567890123456789.123456789"),
    ("0.1::DECIMAL(3, 2)", "0.10"),
    ("1e300::DOUBLE", "1e+300"),
    ("0.1::DOUBLE", "0.1"),
    ("TIME '01:02:03'", "01:02:03"),
    ("DATE '9999-12-31'", "9999-12-31"),
    ("DATE '-infinity'", "-infinity"),
    ("DATE '0044-03-15 (BC)'", "0044-03-15 (BC)"),
    ("TIMESTAMP 'infinity'", "infinity"),
    ("TIMESTAMP_NS '2024-01-01 00:00:00.123456789'", "2024-01-01 00:00:00.123456789"),
    ("'\\xAA'::BLOB", "\\xAA"),
    ("true", "true"),
    ("row(1, 'a')", "(1, a)"),
    ("'단골'", "단골"),
]


@case
def types(case):
    """Every type has its text, in each format the same, and numbers keep their digits."""
    store = case.store()
    select = "SELECT " + ", ".join(f"{value} AS c{i}" for i, (value, _) in enumerate(TYPES))
    table = case.run("sql", select, "--format=csv", "--store", store, status=OK)
    text = case.run("sql", select, "--store", store, status=OK)
    rows = list(csv.reader(table.text.lstrip("\ufeff").splitlines()))
    raw = case.run("sql", select, "--json", "--store", store, status=OK)
    row = json.loads(raw.text, parse_int=str, parse_float=str)[0] if raw.text else {}
    for i, (value, right) in enumerate(TYPES):
        shown = rows[1][i] if len(rows) > 1 and len(rows[1]) > i else None
        case.expect(shown in (right, "'" + right), f"csv: {value} is {shown!r}, must be {right!r}")
        case.expect(right in text.text, f"text: {value} must be {right!r}")
        shown = row.get(f"c{i}")
        shown = {True: "true", False: "false"}[shown] if isinstance(shown, bool) else shown
        number = isinstance(shown, str) and right.replace(".", "").isdigit() and float(shown) == float(right)
        exact = shown == right or number and len(right) < 16
        case.expect(exact, f"json: {value} is {shown!r}, must be {right!r}")


@case
def numbers_that_json_has_not(case):
    store = case.store()
    done = case.run(
        "sql",
        "SELECT 'nan'::DOUBLE a, 'inf'::DOUBLE b, '-inf'::FLOAT c, NULL d",
        "--json",
        "--store",
        store,
        status=OK,
    )
    case.expect(
        json.loads(done.text, parse_constant=lambda c: "no JSON: " + c)
        == [{"a": None, "b": None, "c": None, "d": None}],
        done.text,
    )


@case
def columns_of_one_name(case):
    """No value is lost."""
    store = case.store()
    for statement, values in (
        ("SELECT 1 AS a, 2 AS a", {"1", "2"}),
        ("SELECT 1 AS a, 2 AS A", {"1", "2"}),
        ("SELECT * FROM (SELECT 1 AS a, 'x' AS b) s, (SELECT 2 AS a, 'y' AS b) t", {"1", "2", "x", "y"}),
        ("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a", {"1", "2", "3", "4"}),
    ):
        for form in ("csv", "json", "text"):
            done = case.run("sql", statement, f"--format={form}", "--store", store)
            if done.status == WRONG:
                continue
            if form == "json":
                pairs = json.loads(done.text, object_pairs_hook=list)[0]
                seen = {str(value) for _, value in pairs}
                case.expect(
                    len({name for name, _ in pairs}) == len(pairs), f"{statement}: one name twice: {done.text}"
                )
            else:
                seen = set(done.text.replace(",", " ").split())
            case.expect(values <= seen, f"{statement} as {form}: {done.text!r} lacks {values - seen}")


def write_log(case, store, *statements):
    """A write-ahead file of a stranger's statements, as a copy of the store made by another program would have it."""
    other = case.path("other", "store.duckdb")
    os.makedirs(os.path.dirname(other), exist_ok=True)
    for path in (other, other + ".wal"):
        if os.path.exists(path):
            os.remove(path)
    with open(store, "rb") as file, open(other, "wb") as copy:
        copy.write(file.read())
    with case.stranger.open(other) as session:
        session.rows("SET checkpoint_threshold = '1TB'")
        session.rows("PRAGMA disable_checkpoint_on_shutdown")
        for statement in statements:
            session.rows(statement)
        with open(other + ".wal", "rb") as log:
            return log.read()


@case
def write_ahead_file(case):
    """Beside the store lies a log that it did not write: a reader leaves both as they are and shows nothing of it."""
    store = case.store("finished")
    smuggled = f"INSERT INTO raw.customer SELECT max(customer_no) + 1, '{ELSEWHERE}', '', '', '' FROM raw.customer"
    logs = {
        "a row more": write_log(case, store, smuggled),
        "rows deleted": write_log(case, store, "DELETE FROM raw.customer"),
        "a table dropped": write_log(case, store, "DROP TABLE raw.event"),
        "a view replaced": write_log(
            case,
            store,
            f"CREATE OR REPLACE VIEW result.rfm AS SELECT '{ELSEWHERE}' AS customer_id, '{ELSEWHERE}' AS grade",
        ),
        "a macro": write_log(case, store, f"CREATE MACRO main.lower(x) AS '{ELSEWHERE}'"),
        "empty": b"",
        "garbage": b"garbage" * 1000,
        "zeros": bytes(8192),
        "cut off": write_log(case, store, smuggled)[:-7],
    }
    commands = [
        ["sql", "SELECT * FROM raw.customer ORDER BY customer_no DESC", "--format=csv"],
        ["show", "raw.customer", "--format=csv"],
        ["show", "result.rfm", "--format=csv", "--limit=3"],
        ["report", case.path("report.html")],
    ]
    right = [case.run(*command, "--store", store, status=OK, terminal=False) for command in commands]
    with open(case.path("report.html"), "rb") as file:
        report = file.read()
    for name, log in logs.items():
        case.write("store.duckdb.wal", log)
        for command, expected in zip(commands, right):
            what = f"{name}: {command[0]} {command[1][:20]}"
            with case.unchanged(what, but=("report.html",)):
                done = case.run(*command, "--store", store, what=what, terminal=False)
            if done.status == OK:
                case.expect(done.text == expected.text, f"{what}: another answer than the store's own")
                with open(case.path("report.html"), "rb") as file:
                    seen = file.read()
                case.expect(
                    command[0] != "report" or ELSEWHERE.encode() not in seen, f"{what}: shows what was smuggled in"
                )
                case.expect(command[0] != "report" or abs(len(seen) - len(report)) < 100, f"{what}: another report")
            case.expect(ELSEWHERE not in done.text + done.message, f"{what}: shows what was smuggled in")
    os.remove(store + ".wal")
    with case.unchanged("list beside a log"):
        case.write("store.duckdb.wal", b"x")
        case.run("list", env={"DANGGOL_STORE": store}, status=OK)
        os.remove(store + ".wal")


@case
def a_log_that_is_no_file(case):
    """A link, a folder or a FIFO where the log would be: no hang, nothing behind it is touched."""
    store = case.store()
    target = case.write("precious.txt", "precious")
    log = store + ".wal"
    for name, make in {
        "a link": lambda: os.symlink(target, log),
        "a link to the store": lambda: os.symlink(store, log),
        "a folder": lambda: os.mkdir(log),
        "a FIFO": lambda: os.mkfifo(log),
    }.items():
        make()
        for command in (["sql", "SELECT 1 AS a"], ["show", "raw.load"]):
            with case.unchanged(f"{name}: {command[0]}"):
                case.run(*command, "--store", store, what=f"{name}: {command[0]}")
        os.rmdir(log) if os.path.isdir(log) else os.remove(log)


@case
def names_in_show(case):
    """`show` takes the name of a table, and no SQL."""
    store = case.store()
    secret = case.write("secret.csv", f"a\n{ELSEWHERE}\n")
    for name in (
        "raw.event; DROP TABLE raw.event",
        "raw.event) ; COPY (SELECT 1) TO 'new.csv' ; SELECT (1",
        'raw"."event',
        '"raw"."event"',
        f"read_csv('{secret}')",
        secret,
        "'secret.csv'",
        "secret.csv",
        "main.secret.csv",
        "raw.*",
        "raw.",
        ".event",
        ".",
        "",
        "store.raw.event",
        "raw.event WHERE 1 = 0",
        "pragma_database_list",
        "duckdb_settings()",
        "system.main.duckdb_tables",
        "x" * 5000,
        "raw.\x1b[31m",
    ):
        for options in ((), ("--limit=1",), ("--format=parquet", "--out", case.path("out.parquet"))):
            with case.unchanged(f"show {name[:40]} {options}"):
                done = case.run("show", name, *options, "--store", store, status=(WRONG, NOT_THERE, REFUSED))
            case.expect(ELSEWHERE not in done.text, f"show {name}: shows another file")
