"""Text that bites: nothing from outside steers a terminal or runs in a spreadsheet. JSON stays exact."""

import csv
import io
import json
import os
import re

from attack import BITING, DAMAGED, NOT_THERE, OK, WRONG, case

BITES = {  # by what they are: what a terminal obeys, hides or turns round
    "ESC": "\x1b[31;5m",
    "OSC 52": "\x1b]52;c;ZWNobyBwd25lZA==\x07",
    "title": "\x1b]0;other\x1b\\",
    "BEL": "\x07",
    "backspaces": "rm\x08\x08ls",
    "vertical tab": "\x0b\x0c",
    "DEL": "\x7f",
    "C1 CSI": "\u009b31m",
    "C1 OSC": "\u009d0;x\u009c",
    "NEL": "\u0085",
    "right to left": "\u202etxt.exe",
    "isolates": "\u2066a\u2069",
    "marks": "\u200e\u200f\u061c",
    "lines": "\u2028\u2029",
    "carriage return": "good\rbad ",
    "tab": "a\tb",
}
FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "-",
    "+",
    "=",
    "@",
    "-1e",
    "+82-10-1234",
    " =1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
]
PLAIN = ["-12.5", "+5", "-1e5", "-0.0001", "12", "단골", "a=b", "a-b", "x@y.kr", "'quoted", ""]


def shop(case, name="in.csv"):
    """A row for each bite, in every column that is kept: ids, names, partner, channel, store, receipt, region."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "customer_id",
            "ts",
            "amount",
            "product_id",
            "product_name",
            "partner",
            "channel",
            "store_id",
            "receipt_id",
            "region",
        ]
    )
    for number, bite in enumerate(BITES.values()):
        for month in range(1, 13):
            writer.writerow(
                [
                    f"c{number}{bite}",
                    f"2024-{month:02}-0{1 + number % 9}",
                    10 + number,
                    *(
                        f"{kind}{bite}{number}"
                        for kind in ("p", "name ", "partner ", "channel ", "s", "r", "region ")
                    ),
                ]
            )
    return case.write(name, out.getvalue())


@case
def kept_values(case):
    """In tables, sentences, summaries and answers about one customer; as text a row stays one line, as JSON every character is there."""
    store, file = case.path("store.duckdb"), shop(case)
    case.run("check", file, status=OK)
    case.run("import", file, "--store", store, status=OK)
    for room in ("sales_trend", "rfm", "grade_change", "order_frequency", "channel_divergence", "recommend"):
        case.run("run", room, "--store", store, status=(OK, NOT_THERE))
    for number, bite in enumerate(BITES.values()):
        done = case.run("run", "customer", f"--id=c{number}{bite}", "--store", store, what=f"customer {number}")
        case.expect(
            done.status == OK or bite.strip() != bite, f"customer {number}: exit status {done.status}: {done.message}"
        )
        case.run(
            "run", "customer", f"--id=nobody{bite}", "--store", store, what=f"no customer {number}", status=NOT_THERE
        )
    for table in (
        "raw.customer",
        "raw.product",
        "raw.store",
        "raw.event",
        "raw.load",
        "raw.reject",
        "result.rfm",
        "result.sales_trend",
        "run.sentence",
    ):
        done = case.run("show", table, "--limit=400", "--store", store, what=f"show {table}")
        raw = case.run(
            "show", table, "--limit=400", "--json", "--store", store, what=f"show {table} --json", terminal=False
        )
        if done.status == OK:
            lines = len(done.text.rstrip("\n").split("\n"))
            case.expect(
                lines == 2 + len(json.loads(raw.text)), f"{table}: {lines} lines of {len(json.loads(raw.text))} rows"
            )
    done = case.run(
        "sql", "SELECT customer_id FROM raw.customer", "--json", "--store", store, status=OK, terminal=False
    )
    seen = {row["customer_id"] for row in json.loads(done.text)}
    for number, bite in enumerate(BITES.values()):
        known = {f"c{number}{bite}", f"c{number}{bite}".strip()}  # blanks round an id may go, marks of direction do
        known.add(re.sub("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]", "", f"c{number}{bite}").strip())
        case.expect(known & seen, f"json: c{number}{bite!r} is not in it")
    case.run("report", "report.html", "--store", store, status=OK)
    case.run("pipeline", "--report", "report.html", "--store", store)


@case
def selected_values(case):
    """A text computed by a statement, in every place of a row, and as the name of a column."""
    store = case.store()
    for name, bite in BITES.items():
        literal = " || ".join(f"chr({ord(c)})" for c in bite)
        select = f"SELECT {literal} AS a, [{literal}] AS b, {{'k': {literal}}} AS c, MAP {{{literal}: 1}} AS d"
        case.run("sql", select, "--store", store, what=f"{name}, selected", status=OK)
        done = case.run("sql", select, "--json", "--store", store, what=f"{name}, as JSON", status=OK, terminal=False)
        case.expect(done.status != OK or json.loads(done.text)[0]["a"] == bite, f"{name}: JSON {done.text!r}")
        case.run("sql", f'SELECT 1 AS "{bite}"', "--store", store, what=f"{name}, a column", status=OK)
        case.run("sql", f'SELECT "{bite}"', "--store", store, what=f"{name}, no column", status=WRONG)
        case.run("sql", f"SELECT error({literal})", "--store", store, what=f"{name}, an error", status=WRONG)
        case.run("sql", f"SELECT '{bite}'::INTEGER", "--store", store, what=f"{name}, a conversion", status=WRONG)
    case.run("sql", "SELECT chr(0) AS a, 'a' || chr(0) || 'b' AS b", "--store", store, what="NUL", status=OK)
    done = case.run(
        "sql", "SELECT chr(10) AS a, 'b' || chr(10) || 'c' AS b", "--store", store, what="line ends", status=OK
    )
    case.expect(done.text.count("\n") == 3, f"line ends: {done.text!r}")


@case
def names(case):
    """Names of files, stores, columns, roles, commands and parameters, in messages and summaries."""
    for number, (name, bite) in enumerate(BITES.items()):
        if "/" in bite:
            continue
        file = case.write(f"in{bite}{number}.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
        store = f"store{bite}{number}.duckdb"
        case.run("check", file, what=f"{name}: check", status=OK)
        case.run("import", file, "--store", store, what=f"{name}: import", status=OK)
        case.run("import", file, "--store", store, what=f"{name}: import again")
        case.run("sql", "SELECT nothing", "--store", store, what=f"{name}: sql", status=WRONG)
        for command in (
            ["check", f"no{bite}.csv"],
            ["check", file, f"--customer=no{bite}"],
            ["check", file, f"--time-format=no{bite}"],
            ["check", file, "--map", f"no{bite}.toml"],
            ["check", f"preset{bite}", file],
            ["sql", "SELECT 1", "--store", f"no{bite}"],
            ["show", f"raw.{bite}", "--store", store],
            ["show", bite, "--store", store],
            ["run", "rfm", f"--as-of={bite}", "--store", store],
            ["run", "rfm", f"--rule={bite}", "--store", store],
            ["run", f"rfm{bite}", "--store", store],
            ["describe", f"rfm{bite}"],
            ["pipeline", f"--rooms=rfm{bite}", "--store", store],
            ["report", f"no/{bite}/x", "--store", store],
            ["sql", "SELECT 1", "--out", f"no/{bite}/x", "--store", store],
            [f"import{bite}"],
            ["list", f"--lang={bite}"],
            ["simulate", "shop", f"--seed={bite}", "--out", "shop"],
            ["simulate", f"shop{bite}", "--out", "shop"],
            ["run", "campaign", f"--suppress=x{bite}", "--store", store],
            ["show", "raw.load", f"--limit={bite}", "--store", store],
            [f"--memory={bite}", "show", "raw.load", "--store", store],
        ):
            case.run(
                *command,
                what=f"{name}: {command[0]!r} {command[1]!r:.30}" if len(command) > 1 else name,
                misspelt=True,
            )
    toml = case.write("map.toml", '[columns]\n"\\u001b[31m" = "x"\n')
    case.run("check", file, "--map", toml, what="a role of a map", status=WRONG)
    header = case.write("header.csv", "customer_id,ts,amount,\x1b[31mred\na,2024-01-01,5,x\n")
    case.run("check", header, what="a column", status=OK)
    case.run(
        "check",
        case.write("nothing.csv", "\x1b[31mred,\x07\n1,2\n"),
        what="columns, none of them known",
        status=WRONG,
    )


@case
def altered_texts(case):
    """Texts that danggol wrote itself, altered by hand, are texts from outside."""
    store = case.changed_store(
        "UPDATE run.sentence SET en = en || chr(27) || '[31m', ko = ko || chr(155)",
        "UPDATE run.log SET params = chr(27) || '[31m', error = chr(7), version = chr(155)",
        "UPDATE run.fact SET name = chr(27) || 'x', unit = chr(8238)",
        "UPDATE raw.load SET file = chr(27) || ']0;x' || chr(7), digest = chr(155), format = chr(27)",
        "UPDATE history.rfm SET grade = grade || chr(27) || '[31m'",
        kind="finished",
    )
    for command in (
        ["show", "run.log"],
        ["show", "run.sentence"],
        ["show", "raw.load"],
        ["show", "result.rfm", "--limit=5"],
        ["run", "customer", "--id=C000095"],
        ["run", "grade_change"],
        ["report", "report.html"],
    ):
        case.run(*command, "--store", store, status=(OK, WRONG, DAMAGED))


def is_number(text):
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) is not None


@case
def formulas(case):
    """No cell of a CSV runs, whether it is quoted or not; plain numbers stay; --plain gives the text as it is."""
    store = case.store()
    texts = FORMULAS + PLAIN
    values = ", ".join(
        f"({i}, " + (" || ".join(f"chr({ord(c)})" for c in text) or "''") + ")" for i, text in enumerate(texts)
    )
    select = f"SELECT i, a FROM (VALUES {values}) t(i, a) ORDER BY i"
    shown = case.run("sql", select, "--format=csv", "--store", store, status=OK, terminal=False)
    case.run("sql", select, "--format=csv", "--out", "out.csv", "--store", store, status=OK)
    plain = case.run("sql", select, "--format=csv", "--plain", "--store", store, status=OK, terminal=False)
    case.run("sql", select, "--format=csv", "--plain", "--out", "plain.csv", "--store", store, status=OK)
    raw = case.run("sql", select, "--json", "--store", store, status=OK, terminal=False)
    with open(case.path("out.csv"), "rb") as file:
        written = file.read()
    with open(case.path("plain.csv"), "rb") as file:
        written_plain = file.read()
    case.expect(written.startswith(b"\xef\xbb\xbf"), "a file has a byte-order mark")
    case.expect(not written_plain.startswith(b"\xef\xbb\xbf"), "a plain file has a byte-order mark")
    case.expect(not plain.out.startswith(b"\xef\xbb\xbf"), "plain stdout has a byte-order mark")
    for name, content in (("stdout", shown.out), ("file", written)):
        rows = list(csv.reader(io.StringIO(content.decode().lstrip("\ufeff"), newline="")))[1:]
        case.expect(len(rows) == len(texts), f"{name}: {len(rows)} rows of {len(texts)}")
        for text, row in zip(texts, rows):
            cell = row[1] if len(row) > 1 else ""
            if text in PLAIN:
                case.expect(cell == text, f"{name}: {text!r} became {cell!r}")
            else:
                harmless = cell.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
                case.expect(harmless or is_number(cell), f"{name}: {text!r} is {cell!r}")
                case.expect(text in cell, f"{name}: {text!r} is not in {cell!r}")
    for name, content in (("plain stdout", plain.out), ("plain file", written_plain)):
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
        case.expect([row[1] if len(row) > 1 else "" for row in rows] == texts, f"{name}: not the texts as they are")
    if raw.text:
        case.expect([row["a"] for row in json.loads(raw.text)] == texts, "JSON: not the texts as they are")


@case
def formulas_elsewhere(case):
    """Names of columns, values of other types, cells of show and of one customer."""
    store = case.store()
    case.run(
        "sql",
        'SELECT 1 AS "=1+1", 2 AS "@x", 3 AS "+a", -5 AS n, -1.5 AS d, DATE \'2024-01-01\' AS t',
        "--format=csv",
        "--out",
        "out.csv",
        "--store",
        store,
        status=OK,
    )
    with open(case.path("out.csv"), encoding="utf-8-sig", newline="") as file:
        head, row = list(csv.reader(file))
    for cell in head:
        case.expect(cell[:1] not in "=@+-", f"the column {cell!r}")
    case.expect(row[3:] == ["-5", "-1.5", "2024-01-01"], f"numbers and dates: {row}")
    file = case.write(
        "in.csv",
        "customer_id,ts,amount,product_id,product_name\n"
        + "".join(f'"{text}",2024-0{1 + i % 9}-01,-5,"{text}","{text}"\n' for i, text in enumerate(FORMULAS[:5])),
    )
    case.run("import", file, "--store", "new.duckdb", status=OK)
    for table in ("raw.customer", "raw.product"):
        case.run("show", table, "--format=csv", "--out", "out.csv", "--store", "new.duckdb", status=OK)
        with open(case.path("out.csv"), encoding="utf-8-sig", newline="") as out:
            for row in list(csv.reader(out))[1:]:
                for cell in row:
                    case.expect(cell[:1] not in ("=", "+", "-", "@") or is_number(cell), f"{table}: {cell!r}")
    # a list or struct that begins with none of them, but whose text could
    done = case.run(
        "sql",
        "SELECT '-1 month'::INTERVAL AS a, '-infinity'::DATE AS b, '-1'::BIT IS NULL AS c",
        "--format=csv",
        "--store",
        store,
    )
    case.expect(done.status in (OK, WRONG), done.message)


@case
def markup(case):
    """In the report a text is a text."""
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>__DANGGOL_REPORT_JSON__"
    rows = "".join(f'"c{i}{evil}",2024-{1 + i % 12:02}-01,5,"{evil}","{evil}"\n' for i in range(40))
    file = case.write(
        f"in{evil.replace('/', '')}.csv",
        "customer_id,ts,amount,partner,product_name\n" + rows + f'"{evil}",{evil},5,,\n',
    )
    case.run("import", file, "--store", "store.duckdb", status=OK)
    for room in ("sales_trend", "rfm"):
        case.run("run", room, "--store", "store.duckdb", status=OK)
    case.run("report", "report.html", "--store", "store.duckdb", status=OK)
    case.run("report", "ko.html", "--lang=ko", "--store", "store.duckdb", status=OK)
    for name in ("report.html", "ko.html"):
        with open(case.path(name), encoding="utf-8") as page:
            content = page.read()
        case.expect(
            "<script>alert(1)" not in content and "<img src=x" not in content, f"{name} holds markup of a file"
        )
        bite = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content)
        case.expect(not bite, f"{name} holds {bite}")


@case
def progress(case):
    """What is drawn on a terminal while it works: names of files and rooms only as text."""
    import pty

    bite = BITES["OSC 52"].replace("/", "")
    file = case.write(f"in{bite}.csv", "customer_id,ts,amount\n" + "a,2024-01-01,5\n" * 300_000)
    main, other = pty.openpty()
    process = case.start("import", file, "--store", "store.duckdb", stdout=other, stderr=other)
    os.close(other)
    content = b""
    while True:
        try:
            more = os.read(main, 65536)
        except OSError:
            break
        if not more:
            break
        content += more
    os.close(main)
    case.expect(process.wait() == OK, "import on a terminal")
    case.expect(b"\x1b]52" not in content and b"\x07" not in content, f"the terminal got {content[:300]!r}")


assert BITING
