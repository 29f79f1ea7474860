"""Personal data: what nobody mapped is nowhere in the store or the report; a reject is a reason and a count."""

import os
import re

from attack import OK, case

PHONE, CARD, MAIL = "010-9876-5432", "4929-1234-5678-9012", "kim.secretive@example.kr"
HEAD = ["customer_id", "ts", "amount", "phone", "card_number", "e_mail"]


def everything(case, store):
    """All that is in any table of the store, by the name of its table, as texts."""
    found = {}
    with case.stranger.open(store) as session:
        for (table,) in session.rows(
            "SELECT '\"' || schema_name || '\".\"' || table_name || '\"' FROM duckdb_tables() UNION ALL "
            "SELECT '\"' || schema_name || '\".\"' || view_name || '\"' FROM duckdb_views() WHERE NOT internal"
        ):
            found[table] = "\n".join(row[0] for row in session.rows(f"SELECT t::VARCHAR FROM {table} t") if row[0])
    return found


def nowhere(case, what, store, needles, report="report.html"):
    for table, text in everything(case, store).items():
        for needle in needles:
            case.expect(needle not in text, f"{what}: {needle} is in {table}")
    with open(store, "rb") as file:
        content = file.read()
    if report and os.path.exists(case.path(report)):
        with open(case.path(report), "rb") as file:
            content += file.read()
    for needle in needles:
        case.expect(needle.encode() not in content, f"{what}: {needle} is in the bytes of the store or the report")


def lines(rejected):
    good = [f"c{i},2024-{1 + i % 12:02}-01,{i}.5,{PHONE},{CARD},{MAIL}" for i in range(60)]
    return ",".join(HEAD) + "\n" + "\n".join(good + rejected) + "\n"


def play(case, what, content, needles=(PHONE, CARD, MAIL, "9876-5432", "4929-1234"), name="in.csv", options=()):
    for left in ("store.duckdb", "report.html"):
        if os.path.exists(case.path(left)):
            os.remove(case.path(left))
    file = case.write(name, content)
    check = case.run("check", file, *options, what=f"{what}: check", status=OK)
    done = case.run("import", file, *options, "--store", "store.duckdb", what=f"{what}: import", status=OK)
    case.run("run", "rfm", "--store", "store.duckdb", status=OK, what=f"{what}: rfm")
    case.run("report", "report.html", "--store", "store.duckdb", status=OK, what=f"{what}: report")
    shown = case.run("show", "raw.reject", "--store", "store.duckdb", status=OK, what=f"{what}: rejects")
    for needle in needles:
        for name, text in (
            ("check", check.text + check.message),
            ("import", done.text + done.message),
            ("rejects", shown.text),
        ):
            case.expect(needle not in text, f"{what}: {needle} is shown by {name}")
    nowhere(case, what, case.path("store.duckdb"), needles)
    return shown


@case
def columns_nobody_mapped(case):
    """Of rows that are loaded, and of rows that are turned down for any reason that leaves their columns known."""
    for reason, row in {
        "no_customer": f",2024-01-01,5,{PHONE},{CARD},{MAIL}",
        "bad_time": f"x1,yesterday,5,{PHONE},{CARD},{MAIL}",
        "future_time": f"x2,2190-01-01,5,{PHONE},{CARD},{MAIL}",
        "bad_amount": f"x3,2024-01-01,five,{PHONE},{CARD},{MAIL}",
        "no_amount": f"x4,2024-01-01,,{PHONE},{CARD},{MAIL}",
        "ambiguous_time": f"x5,1/2/2024,5,{PHONE},{CARD},{MAIL}",
        "id_too_long": f"{'y' * 300},2024-01-01,5,{PHONE},{CARD},{MAIL}",
    }.items():
        shown = play(case, reason, lines([row]))
        case.expect(reason in shown.text, f"{reason}: not among the rejects: {shown.text!r}")


@case
def rows_that_cannot_be_split(case):
    """Nobody knows which column is which: nothing of such a row is kept."""
    for reason, row in {
        "field_count": f"x,2024-01-01,5,{PHONE},{CARD},{MAIL},more",
        "field_count, few": f"{PHONE},{CARD},{MAIL}",
        "bad_quote": f'x,2024-01-01,5,"{PHONE}"x,{CARD},{MAIL}',
        "open_quote": f'x,2024-01-01,5,"{PHONE},{CARD},{MAIL}',
        "shifted": f"x,2024-01-01,5,5,{PHONE},{CARD},{MAIL}",
        "too_long": f"x,2024-01-01,5,{PHONE},{CARD},{MAIL}" + "z" * 1_100_000,
    }.items():
        play(case, reason, lines([row]))
    content = (
        lines(["§"]).encode().replace("§".encode(), b"x\xff\xfe,2024-01-01,5," + f"{PHONE},{CARD},{MAIL}".encode())
    )
    play(case, "encoding", content)


@case
def shifted_into_mapped_columns(case):
    """What stands in a mapped column is kept; the test's own witness that it looks in the right place."""
    file = case.write("in.csv", lines([f"{MAIL},not a time,5,{PHONE},{CARD},x"]))
    case.run("import", file, "--store", "store.duckdb", status=OK)
    found = everything(case, case.path("store.duckdb"))
    kept = [table for table, text in found.items() if MAIL in text]
    case.expect(kept == ['"raw"."reject"'], f"a customer id of a reject is kept in {kept}")


@case
def the_report(case):
    """Shows how many rows were turned down and why; none of them, nor which line, nor whose."""
    rejected = [f"private-{i},not a time,5,{PHONE},{CARD},{MAIL}" for i in range(12)]
    file = case.write("in.csv", lines(rejected))
    case.run("import", file, "--store", "store.duckdb", status=OK)
    case.run("pipeline", "--rooms=rfm,sales_trend", "--report", "report.html", "--store", "store.duckdb", status=OK)
    with open(case.path("report.html"), encoding="utf-8") as page:
        content = page.read()
    for needle in ("private-", "not a time", PHONE, CARD, MAIL):
        case.expect(needle not in content, f"the report holds {needle!r}")
    case.expect(
        re.search(r'"bad_time"|time that cannot be read|no time', content) is not None, "the report lacks the reason"
    )
    case.expect(case.folder not in content, "the report holds a path of the machine")


@case
def parquet_and_gz(case):
    """The same by other ways in."""
    import gzip

    row = f"x1,yesterday,5,{PHONE},{CARD},{MAIL}"
    play(case, "gz", gzip.compress(lines([row]).encode()), name="in.csv.gz")
    case.write("rows.csv", lines([row]))
    with case.stranger.open(case.path("made.duckdb")) as session:
        session.rows(
            f"COPY (FROM read_csv('{case.path('rows.csv')}', all_varchar = true)) TO '{case.path('in.parquet')}'"
        )
    with open(case.path("in.parquet"), "rb") as file:
        content = file.read()
    play(case, "Parquet", content, name="in.parquet")
    play(case, "a map", lines([row]), options=("--customer=customer_id", "--time=ts"))


@case
def deleted_with_the_failed(case):
    """An import that fails, or is refused, leaves nothing of its rows."""
    file = case.write("in.csv", lines([]))
    case.run("import", file, "--store", "store.duckdb", status=OK)
    marked = case.write("second.csv", lines([]).replace("c1,", "marked-customer,"))
    case.run("import", marked, case.path("no.csv"), "--store", "store.duckdb")
    nowhere(case, "a failed import", case.path("store.duckdb"), ["marked-customer"], report=None)
