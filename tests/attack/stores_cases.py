"""A store from elsewhere: another program's, altered by hand, damaged, or no file at all.

Whatever it is: an error of one line with the right code or the right answer, in seconds, and nothing is read or run that
danggol did not put there.
"""

import contextlib
import ctypes
import ctypes.util
import hmac
import itertools
import os
import random
import re
import shutil
import socket
import subprocess

from attack import CONFLICT, DAMAGED, DISK, ELSEWHERE, NOT_THERE, OK, REFUSED, WRONG, case

READS = {
    "sql": ["sql", "SELECT count(*) AS n FROM raw.event", "--format=csv"],
    "show": ["show", "result.rfm", "--format=csv", "--limit=5"],
    "customer": ["run", "customer", "--id=C000095", "--json"],
    "report": ["report", "report.html"],
}
WRITES = {"import": ["import", "in.csv"], "rfm": ["run", "rfm"], "pipeline": ["pipeline", "--rooms=rfm,grade_change"]}
FEW = {name: (READS | WRITES)[name] for name in ("sql", "report", "import", "rfm")}


def try_all(case, store, what, commands, status, right=None):
    """`status` of every command; what it answers where it ends well must be `right`'s."""
    case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    for name, command in commands.items():
        done = case.run(*command, "--store", store, what=f"{what}: {name}", status=status, terminal=False)
        if done.status == OK and right is not None and name in right:
            case.expect(
                done.text == right[name], f"{what}: {name} answers {done.text[:160]!r}, must be {right[name][:160]!r}"
            )
        case.expect(ELSEWHERE not in done.text + done.message, f"{what}: {name} shows another file")
        if name == "report" and done.status == OK:
            with open(case.path("report.html"), encoding="utf-8") as file:
                case.expect(ELSEWHERE not in file.read(), f"{what}: the report shows another file")


def right_answers(case, kind="finished"):
    store = case.store(kind, "right.duckdb")
    return {
        name: case.run(*command, "--store", store, status=OK, terminal=False).text
        for name, command in READS.items()
        if name != "report"
    }


# Files of other programs


@case
def of_another_program(case):
    """Nothing is written into it, and a reader says what it is."""
    for name, statements in {
        "a table": ["CREATE TABLE t AS SELECT 1 AS a"],
        "nothing in it": ["CREATE TABLE t (a INTEGER)", "DROP TABLE t"],
        "schemas of our names": ["CREATE SCHEMA raw", "CREATE SCHEMA result", "CREATE SCHEMA run"],
        "a raw.event of its own": ["CREATE SCHEMA raw", "CREATE TABLE raw.event (id INTEGER, what VARCHAR)"],
        "a view raw.event": ["CREATE SCHEMA raw", "CREATE VIEW raw.event AS SELECT 1 AS customer_no"],
        "a run.store of its own": ["CREATE SCHEMA run", "CREATE TABLE run.store AS SELECT 2 AS layout"],
        "both": [
            "CREATE SCHEMA raw",
            "CREATE SCHEMA run",
            "CREATE TABLE raw.event (customer_no INTEGER, ts TIMESTAMP)",
            "CREATE TABLE run.store AS SELECT 2 AS layout",
        ],
    }.items():
        path = case.path("other.duckdb")
        case.stranger.change(path, *statements, "CHECKPOINT")
        for command in FEW.items():
            case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
            what = f"{name}: {command[0]}"
            with case.unchanged(what):
                done = case.run(*command[1], "--store", path, what=what, status=(WRONG, CONFLICT, REFUSED, DAMAGED))
            case.expect(
                "danggol" in done.message[9:], f"{what}: does not say that it is no danggol store: {done.message!r}"
            )
        os.remove(path)


@case
def of_another_version(case):
    """A layout of yesterday or tomorrow is said to be one; nothing is changed."""
    for layout in (1, 3, 99, 2**31 - 1, -1):
        store = case.changed_store(f"UPDATE run.store SET layout = {layout}")
        for command in FEW.items():
            case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
            what = f"layout {layout}: {command[0]}"
            with case.unchanged(what):
                case.run(*command[1], "--store", store, what=what, status=(CONFLICT, DAMAGED))


@case
def no_store(case):
    """A file that is something else is left as it is, and said not to be one."""
    for name, content in {
        "empty": b"",
        "a byte": b"x",
        "a CSV": b"customer_id,ts,amount\na,2024-01-01,5\n",
        "a longer CSV": b"customer_id,ts,amount\n" + b"a,2024-01-01,5\n" * 2000,
        "zeros": bytes(20000),
        "SQLite": b"SQLite format 3\0" + bytes(4080),
        "only the mark": bytes(8) + b"DUCK" + bytes(20000),
        "Parquet": b"PAR1" + bytes(100) + b"PAR1",
        "HTML": b"<html>" * 3000,
    }.items():
        path = case.write("file", content)
        for command in FEW.items():
            case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
            what = f"{name}: {command[0]}"
            fresh = name == "empty" and command[0] == "import"  # such as mktemp makes
            with case.unchanged(what, but=("file",) if fresh else ()):
                done = case.run(
                    *command[1],
                    "--store",
                    path,
                    what=what,
                    status=(OK, WRONG, DAMAGED) if fresh else (WRONG, DAMAGED),
                )
            case.expect("another process" not in done.message, f"{what}: {done.message}")
            if fresh and done.status == OK:
                case.write("file", content)


# What a store may hold besides


@case
def views(case):
    """A view in it is not run: not one that reads a file, nor one that takes for ever, nor one that lies."""
    right, draw = right_answers(case), random.Random(5)
    secret = case.write("secret.csv", f"customer_id,grade\n{ELSEWHERE},top\n")
    columns = "SELECT * REPLACE ({} AS grade) FROM history.rfm"
    for name, statements in {
        "reads a file": [f"CREATE OR REPLACE VIEW result.rfm AS FROM read_csv('{secret}')"],
        "reads a file within": [
            "CREATE OR REPLACE VIEW result.rfm AS "
            + columns.format(f"(SELECT max(content) FROM read_text('{secret}'))").replace(
                "*", "* EXCLUDE (run_id)", 1
            )
        ],
        "reads a file by its name": [f"CREATE OR REPLACE VIEW result.rfm AS FROM '{secret}'"],
        "takes for ever": [
            "CREATE OR REPLACE VIEW result.rfm AS SELECT count(*)::VARCHAR AS customer_id FROM range(100000000000000)"
        ],
        "lies": [
            "CREATE OR REPLACE VIEW result.rfm AS SELECT * EXCLUDE (run_id) REPLACE ('top' AS grade) FROM history.rfm"
        ],
        "calls a macro": [
            f"CREATE MACRO main.evil() AS (SELECT max(content) FROM read_text('{secret}'))",
            "CREATE OR REPLACE VIEW result.rfm AS SELECT evil() AS customer_id",
        ],
        "is not there": ["DROP VIEW result.rfm"],
        "is a table": ["DROP VIEW result.rfm", "CREATE TABLE result.rfm AS SELECT 'x' AS customer_id"],
        "is recursive": [
            "CREATE OR REPLACE VIEW result.rfm AS WITH RECURSIVE t(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT i::VARCHAR AS customer_id FROM t"
        ],
    }.items():
        store = case.changed_store(*statements, kind="finished")
        commands = {"show": READS["show"], "report": READS["report"], "grade_change": ["run", "grade_change"]}
        try_all(case, store, name, commands, (OK, DAMAGED, CONFLICT), right)
    for table in ("raw.event", "raw.customer", "raw.product", "raw.load", "run.log", "run.fact", "feature.receipt"):
        store = case.changed_store(
            f"DROP TABLE {table}", f"CREATE VIEW {table} AS FROM read_csv('{secret}')", kind="finished"
        )
        commands = {name: FEW[name] for name in ("sql", draw.choice(["report", "import", "rfm"]))}
        try_all(case, store, f"{table} is a view", commands, (DAMAGED, CONFLICT))
    store = case.changed_store(
        "DROP VIEW result.rfm",
        "DROP TABLE history.rfm",
        f"CREATE VIEW history.rfm AS FROM read_csv('{secret}')",
        kind="finished",
    )
    results = {"show": READS["show"], "grade_change": ["run", "grade_change"], "report": READS["report"]}
    try_all(case, store, "history.rfm is a view", results, (OK, NOT_THERE, DAMAGED, CONFLICT))
    case.run("run", "rfm", "--store", store, what="rfm where history.rfm is a view", status=(OK, DAMAGED, CONFLICT))


@case
def macros(case):
    """A macro in it that is named like what the engine calls is not called: answers stay what they are."""
    right = right_answers(case)
    secret = case.write("secret.csv", f"a\n{ELSEWHERE}\n")
    runs = {
        "rfm": [
            "sql",
            "SELECT md5(string_agg(t::VARCHAR, ',' ORDER BY t::VARCHAR)) AS a FROM result.rfm t",
            "--format=csv",
        ],
        "grades": ["sql", "SELECT grade_change.* FROM result.grade_change ORDER BY ALL", "--format=csv"],
    }
    store = case.store("finished")
    for room in ("rfm", "grade_change"):
        case.run("run", room, "--store", store, status=OK)
    again = {
        name: case.run(*command, "--store", store, status=OK, terminal=False).text for name, command in runs.items()
    }
    for name, macro in {
        "sum": "main.sum(x) AS 42",
        "count": "main.count(x) AS 42",
        "max": f"main.max(x) AS (SELECT content FROM read_text('{secret}'))",
        "coalesce and concat": "main.concat(a, b) AS 'x'",
        "wilson_lo": "main.wilson_lo(k, n) AS 7",
        "event": "main.event() AS TABLE SELECT * FROM raw.event LIMIT 1",
        "ntile": "main.ntile(x) AS 1",
        "date_diff": "main.date_diff(p, a, b) AS 1",
        "string_agg": "main.string_agg(a, b) AS 'x'",
        "any_value": "main.any_value(x) AS 'x'",
        "unnest": f"main.unnest(x) AS (SELECT content FROM read_text('{secret}'))",
        "range": "main.range(x) AS TABLE SELECT 1 AS range",
        "greatest": "main.greatest(a, b) AS 1",
        "round": "main.round(a, b) AS 1",
        "in another schema": "result.sum(x) AS 42",
        "temporary name": "main.z2() AS 0",
        "array_agg": "main.array_agg(x) AS NULL",
        "strftime": "main.strftime(a, b) AS 'x'",
    }.items():
        try:
            store = case.changed_store(f"CREATE MACRO {macro}", kind="finished")
        except Exception:
            continue  # DuckDB does not let it be
        commands = {name: READS[name] for name in ("show", "customer")}
        try_all(case, store, f"macro {name}", commands, (OK, DAMAGED, CONFLICT), right)
        for room in ("rfm", "grade_change"):
            done = case.run(
                "run", room, "--store", store, what=f"macro {name}: run {room}", status=(OK, DAMAGED, CONFLICT)
            )
        if done.status == OK:
            kind = "MACRO TABLE" if " AS TABLE " in macro else "MACRO"
            case.stranger.change(store, f"DROP {kind} {macro.partition('(')[0]}")
            try_all(case, store, f"macro {name}, then", runs, OK, again)


@case
def tables_of_our_names(case):
    """In `main` lie tables and views called as the engine calls its own."""
    right = right_answers(case)
    for name in (
        "event",
        "receipt",
        "customer",
        "product",
        "store",
        "exposure",
        "tables",
        "raw",
        "result",
        "columns",
    ):
        store = case.changed_store(
            f"CREATE TABLE main.{name} AS SELECT 1 AS customer_no, '{ELSEWHERE}' AS customer_id", kind="finished"
        )
        try_all(
            case, store, f"main.{name}", {"show": READS["show"], "rfm": WRITES["rfm"]}, (OK, DAMAGED, CONFLICT), right
        )
    for statements in (
        ["CREATE SCHEMA information_schema2", "CREATE VIEW main.duckdb_tables AS SELECT 1"],
        ["CREATE TYPE main.VARCHAR2 AS ENUM ('a')"],
        ['CREATE SCHEMA "x""; DROP TABLE raw.event; --"', 'CREATE TABLE "x""; DROP TABLE raw.event; --".t (a INT)'],
        ['CREATE TABLE raw."odd \x1b[31m name" (a INT)'],
        ['CREATE TABLE result."rfm; DROP" (a INT)', "CREATE TABLE history.unheard (run_id BIGINT)"],
        ["CREATE SEQUENCE main.s", "CREATE INDEX i ON raw.customer (customer_id)"],
    ):
        store = case.changed_store(*statements, kind="finished")
        try_all(
            case, store, statements[-1], {"show": READS["show"], "rfm": WRITES["rfm"]}, (OK, DAMAGED, CONFLICT), right
        )
        case.run(
            "show",
            "no.table",
            "--store",
            store,
            what=f"{statements[-1]}: names of tables",
            status=(NOT_THERE, DAMAGED, CONFLICT),
        )


# Altered by hand


@case
def shapes(case):
    """Types, columns, keys and constraints are other ones: said on opening, whatever is asked."""
    turn = itertools.cycle(
        {**READS, "import": WRITES["import"], "rfm": WRITES["rfm"], "show of another": ["show", "raw.load"]}.items()
    )
    for statements in (
        ["ALTER TABLE raw.event ALTER customer_no TYPE VARCHAR"],
        ["ALTER TABLE raw.event ALTER customer_no TYPE BIGINT"],
        ["ALTER TABLE raw.event ALTER customer_no TYPE DOUBLE"],
        ["ALTER TABLE raw.event ALTER ts TYPE DATE"],
        ["ALTER TABLE raw.event ALTER ts TYPE VARCHAR"],
        ["ALTER TABLE raw.event ALTER ts TYPE TIMESTAMP_NS"],
        ["ALTER TABLE raw.event ALTER amount TYPE DOUBLE"],
        ["ALTER TABLE raw.event ALTER amount TYPE DECIMAL(38, 4)"],
        ["ALTER TABLE raw.event ALTER amount TYPE DECIMAL(18, 2)"],
        ["ALTER TABLE raw.event DROP COLUMN receipt_id"],
        ["ALTER TABLE raw.event RENAME COLUMN amount TO betrag"],
        ["ALTER TABLE raw.event ADD COLUMN more INTEGER"],
        ["ALTER TABLE raw.customer ALTER customer_id TYPE BLOB USING encode(customer_id)"],
        ["ALTER TABLE raw.customer ALTER customer_no TYPE UBIGINT"],
        ["ALTER TABLE feature.receipt ALTER day TYPE TIMESTAMP"],
        ["ALTER TABLE feature.receipt ALTER receipt TYPE HUGEINT"],
        ["ALTER TABLE feature.receipt ALTER lines TYPE BIGINT"],
        ["CREATE TABLE run.other AS FROM run.log", "DROP TABLE run.log", "ALTER TABLE run.other RENAME TO log"],
        ["ALTER TABLE run.log DROP COLUMN as_of"],
        ["ALTER TABLE run.log ALTER as_of TYPE VARCHAR"],
        ["ALTER TABLE run.fact ALTER value TYPE VARCHAR"],
        ["ALTER TABLE run.sentence ALTER en TYPE BLOB USING encode(en)"],
        ["ALTER TABLE raw.load ALTER rows_read TYPE VARCHAR"],
        ["ALTER TABLE model.blob ALTER content TYPE VARCHAR"],
        ["ALTER TABLE model.manifest ALTER run_id TYPE VARCHAR"],
        ["DROP TABLE raw.customer"],
        ["DROP TABLE raw.reject"],
        ["DROP TABLE raw.load"],
        ["DROP TABLE feature.receipt"],
        ["DROP TABLE run.log"],
        ["DROP TABLE run.sentence"],
        ["DROP SCHEMA model CASCADE"],
        ["DROP SCHEMA run CASCADE"],
    ):  # fmt: skip
        store = case.changed_store(*statements, kind="finished")
        commands = [next(turn), next(turn)]
        try_all(case, store, statements[0], dict(commands), (DAMAGED, CONFLICT, REFUSED))


@case
def of_a_version_with_other_columns(case):
    """What jobs wrote is made anew by the next; the report leaves out what it cannot read, and says so."""
    changes = [
        "ALTER TABLE feature.customer DROP COLUMN basket_sd",
        "ALTER TABLE history.rfm RENAME grade TO class",
    ]
    store = case.changed_store(*changes, kind="finished")
    case.run("report", "report.html", "--store", store, status=OK)
    with open(case.path("report.html"), encoding="utf-8") as file:
        page = file.read()
    case.expect("not of this version" in page and "run it again" in page, "the report does not say what it leaves out")
    for room in ("rfm", "grade_forecast.train"):
        case.run("run", room, "--store", store, what=room, status=OK)
    case.run("report", "report.html", "--store", store, status=OK)
    with open(case.path("report.html"), encoding="utf-8") as file:
        case.expect("not of this version" not in file.read(), "the report still leaves something out")


@case
def constraints(case):
    """A check or key that fails a write, a default that computes: the write fails in order, or it is said on opening."""
    secret = case.write("secret.csv", ELSEWHERE)
    for table, column, constraint in (
        ("raw.customer", "customer_no", "CHECK (customer_no < 0)"),
        ("raw.load", "file", "UNIQUE (file, digest, load_no, rows_read)"),
        ("run.log", "run_id", "CHECK (run_id < 5)"),
        ("run.fact", "name", "CHECK (false)"),
    ):
        store = case.store("finished")
        with case.stranger.open(store) as session:
            shape = session.rows(
                f"SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name || '.' || table_name = '{table}'"
            )
            session.rows(f"CREATE TABLE copy AS FROM {table}")
            session.rows(f"DROP TABLE {table}")
            session.rows(
                f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in shape)}, {constraint})"
            )
            with contextlib.suppress(Exception):
                session.rows(f"INSERT INTO {table} FROM copy")
            session.rows("DROP TABLE copy")
        commands = {"import": WRITES["import"], "rfm": WRITES["rfm"], "pipeline": WRITES["pipeline"]}
        try_all(case, store, f"{table} {constraint}", commands, (OK, DAMAGED, CONFLICT))
    for column in (
        "region VARCHAR DEFAULT (error('x'))",
        f"gender VARCHAR DEFAULT ((SELECT content FROM read_text('{secret}')))",
    ):
        store = case.store("finished")
        name, _, rest = column.partition(" ")
        try:
            case.stranger.change(
                store, f"ALTER TABLE raw.customer ALTER {name} SET DEFAULT {rest.partition('DEFAULT ')[2]}"
            )
        except Exception:
            continue
        try_all(
            case,
            store,
            column,
            {"import": WRITES["import"], "show": ["show", "raw.customer"]},
            (OK, DAMAGED, CONFLICT),
        )


KEYS = [
    ["UPDATE raw.customer SET customer_no = 0 WHERE customer_no = 1"],
    ["INSERT INTO raw.customer SELECT * FROM raw.customer"],
    ["INSERT INTO raw.product SELECT * FROM raw.product"],
    ["UPDATE raw.customer SET customer_no = 2147483647 WHERE customer_no = 1"],
    ["UPDATE raw.event SET customer_no = 2147483647 WHERE customer_no = 1"],
    ["UPDATE raw.event SET customer_no = -1 WHERE customer_no = 1"],
    ["UPDATE raw.event SET customer_no = NULL WHERE customer_no = 1"],
    ["UPDATE raw.event SET ts = NULL WHERE customer_no = 1"],
    ["UPDATE raw.event SET ts = 'infinity' WHERE customer_no = 1"],
    ["UPDATE raw.event SET ts = '-infinity' WHERE customer_no = 1"],
    ["UPDATE raw.event SET ts = '290000-01-01' WHERE customer_no = 1"],
    ["UPDATE raw.event SET ts = '0001-01-01' WHERE customer_no = 1"],
    ["ALTER TABLE raw.event ALTER action TYPE VARCHAR", "UPDATE raw.event SET action = 'nonsense'"],
    ["UPDATE raw.event SET outlet_no = 2147483647 WHERE customer_no = 1"],
    ["UPDATE raw.event SET outlet_no = -7 WHERE customer_no = 1"],
    ["UPDATE raw.event SET outlet_no = NULL WHERE customer_no = 1"],
    ["UPDATE raw.outlet SET outlet_no = 5"],
    ["DELETE FROM raw.outlet"],
    ["UPDATE raw.event SET action = NULL WHERE customer_no = 1"],
    ["UPDATE raw.event SET product_no = 2147483647 WHERE customer_no = 1"],
    ["UPDATE raw.event SET product_no = -7 WHERE customer_no = 1"],
    ["UPDATE raw.event SET amount = 99999999999999"],
    ["UPDATE raw.event SET amount = -99999999999999"],
    ["UPDATE raw.event SET source = 77"],
    ["INSERT INTO raw.repeated FROM raw.event LIMIT 1", "UPDATE raw.repeated SET customer_no = -7"],
    ["INSERT INTO raw.repeated FROM raw.event LIMIT 1", "UPDATE raw.repeated SET product_no = 2147483647"],
    ["INSERT INTO raw.repeated FROM raw.event LIMIT 1", "UPDATE raw.repeated SET source = 77"],
    ["UPDATE raw.event SET event_id = 1"],
    ["UPDATE raw.customer SET customer_id = 'same'"],
    ["UPDATE raw.customer SET customer_id = NULL WHERE customer_no = 1"],
    ["DELETE FROM raw.customer WHERE customer_no = 1"],
    ["DELETE FROM raw.customer"],
    ["DELETE FROM raw.product"],
    ["DELETE FROM raw.event"],
    ["DELETE FROM raw.event WHERE customer_no = 1"],
    ["DELETE FROM raw.load"],
    ["DELETE FROM feature.receipt"],
    ["DELETE FROM feature.receipt WHERE customer_no = 1"],
    ["UPDATE feature.receipt SET lines = 1000000000"],
    ["UPDATE feature.receipt SET lines = -5"],
    ["UPDATE feature.receipt SET lines = NULL"],
    ["UPDATE feature.receipt SET customer_no = 2147483647 WHERE customer_no = 1"],
    ["UPDATE feature.receipt SET customer_no = -1 WHERE customer_no = 1"],
    ["UPDATE feature.receipt SET day = 'infinity'"],
    ["UPDATE feature.receipt SET action = 'pay'"],
    ["INSERT INTO feature.receipt SELECT * FROM feature.receipt"],
]

MANY = {
    "pipeline": ["pipeline", "--rooms=sales_trend,order_frequency,rfm,grade_change,grade_forecast.predict,recommend"],
    "customer": READS["customer"],
}


@case
def keys(case):
    """Doubled, missing, out of range: an error or an answer, never a crash, never a hang, and no more memory than the rows need."""
    for statements in KEYS:
        store = case.changed_store(*statements, kind="finished")
        for name, command in MANY.items():
            done = case.run(
                *command,
                "--store",
                store,
                what=f"{statements[0]}: {name}",
                status=(OK, WRONG, NOT_THERE, CONFLICT, REFUSED, DAMAGED),
                terminal=False,
            )
            case.expect(done.peak_mb < 700, f"{statements[0]}: {name}: {done.peak_mb:.0f} MB")


@case
def keys_are_checked(case):
    """What cannot be right is said to be damaged, by whoever reads it: no run makes a result of it."""
    for statements in (
        ["INSERT INTO raw.customer SELECT * FROM raw.customer"],
        ["UPDATE raw.customer SET customer_no = 2147483647 WHERE customer_no = 1"],
        ["UPDATE raw.event SET customer_no = 2147483647 WHERE customer_no = 1"],
        ["UPDATE raw.event SET customer_no = -1 WHERE customer_no = 1"],
        ["UPDATE raw.event SET customer_no = NULL WHERE customer_no = 1"],
        ["UPDATE raw.event SET product_no = 2147483647 WHERE customer_no = 1"],
        ["UPDATE raw.event SET outlet_no = 2147483647 WHERE customer_no = 1"],
        ["UPDATE raw.event SET outlet_no = NULL WHERE customer_no = 1"],
        ["UPDATE raw.event SET source = 77 WHERE customer_no = 1"],
        ["DELETE FROM raw.outlet"],
        ["UPDATE raw.event SET ts = NULL WHERE customer_no = 1"],
        ["UPDATE raw.customer SET customer_id = NULL WHERE customer_no = 1"],
        ["DELETE FROM raw.customer WHERE customer_no = 1"],
        ["DELETE FROM feature.receipt"],
        ["UPDATE feature.receipt SET lines = -5"],
    ):
        store = case.changed_store(*statements, kind="finished")
        for name, command in {"recommend": ["run", "recommend"], "rfm": ["run", "rfm"]}.items():
            case.run(*command, "--store", store, what=f"{statements[0]}: {name}", status=DAMAGED)


@case
def logs(case):
    """The record of runs says what cannot be."""
    commands = {"report": READS["report"], "log": ["show", "run.log"], "pipeline": WRITES["pipeline"]}
    turn = itertools.cycle(("log", "pipeline"))
    for statement in (
        "UPDATE run.log SET run_id = 9223372036854775807 WHERE run_id = 9",
        "UPDATE run.log SET run_id = -run_id",
        "UPDATE run.log SET fingerprint = NULL",
        "UPDATE run.log SET fingerprint = 'x'",
        "UPDATE run.shown SET run_id = 77",
        "UPDATE run.shown SET run_id = NULL",
        "DELETE FROM run.shown",
        "DELETE FROM run.frame",
        "INSERT INTO run.frame FROM run.frame",
        "UPDATE run.frame SET as_of = NULL, period_from = 'infinity'",
        "UPDATE run.frame SET as_of = '5000000-01-01'",
        "INSERT INTO run.kept SELECT 77",
        "DELETE FROM run.kept",
        "UPDATE raw.load SET first_day = 'infinity', told = NULL",
        "UPDATE run.log SET as_of = NULL",
        "UPDATE run.log SET as_of = 'infinity'",
        "UPDATE run.log SET as_of = '5000000-01-01'",
        "UPDATE run.log SET period_from = '5000-01-01', period_until = '1000-01-01'",
        "UPDATE run.log SET started_at = 'infinity'",
        "UPDATE run.log SET seconds = 'nan'",
        "UPDATE run.log SET seconds = 'inf', rows_written = -1, seed = -1",
        "UPDATE run.log SET params = 'x'",
        "UPDATE run.log SET params = NULL",
        'UPDATE run.log SET params = \'{"rule": {"a": [1]}}\'',
        "UPDATE run.log SET params = repeat('[', 100000)",
        "UPDATE run.log SET room = 'no.such.room'",
        "UPDATE run.log SET room = NULL, state = NULL",
        "DELETE FROM run.log",
        "INSERT INTO run.input SELECT * FROM run.input",
        "UPDATE run.fact SET value = 'nan', lo = 'inf', hi = '-inf'",
        "UPDATE run.fact SET value = NULL",
        "UPDATE run.fact SET value = 1e308, unit = NULL, about_from = DATE '290000-01-01', about_until = NULL",
        "UPDATE run.fact SET position = NULL",
        "UPDATE run.sentence SET en = NULL, ko = NULL",
        "UPDATE run.sentence SET en = '</script><script>alert(1)</script>', kind = 'x'",
        "UPDATE run.sentence SET en = repeat('x', 10000000)",
        "UPDATE run.sentence SET scope = NULL, id = NULL, arguments = NULL",
        "UPDATE run.sentence SET arguments = repeat('[', 100000)",
        'UPDATE run.sentence SET arguments = \'{"share": {"is": "name", "text": "</script><script>alert(1)</script>"}}\'',
        'UPDATE run.sentence SET arguments = \'{"h1": {"is": "period", "from": -2147483648, "until": -2147483648}, '
        '"buyers": {"is": "count", "value": 1e300}, "share": {"is": "amount", "value": 1e300}}\'',
        "UPDATE raw.load SET rows_read = -1, rows_loaded = 9223372036854775807",
        "UPDATE raw.load SET rows_read = NULL, file = NULL",
        "UPDATE run.input SET read_run_id = 77",
    ):
        store = case.changed_store(statement, kind="finished")
        for name in ("report", next(turn)):
            case.run(
                *commands[name],
                "--store",
                store,
                what=f"{statement[:70]}: {name}",
                status=(OK, WRONG, NOT_THERE, CONFLICT, DAMAGED),
                terminal=name not in ("fact",),
            )


def forgeries(text, draw):
    """Models that are none, by their names: what a stranger would try, and mutations by chance."""
    numbers = list(re.finditer(rb"-?\d+(\.\d+)?(e[-+]?\d+)?", text))
    yield "empty", b""
    yield "a byte", b"x"
    yield "zeros", bytes(1000)
    yield "no model", b"tree\nversion=v4\n"
    yield "half", text[: len(text) // 2]
    yield "twice", text + text
    for key, value in (
        (b"num_class", b"1000000000"), (b"num_class", b"0"), (b"num_class", b"-1"),
        (b"num_tree_per_iteration", b"1000000"), (b"num_tree_per_iteration", b"0"),
        (b"max_feature_idx", b"2000000000"), (b"max_feature_idx", b"0"),
        (b"num_leaves", b"2000000000"), (b"num_leaves", b"0"), (b"num_leaves", b"-3"), (b"num_leaves", b"1"),
        (b"num_cat", b"5"), (b"num_cat", b"2000000000"),
        (b"split_feature", b"999999 999999"), (b"split_feature", b"-1 -1"),
        (b"left_child", b"0 0 0 0 0 0"), (b"right_child", b"999999 0 0"), (b"left_child", b"-999999 1"),
        (b"leaf_value", b"nan inf"), (b"threshold", b"nan"), (b"decision_type", b"255 255 255"), (b"decision_type", b"1"),
        (b"tree_sizes", b"999999999 1"), (b"tree_sizes", b"1"), (b"tree_sizes", b"-5"),
        (b"feature_names", b"a"), (b"feature_infos", b"none"), (b"objective", b"regression"), (b"objective", b"lambdarank"),
        (b"shrinkage", b"nan"), (b"is_linear", b"1"),
    ):  # fmt: skip
        changed, count = re.subn(
            rb"(\b" + key + rb"(?:=|\": ?))[^\\\n\"]*", lambda found: found.group(1) + value, text, count=3
        )
        if count:
            yield f"{key.decode()}={value.decode()}", changed
    for i in range(24):
        at = draw.randrange(len(text))
        if i % 4 == 0:
            yield f"a byte at {at}", text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :]
        elif i % 4 == 1:
            yield f"gone at {at}", text[:at] + text[at + draw.randrange(1, 200) :]
        elif i % 4 == 2:
            found = draw.choice(numbers)
            value = draw.choice([b"999999999", b"-1", b"nan", b"1e400", b"", b"0"])
            yield f"number at {found.start()} is {value!r}", text[: found.start()] + value + text[found.end() :]
        else:
            yield f"doubled at {at}", text[: at + 100] + text[at:]


class Hash(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


@case
def models(case):
    """A forged model, its digest and even its signature made to fit, is refused or predicts; it never crashes, hangs or takes
    all memory."""
    store = case.store("finished")
    with case.stranger.open(store) as session:
        found = session.rows(
            "SELECT digest, hex(content), name, feature_hash, label_until FROM model.blob JOIN model.manifest USING (digest) "
            "ORDER BY octet_length(content) DESC LIMIT 1"
        )
    digest, text = found[0][0], bytes.fromhex(found[0][1])
    signed = "\n".join(found[0][2:]).encode() + b"\n"
    key = shutil.copyfile(case.shelf.path("finished") + ".key", store + ".key")
    os.chmod(key, 0o600)
    with open(key, "rb") as file:
        secret = file.readline().strip()
    xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    xxhash.XXH3_128bits.restype = Hash
    xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    for number, (name, forged) in enumerate(forgeries(text, random.Random(1))):
        store, hashed = case.store("finished"), xxhash.XXH3_128bits(forged, len(forged))
        made = digest if number % 10 == 0 else f"{hashed.high:016x}{hashed.low:016x}"
        case.stranger.change(
            store,
            f"UPDATE model.blob SET content = unhex('{forged.hex()}'), digest = '{made}' WHERE digest = '{digest}'",
            f"UPDATE model.manifest SET digest = '{made}', bytes = {len(forged)}, "
            f"signature = '{hmac.new(secret, signed + forged, 'sha256').hexdigest()}' WHERE digest = '{digest}'",
        )
        expected = DAMAGED if made == digest else (OK, CONFLICT, DAMAGED)
        done = case.run("run", "grade_forecast.predict", "--store", store, what=f"model {name}", status=expected)
        case.expect(done.peak_mb < 700, f"model {name}: {done.peak_mb:.0f} MB")
        if done.status == OK:
            none = (
                "SELECT count(*) AS n FROM result.grade_forecast WHERE NOT coalesce(p_leave BETWEEN 0 AND 1, false)"
            )
            rows = case.run("sql", none, "--format=csv", "--store", store, status=OK)
            case.expect(rows.text.split() == ["n", "0"], f"model {name}: chances that are none: {rows.text!r}")
    for statement in (
        "DELETE FROM model.blob",
        "INSERT INTO model.blob SELECT * FROM model.blob",
        "UPDATE model.manifest SET feature_hash = 'x'",
        "UPDATE model.manifest SET digest = NULL",
        "UPDATE model.manifest SET run_id = -1, cutoff = NULL",
        "UPDATE model.manifest SET label_until = 'infinity'",
        "UPDATE model.manifest SET bytes = -1, method = NULL",
        "UPDATE model.blob SET content = NULL",
        "INSERT INTO model.blob SELECT 'huge', encode(repeat('x', 100000000))",
    ):
        store = case.changed_store(statement, kind="finished")
        case.run(
            "run",
            "grade_forecast.predict",
            "--store",
            store,
            what=statement,
            status=(OK, NOT_THERE, CONFLICT, REFUSED, DAMAGED),
        )


# Damaged


def open_and_read(case, what, store, name, right, codes=(DAMAGED, DISK)):
    with case.unchanged(f"{what}: {name}"):
        done = case.run(*READS[name], "--store", store, what=f"{what}: {name}", status=(OK, *codes), terminal=False)
    if done.status == OK:
        case.expect(done.text == right[name], f"{what}: {name} answers {done.text[:100]!r}")
    case.expect("another process" not in done.message, f"{what}: {name}: {done.message}")


@case
def damaged(case):
    """Cut off or with other bytes: damaged, or the answer it had; never "another process has it"."""
    right = right_answers(case)
    with open(case.shelf.path("finished"), "rb") as file:
        whole = file.read()
    draw, turn = random.Random(3), itertools.cycle(right)
    for length in (
        1,
        7,
        8,
        12,
        100,
        4095,
        4096,
        8192,
        12288,
        12289,
        100_000,
        len(whole) // 3,
        len(whole) // 2,
        len(whole) - 4096,
        len(whole) - 1,
    ):
        store = case.write("store.duckdb", whole[:length])
        open_and_read(case, f"cut at {length}", store, next(turn), right)
    spots = [0, 4, 8, 12, 16, 20, 30, 4096, 4100, 4110, 8192, 8200, 8210, 12288, 12290]
    spots += [draw.randrange(12288, len(whole)) for _ in range(25)]
    for spot in spots:
        spoilt = bytearray(whole)
        spoilt[spot] ^= 1 << draw.randrange(8)
        open_and_read(case, f"bit at {spot}", case.write("store.duckdb", bytes(spoilt)), next(turn), right)
    for start in range(0, len(whole) - 262144, len(whole) // 8):
        spoilt = bytearray(whole)
        spoilt[start : start + 4096] = bytes(4096)
        open_and_read(case, f"4 KB of zeros at {start}", case.write("store.duckdb", bytes(spoilt)), next(turn), right)


@case
def damaged_and_written(case):
    """A write to a damaged store fails as damaged or goes well; none says that somebody else has it, none destroys more."""
    with open(case.shelf.path("ranked"), "rb") as file:
        whole = file.read()
    draw = random.Random(4)
    for i in range(10):
        spoilt = bytearray(whole)
        for _ in range(8):
            spoilt[draw.randrange(4096, len(whole))] ^= 1 << draw.randrange(8)
        content = bytes(spoilt) if i % 3 else whole[: draw.randrange(len(whole))]
        for name in ("import", "rfm"):
            case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
            store = case.write("store.duckdb", content)
            for suffix in (".wal",):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(store + suffix)
            done = case.run(*WRITES[name], "--store", store, what=f"damage {i}: {name}", status=(OK, DAMAGED, DISK))
            case.expect("another process" not in done.message, f"damage {i}: {name}: {done.message}")


@case
def really_locked(case):
    """Another program has it open: conflict, for readers and writers, whatever the store is called."""
    for name in ("store.duckdb", "block checksum corrupt.duckdb", "no space left on device"):
        store = case.store("ranked", name)
        with case.stranger.open(store):
            for what, command in {**READS, **WRITES}.items():
                case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
                done = case.run(*command, "--store", store, what=f"{name}: {what}", status=CONFLICT)
                case.expect("open" in done.message or "another" in done.message, f"{name}: {what}: {done.message}")
        os.remove(store)


@case
def names_that_mislead(case):
    """The words of a path are not taken for the error's."""
    for name in ("lock.duckdb", "Conflicting lock is held.duckdb", "another process.duckdb"):
        path = case.write(name, b"x" * 20000)
        done = case.run("sql", "SELECT 1", "--store", path, what=f"{name}, no store", status=(WRONG, DAMAGED))
        case.expect("wait" not in done.message, f"{name}: {done.message}")
    for name in ("checksum.duckdb", "Corrupt database.duckdb", "No space left on device.duckdb"):
        done = case.run(
            "sql", "SELECT 1", "--store", case.path("no", name), what=f"{name}, not there", status=NOT_THERE
        )


# What is no ordinary file


@case
def special_files(case):
    """A folder, FIFO, socket or device as store, input or map is refused at once."""
    os.mkdir(case.path("folder.duckdb"))
    os.mkfifo(case.path("fifo"))
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(case.path("socket"))
    null, zero, tty = case.link("null", "/dev/null"), case.link("zero", "/dev/zero"), case.link("full", "/dev/full")
    case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    for path in (
        "folder.duckdb",
        "fifo",
        "socket",
        null,
        zero,
        tty,
        "/proc/self/mem",
        "/proc/self/environ",
        "/proc/version",
    ):
        for name, command in {**READS, "import": WRITES["import"], "rfm": WRITES["rfm"]}.items():
            with case.unchanged(f"store {path}: {name}"):
                case.run(
                    *command,
                    "--store",
                    path,
                    what=f"store {path}: {name}",
                    status=(WRONG, NOT_THERE, REFUSED, DAMAGED, DISK),
                )
    for path in ("fifo", "socket", null, zero, tty, "/proc/self/mem"):
        for command in (
            ["check", path],
            ["check", "in.csv", path],
            ["check", "in.csv", "--map", path],
            ["import", path, "--store", "new.duckdb"],
            ["import", "in.csv", path, "--store", "new.duckdb"],
            ["import", "in.csv", "--map", path, "--store", "new.duckdb"],
        ):
            what = " ".join(command)
            done = case.run(*command, what=what, status=(WRONG, NOT_THERE, REFUSED, DISK))
            case.expect(done.peak_mb < 400, f"{what}: {done.peak_mb:.0f} MB")
            case.expect(done.seconds < 3, f"{what}: {done.seconds:.1f} s")
    os.mkdir(case.path("data"))
    os.mkfifo(case.path("data", "fifo.csv"))
    shutil.copyfile(case.path("in.csv"), case.path("data", "in.csv"))
    case.run(
        "check", "data", what="check of a folder with a FIFO in it", status=(OK, WRONG, NOT_THERE, REFUSED, DISK)
    )
    listening.close()


@case
def paths_that_cannot_be(case):
    """Too long, through a file, in a circle, empty, with a NUL's look: an error of one line, nothing made."""
    case.write("file", "x")
    case.link("loop", "loop")
    case.link("dangling", "no/where")
    os.mkdir(case.path("folder"))
    case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    for path in (
        "x" * 300,
        "a/" * 3000,
        "file/store.duckdb",
        "loop",
        "no/such/folder/store.duckdb",
        "dangling",
        "",
        " ",
        ":memory:",
        "md:x",
        "s3://b/k",
        "http://127.0.0.1:1/x.duckdb",
        "folder/",
        "/",
        ".",
        "x\x01y",
        b"\xff\xfe",
    ):
        for name, command in {**READS, "import": WRITES["import"], "rfm": WRITES["rfm"]}.items():
            before = case.snapshot()
            done = case.run(*command, "--store", path, what=f"store {path!r:.30}: {name}")
            if name != "import":
                case.expect(
                    done.status in (WRONG, NOT_THERE, REFUSED, DAMAGED, DISK),
                    f"store {path!r:.30}: {name}: exit status {done.status}",
                )
                case.expect(case.snapshot() == before, f"store {path!r:.30}: {name}: made something")
            elif done.status != OK:
                case.expect(
                    case.snapshot() == before,
                    f"store {path!r:.30}: {name}: failed and made {case.snapshot().keys() - before.keys()}",
                )


@case
def permission(case):
    """Not allowed is io, exit status 7, and says so; nothing is taken for damage or absence."""
    if os.getuid() == 0:
        os.chmod(case.shelf.folder, 0o755)
        nobody = {"user": 65534}
        probe = subprocess.run([case.danggol, "list"], capture_output=True, user=65534)
        if probe.returncode != 0:
            return  # the program itself is out of reach
    else:
        nobody = {}
    store = case.store()
    case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    os.chmod(case.path("in.csv"), 0o644)
    os.makedirs(case.path("locked"))
    shutil.copyfile(store, case.path("locked", "store.duckdb"))
    os.chmod(store, 0)
    os.chmod(case.path("locked"), 0)
    for path in (store, case.path("locked", "store.duckdb")):
        for name, command in {**READS, "import": WRITES["import"], "rfm": WRITES["rfm"]}.items():
            done = case.run(
                *command,
                "--store",
                path,
                what=f"{os.path.relpath(path, case.folder)}, not allowed: {name}",
                status=DISK,
                **nobody,
            )
            case.expect("another process" not in done.message, done.message)
    os.chmod(store, 0o444)
    os.chmod(case.folder, 0o555)
    case.run(*READS["sql"], "--store", store, what="a store that may only be read", status=OK, **nobody)
    case.run(*WRITES["rfm"], "--store", store, what="a run on a store that may only be read", status=DISK, **nobody)
    case.run(
        "report",
        "report.html",
        "--store",
        store,
        what="a report into a folder that may not be written",
        status=DISK,
        **nobody,
    )
    case.run(
        "sql",
        "SELECT 1",
        "--out",
        "out.csv",
        "--store",
        store,
        what="an output into such a folder",
        status=DISK,
        **nobody,
    )
    case.run(
        "simulate",
        "shop",
        "--customers=5",
        "--months=2",
        "--out",
        "shop",
        what="a shop into such a folder",
        status=DISK,
        **nobody,
    )
    case.run("import", "in.csv", "--store", "new.duckdb", what="a new store in such a folder", status=DISK, **nobody)
    os.chmod(case.path("in.csv"), 0)
    os.chmod(case.folder, 0o777)
    case.run("check", "in.csv", what="check of a file that may not be read", status=DISK, **nobody)
    case.run("import", "in.csv", "--store", "new.duckdb", what="import of such a file", status=DISK, **nobody)
    for path in (case.path("locked"), store):
        os.chmod(path, 0o700)
