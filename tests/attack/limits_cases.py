"""Memory and time: --memory is kept, Ctrl-C acts within a second, nothing takes what it likes."""

import gzip
import os
import subprocess
import zlib

from attack import MEMORY, OK, REFUSED, WRONG, case

ROOM_MB = 320  # what the program itself and its libraries take beside --memory


@case
def rows_are_streamed(case):
    """2.4 million rows, whatever the form."""
    store = case.store("big")
    null = open(os.devnull, "wb")
    for form in ("csv", "json"):
        for command in (["show", "raw.event"], ["sql", "FROM raw.event", "--rows=10000000"]):
            what = f"{command[0]} as {form}"
            done = case.run(
                *command,
                f"--format={form}",
                "--memory=200MB",
                "--store",
                store,
                what=what,
                seconds=60,
                stdout=null,
                status=OK,
            )
            case.expect(done.peak_mb < 200 + ROOM_MB, f"{what}: {done.peak_mb:.0f} MB with --memory=200MB")
    done = case.run(
        "show",
        "raw.event",
        "--format=parquet",
        "--out",
        "out.parquet",
        "--memory=200MB",
        "--store",
        store,
        seconds=60,
        status=OK,
    )
    case.expect(done.peak_mb < 200 + ROOM_MB, f"Parquet: {done.peak_mb:.0f} MB with --memory=200MB")
    done = case.run("show", "raw.event", "--memory=200MB", "--store", store, seconds=60, status=(OK, WRONG))
    case.expect(done.peak_mb < 200 + ROOM_MB, f"text: {done.peak_mb:.0f} MB with --memory=200MB")
    null.close()


@case
def memory_is_kept(case):
    """By imports, runs and reports: they keep to it or say that it was not enough, exit status 8."""
    store = case.store("big")
    for what, command in {
        "import": ["import", case.shelf.big_file(), "--on-overlap=keep"],
        "rfm": ["run", "rfm"],
        "recommend": ["run", "recommend"],
        "sales_trend": ["run", "sales_trend"],
        "report": ["report", "report.html"],
        "customer": ["run", "customer", "--id=c77"],
    }.items():
        done = case.run(
            *command,
            "--memory=200MB",
            "--store",
            store,
            what=what,
            seconds=60,
            status=(OK, MEMORY) if what != "report" else None,
        )
        case.expect(done.peak_mb < 200 + ROOM_MB, f"{what}: {done.peak_mb:.0f} MB with --memory=200MB")
        if done.status == MEMORY:
            case.expect("--memory" in done.message, f"{what}: no remedy in {done.message!r}")


@case
def memory_values(case):
    """A size, and nothing else."""
    store = case.store()
    for size in ("200MB", "1GB", "512MB", "4GB", "0.5GB"):
        case.run("show", "raw.load", f"--memory={size}", "--store", store, status=OK)
    for size in (
        "",
        "x",
        "-1GB",
        "1",
        "0",
        "1e999GB",
        "nan",
        "inf",
        "200 ZB",
        "1MBx",
        "MB",
        "99999999999999999999GB",
        "1KB",
        "100%",
    ):
        case.run("show", "raw.load", f"--memory={size}", "--store", store, status=WRONG, misspelt=True)


@case
def ctrl_c_anywhere(case):
    """check, import, simulate, pipeline, run, show, report: 130 within a second, and no parts."""
    big = case.shelf.big_file()
    store = case.store("big")
    shop = os.path.join(case.folder, "shop")
    with case.unchanged("check"):
        case.stop("check", big, after=0.15)
    with case.unchanged("import"):
        case.stop("import", big, "--on-overlap=keep", "--store", store, after=0.3)
    case.stop("import", big, "--store", "new.duckdb", after=0.3, what="import into a new store")
    left = sorted(name for name in os.listdir(case.folder) if name.startswith("new"))
    case.expect(left in ([], ["new.duckdb"]), f"import into a new store: left {left}")
    for name in left:
        os.remove(case.path(name))
    with case.unchanged("simulate", but=("shop",)):
        case.stop("simulate", "lpoint", "--customers=20000", "--out", shop, after=0.4)
    left = [name for _, _, names in os.walk(shop) for name in names]
    case.expect(not left, f"simulate: left {left}")
    with case.unchanged("pipeline", but=("store.duckdb",)):
        case.stop("pipeline", "--rooms=sales_trend,order_frequency,rfm,recommend", "--store", store, after=0.5)
    store = case.store("big")
    with case.unchanged("run", but=("store.duckdb",)):
        case.stop("run", "sales_trend", "--store", store, after=0.2)


@case
def ctrl_c_at_once(case):
    """Pressed while it starts: it ends all the same, and never by the signal."""
    store = case.store("big")
    for command in (
        ["show", "raw.event", "--format=csv"],
        ["run", "rfm"],
        ["import", case.shelf.big_file(), "--on-overlap=keep"],
    ):
        for after in (0.02, 0.05, 0.1):
            process = case.start(*command, "--store", store, stdout=subprocess.DEVNULL)
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(2)
            try:
                _, err = process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                _, err = process.communicate()
                case.wrong(f"{command[0]}: Ctrl-C after {after} s is not heard")
            # before main has begun the system's own answer to the signal holds
            case.expect(
                process.returncode in (OK, 130, -2), f"{command[0]} after {after} s: {process.returncode}: {err}"
            )


@case
def inflation(case):
    """A small file that becomes a large one: a bound, not all the memory or disk there is."""
    line = b"a,2024-01-01,5\n"
    body = zlib.compressobj(9, zlib.DEFLATED, 31)
    content = body.compress(b"customer_id,ts,amount\n")
    block = b"x" * (1 << 20)
    for _ in range(600):
        content += body.compress(block)
    content += body.flush()
    bomb = case.write("bomb.csv.gz", content)
    for command in (["check", bomb], ["import", bomb, "--store", "new.duckdb", "--memory=200MB"]):
        done = case.run(
            *command, what=f"{command[0]} of 600 MB in one line", seconds=30, status=(OK, WRONG, REFUSED, MEMORY)
        )
        case.expect(done.peak_mb < 200 + ROOM_MB, f"{command[0]}: {done.peak_mb:.0f} MB")
    rejects = case.write(
        "rejects.csv.gz", gzip.compress(b"customer_id,ts,amount\n" + b",2024-01-01,5\n" * 3_000_000 + line, 1)
    )
    done = case.run(
        "import",
        rejects,
        "--store",
        "rejects.duckdb",
        "--memory=200MB",
        seconds=60,
        status=(OK, WRONG, REFUSED, MEMORY),
    )
    case.expect(done.peak_mb < 200 + ROOM_MB, f"3 million rejects: {done.peak_mb:.0f} MB")
    if os.path.exists(case.path("rejects.duckdb")):
        size = os.path.getsize(case.path("rejects.duckdb"))
        case.expect(size < 100 << 20, f"3 million rejects became {size >> 20} MB")


@case
def many_places(case):
    """300,000 partners: no 7 KB for each of them."""
    path = case.path("in.csv")
    with open(path, "w", encoding="ascii") as out:
        out.write("customer_id,ts,amount,partner\n")
        out.write("".join(f"c{i % 1000},2024-{i % 12 + 1:02}-01,5,partner{i}\n" for i in range(300_000)))
    case.run("import", path, "--store", "store.duckdb", seconds=60, status=OK)
    done = case.run("run", "sales_trend", "--store", "store.duckdb", seconds=60, status=(OK, WRONG, MEMORY))
    case.expect(done.peak_mb < 1000, f"sales_trend: {done.peak_mb:.0f} MB for 300,000 partners")


@case
def time_is_bounded(case):
    """--seconds and --rows of a statement: met, and named in the message."""
    store = case.store()
    for statement in (
        "SELECT count(*) FROM range(100000000000000)",
        "SELECT count(*) FROM raw.event a, raw.event b, raw.event c",
        "SELECT levenshtein(repeat('a', 60000), repeat('b', 60000)) FROM range(100)",
    ):
        done = case.run("sql", statement, "--seconds=1", "--store", store, seconds=8, status=(REFUSED, WRONG))
        case.expect("1 s" in done.message, f"{statement}: no bound in {done.message!r}")
        case.expect(done.seconds < 6, f"{statement}: {done.seconds:.1f} s with --seconds=1")
    for form in ("csv", "json", "text"):
        done = case.run(
            "sql",
            "FROM range(1000)",
            "--rows=999",
            f"--format={form}",
            "--out",
            "out",
            "--store",
            store,
            status=(REFUSED, WRONG),
        )
        case.expect("999" in done.message, f"{form}: no bound in {done.message!r}")
        case.expect(not os.path.exists(case.path("out")), f"{form}: left an output")
        case.run(
            "sql", "FROM range(999)", "--rows=999", f"--format={form}", "--out", "out", "--store", store, status=OK
        )
        os.path.exists(case.path("out")) and os.remove(case.path("out"))
