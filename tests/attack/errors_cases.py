"""Errors by code, not by words: the exit status says what kind of thing went wrong, in a pipeline too."""

import json
import os
import resource
import signal

from attack import BUG, CONFLICT, DAMAGED, DISK, MEMORY, NOT_THERE, OK, REFUSED, WRONG, case

FULL = {"ignored": [signal.SIGXFSZ]}


@case
def codes(case):
    """One of each, whatever words stand in names and values."""
    store = case.store()
    empty = case.write("empty.csv", "customer_id,ts,amount\nx,not a time,5\n")
    case.run("import", empty, "--store", "empty.duckdb")
    word = "lock checksum memory space corrupt"
    csv = case.write(f"{word}.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    for status, command in (
        (WRONG, ["sql", "SELECT nothing FROM raw.event", "--store", store]),
        (WRONG, ["sql", "SELECT * FROM raw.nothing", "--store", store]),
        (WRONG, ["sql", "SELEC 1", "--store", store]),
        (WRONG, ["sql", f'SELECT "{word}"', "--store", store]),
        (WRONG, ["sql", "SELECT 'x'::INTEGER", "--store", store]),
        (WRONG, ["sql", f"SELECT error('{word}')", "--store", store]),
        (WRONG, ["sql", "SELECT 1 / 0 + 'a'", "--store", store]),
        (WRONG, ["run", "rfm", "--rule=no", "--store", store]),
        (WRONG, ["run", "rfm", "--as-of=yesterday", "--store", store]),
        (WRONG, ["show", "raw.event", "--format=xml", "--store", store]),
        (WRONG, ["import", csv, "--customer=nothing", "--store", "new.duckdb"]),
        (NOT_THERE, ["run", "rfm", "--store", "empty.duckdb"]),
        (NOT_THERE, ["pipeline", "--store", "empty.duckdb"]),
        (NOT_THERE, ["report", "report.html", "--store", case.store("loaded", "loaded.duckdb")]),
        (NOT_THERE, ["run", "grade_change", "--store", case.path("loaded.duckdb")]),
        (NOT_THERE, ["sql", "SELECT 1", "--store", f"{word}.duckdb"]),
        (NOT_THERE, ["import", f"no {word}.csv", "--store", "new.duckdb"]),
        (NOT_THERE, ["check", f"no {word}.csv"]),
        (NOT_THERE, ["show", "raw.nothing", "--store", store]),
        (NOT_THERE, ["run", "customer", "--id=nobody", "--store", store]),
        (NOT_THERE, ["run", "grade_forecast.predict", "--store", store]),
        (CONFLICT, ["run", "grade_change", "--until=2024-05-01", "--store", store]),
    ):
        case.run(*command, status=status, misspelt="xml" in str(command))
    with case.stranger.open(store):
        case.run("sql", "SELECT 1", "--store", store, what="a store that is open elsewhere", status=CONFLICT)


@case
def memory(case):
    """Not enough of it is exit status 8 with the bound, in a statement, a run and an import."""
    store = case.store("big")
    for command in (
        ["sql", "SELECT list(i) FROM range(100000000) t(i)"],
        ["sql", "SELECT string_agg(repeat('x', 1000), ',') FROM range(1000000)"],
    ):
        done = case.run(*command, "--memory=100MB", "--store", store, status=MEMORY, seconds=30)
        case.expect("--memory" in done.message, f"no remedy in {done.message!r}")
    done = case.run("run", "recommend", "--memory=64MB", "--store", store, status=(OK, MEMORY), seconds=60)
    case.expect(done.status == OK or "--memory" in done.message, f"no remedy in {done.message!r}")


@case
def address_space(case):
    """A process that gets no more memory from the system ends with a message, not by a signal.

    But for one in a hundred, over which we have no power: a thread of DuckDB that was idle and for which its allocator
    can make no arena (duckdb_je_tcache_arena_associate, 1.5.5). Twice in a row is a failure.
    """
    store = case.store("big")
    for megabytes in (400, 500, 700):
        for command in (
            ["sql", "SELECT list(i) FROM range(100000000) t(i)", "--store", store],
            ["run", "recommend", "--store", store],
            ["import", case.shelf.big_file(), "--store", store, "--on-overlap=keep"],
            ["report", "report.html", "--store", store],
            ["check", case.shelf.big_file()],
        ):
            what = f"{command[0]} in {megabytes} MB of address space"
            limits = [(resource.RLIMIT_AS, megabytes << 20)]
            done = case.run(*command, what=what, limits=limits, seconds=60, forgiven=signal.SIGSEGV)
            case.expect(
                done.status in (OK, WRONG, NOT_THERE, MEMORY, DISK) or done.status < 0,
                f"{what}: exit status {done.status}: {done.message[:100]}",
            )


@case
def options_before_the_command(case):
    store = case.store()
    case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    for command in (
        ["--store", store, "import", "in.csv"],
        [f"--store={store}", "show", "raw.load"],
        ["--json", "--store", store, "show", "raw.load"],
        ["--store", store, "sql", "SELECT 1"],
        ["--lang", "ko", "--store", store, "report", "report.html"],
        ["--lang=ko", "list"],
        ["--json", "list"],
        ["--lang", "ko", "describe", "rfm"],
        ["--memory=1GB", "--store", store, "run", "rfm"],
        ["--store", store, "--memory", "1GB", "--lang", "ko", "--json", "pipeline", "--rooms=rfm"],
        ["--store", store, "run", "customer", "--id=C000095"],
        ["--store", store, "run", "--lang=ko", "rfm"],
    ):
        done = case.run(*command, status=OK)
        if "--json" in command and done.status == OK:
            json.loads(done.text)
    korean = case.run("--lang", "ko", "list", status=OK)
    case.expect(korean.text == case.run("list", "--lang", "ko", status=OK).text, "--lang before list")
    case.expect("고객" in korean.text, "--lang=ko before list is not Korean")
    # the nearer one counts
    case.run("--store", "no.duckdb", "sql", "SELECT 1", "--store", store, status=OK)
    case.run("--store", store, "sql", "SELECT 1", "--store", "no.duckdb", status=NOT_THERE)
    case.run("sql", "SELECT 1", env={"DANGGOL_STORE": store}, status=OK)
    case.run("--store", "no.duckdb", "sql", "SELECT 1", env={"DANGGOL_STORE": store}, status=NOT_THERE)


@case
def pipeline_with_a_failed_room(case):
    """A room that fails for another reason than lack of data: the rest runs, the status is its, stderr and the report say so."""
    for name, broken, statements in (
        (
            "an index that forbids what it writes",
            BUG,
            [
                "DELETE FROM history.order_frequency",
                "CHECKPOINT",
                "CREATE UNIQUE INDEX one ON history.order_frequency (run_id)",
            ],
        ),
        (
            "a view in its place",
            DAMAGED,
            [
                "DROP VIEW result.order_frequency",
                "DROP TABLE history.order_frequency",
                "CREATE VIEW history.order_frequency AS SELECT 1 AS a",
            ],
        ),
    ):
        store = case.store("finished")
        with case.stranger.open(store) as session:
            for statement in statements:
                session.rows(statement)
        before = case.run("sql", "SELECT max(run_id) AS n FROM run.log", "--format=csv", "--store", store).text
        done = case.run("pipeline", "--force", "--report", "report.html", "--store", store, what=name, seconds=60, status=broken)
        if done.status == DAMAGED and not os.path.exists(case.path("report.html")):
            continue  # refused on opening: nothing ran, and it says so
        case.expect(done.status not in (OK, NOT_THERE), f"{name}: exit status {done.status}: {done.text[:200]}")
        case.expect("order_frequency" in done.message, f"{name}: stderr does not name the room: {done.message}")
        after = case.run(
            "sql",
            "SELECT count(*) AS n FROM run.log WHERE state = 'done' AND room = 'rfm'",
            "--format=csv",
            "--store",
            store,
        ).text
        case.expect(after.split()[-1:] == ["2"], f"{name}: the other rooms did not run: {before!r}, {after!r}")
        with open(case.path("report.html"), encoding="utf-8") as page:
            data = page.read()
        case.expect(says_failed(data, "order_frequency"), f"{name}: the report does not say that the room failed")
        case.run("report", "later.html", "--store", store, what=f"{name}: a later report", status=OK)
        with open(case.path("later.html"), encoding="utf-8") as page:
            case.expect(says_failed(page.read(), "order_frequency"), f"{name}: a later report does not say it")
        again = case.run("pipeline", "--force", "--json", "--store", store, what=f"{name}: --json", seconds=60, status=broken)
        case.expect(again.status not in (OK, NOT_THERE), f"{name}: --json: exit status {again.status}")
        case.expect("order_frequency" in again.text, f"{name}: JSON does not name the room")
        os.remove(case.path("report.html"))


def says_failed(page, room):
    """The report's data hold a warning about the newest run of the room."""
    return any(
        f"{room}" in part and word in part for part in page.split('"warnings"')[1:] for word in ("failed", "실패")
    )


@case
def pipeline_on_a_full_disk(case):
    """Not "skipped", and not exit status 0."""
    store = case.store("finished")
    for room in (512, 60_000):
        store = case.store("finished")
        limits = [(resource.RLIMIT_FSIZE, room)]
        done = case.run(
            "pipeline",
            "--force",
            "--rooms=sales_trend,rfm,grade_change",
            "--store",
            store,
            what=f"{room} bytes",
            limits=limits,
            status=DISK,
            **FULL,
        )
        case.expect("skipped" not in done.text, f"{room} bytes: {done.text[-200:]}")
        case.run("run", "rfm", "--store", store, what=f"after {room} bytes", status=OK)


@case
def pipeline_without_data(case):
    """Only lack of data is skipped, and named; with nothing else wrong that is success."""
    file = case.write(
        "in.csv",
        "customer_id,ts,amount\n" + "".join(f"c{i % 9},2024-{i % 12 + 1:02}-0{i % 9 + 1},5\n" for i in range(200)),
    )
    case.run("import", file, "--store", "store.duckdb", status=OK)
    done = case.run("pipeline", "--store", "store.duckdb", "--json", status=OK)
    summary = json.loads(done.text) if done.text else {}
    case.expect("pay_share" in json.dumps(summary.get("skipped")), f"pay_share is skipped: {done.text[:300]}")
    case.run("pipeline", "--rooms=pay_share", "--store", "store.duckdb", status=NOT_THERE)
    case.run("run", "pay_share", "--store", "store.duckdb", status=NOT_THERE)


@case
def messages(case):
    """No path of the build, no pointer, no stack, no advice that is not ours."""
    store = case.store()
    for command in (
        ["sql", "SELECT nothing FROM raw.event"],
        ["sql", "SELECT * FROM read_csv('x.csv')"],
        ["sql", "SET threads = 1"],
        ["sql", "INSTALL httpfs"],
        ["sql", "SELECT * FROM 'x.parquet'"],
        ["sql", "SELECT json_extract('{', '$')"],
        ["run", "rfm", "--rule=x"],
        ["show", "x"],
    ):
        done = case.run(*command, "--store", store, status=(WRONG, NOT_THERE, REFUSED))
        for word in ("0x", ".cpp", "std::", "Stack Trace", "github.com/duckdb", "INTERNAL"):
            case.expect(word not in done.message, f"{' '.join(command)}: {word} in {done.message!r}")


assert MEMORY
