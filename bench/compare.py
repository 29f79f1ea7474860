#!/usr/bin/env python3
"""danggol beside plain DuckDB SQL, polars and pandas: the same files, the same answer, how long and how much memory.

    bench/compare.py --danggol build/release/bin/danggol [--data DIR] [--runs 5] [--wait MINUTES] [--json]
    bench/compare.py --danggol build/release/bin/danggol --scale [--runs 5] [--wait MINUTES] [--json]

The programs run in turn (A B C D, A B C D, ...) after one warm-up round, and medians are printed. Every peer runs with
one thread and with two, and the faster counts, step by step; danggol runs as it does by default. A peer is one process
that times its own steps, without interpreter start and module import. danggol is timed as whole processes; where its
analysis stands beside the peers' the seconds its rooms report are shown too, for those are measured as the peers' are.
An import reads every column and leaves a typed file (a store, a DuckDB file, Parquet). What pandas and polars take to
have the rows in memory, and no file, is shown below it. A peer's memory is taken at the end of its analysis, danggol's
is the greater of its two processes.

Nothing is printed of a machine where other jobs use more than 10 % of a core, be it before a round or meanwhile. With
--wait that is waited for, and rounds that were disturbed are run again, for so many minutes in all.

Some files are read from the data folder, others made by danggol once for all rounds: --customers says how large.
--scale runs danggol alone, on as many customers and on ten times as many.

Every round, every answer is checked. Exit status: 0 answers equal (be the claims met or not), 1 answers differ,
2 something could not be run, 3 the machine was not quiet. Without the data: 0 and a message. Without --danggol only the
peers are measured, and only on files that need not be made.

The peers need bench/peers/requirements.txt; see there.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
import compare_tables  # noqa: E402

sys.path.insert(0, HERE)
import quiet  # noqa: E402


@dataclass
class Table:
    name: str  # the peers write NAME.csv
    key: list
    sql: str = None  # of danggol's columns those that the peers have; without it, result.NAME as it is shown


@dataclass
class Claim:
    asked: str
    row: str  # of ROWS
    against: list  # peers; the best of them counts
    most: float  # danggol / peer


@dataclass
class Workload:
    name: str
    files: list
    peers: dict  # name -> script and arguments; the first is the one the tables are held against
    danggol_import: list  # FILES stands for the files, FOLDER for what holds them
    danggol_analyse: list
    tables: list
    folder: str = None  # below the data folder, or
    danggol_settings: list = field(default_factory=list)
    danggol_make: list = None  # makes the files in FOLDER, CUSTOMERS of them


CLAIMS = [
    Claim("analysis at most 1.3 times plain DuckDB SQL", "analyse_seconds", ["duckdb"], 1.3),
    Claim("import no slower than DuckDB's into a typed, durable file", "import_seconds", ["duckdb"], 1),
    Claim("whole process ahead of pandas", "process_seconds", ["pandas", "pandas-pyarrow"], 1),
    Claim("no more memory than pandas", "peak_rss_mb", ["pandas", "pandas-pyarrow"], 1),
]
THREADS = [1, 2]  # of every peer


WORKLOADS = [
    Workload(
        name="online-retail",
        folder="online_retail_ii",
        files=["2009_2010.csv.gz", "2010_2011.csv.gz"],
        peers={
            "duckdb": ["duckdb_retail.py"],
            "polars": ["polars_retail.py"],
            "pandas": ["pandas_retail.py", "--engine", "c"],
            "pandas-pyarrow": ["pandas_retail.py", "--engine", "pyarrow"],
        },
        danggol_import=["import", "online-retail", "FILES", "--on-overlap=keep"],
        danggol_analyse=[
            "pipeline",
            "--rooms=rfm,grade_change",
            "--from=2010-12-01",
            "--split=2011-06-01",
            "--until=2011-12-01",
            "--json",
        ],
        tables=[Table("rfm", ["customer_id", "period"]), Table("grade_change", ["h1_grade", "h2_grade"])],
    ),
    Workload(
        name="deck",
        danggol_make=["simulate", "lpoint", "--out", "FOLDER", "--customers", "CUSTOMERS"],
        files=[
            "LPOINT_BIG_COMP_01_DEMO.csv",
            "LPOINT_BIG_COMP_02_PDDE.csv",
            "LPOINT_BIG_COMP_03_COP_U.csv",
            "LPOINT_BIG_COMP_04_PD_CLAC.csv",
            "LPOINT_BIG_COMP_05_BR.csv",
            "LPOINT_BIG_COMP_06_LPAY.csv",
        ],
        peers={
            "duckdb": ["duckdb_deck.py"],
            "polars": ["polars_deck.py"],
            "pandas": ["pandas_deck.py", "--engine", "c"],
            "pandas-pyarrow": ["pandas_deck.py", "--engine", "pyarrow"],
        },
        danggol_import=["import", "lpoint", "FOLDER"],
        danggol_settings=["channel_divergence.against=everybody"],
        danggol_analyse=[
            "pipeline",
            "--rooms=sales_trend,order_frequency,rfm,grade_change,channel_divergence,pay_share",
            "--from=2021-01-01",
            "--split=2021-07-01",
            "--until=2022-01-01",
            "--as-of=2022-01-01",
            "--json",
        ],
        tables=[
            Table(
                "sales_trend",
                ["month", "dimension", "slice"],
                "SELECT month, dimension, slice, buyers, sales, receipts, amount_per_receipt, purchases_per_buyer, "
                "amount_per_buyer FROM result.sales_trend",
            ),
            Table("order_frequency", ["receipts_from"], "SELECT receipts_from, customers FROM result.order_frequency"),
            Table(
                "rfm",
                ["customer_id", "period"],
                "SELECT customer_id, period, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_score, "
                "grade FROM result.rfm",
            ),
            Table(
                "grade_change",
                ["h1_grade", "h2_grade"],
                "SELECT h1_grade, h2_grade, customers, share_of_h1, share_of_all, share_lo, share_hi "
                "FROM result.grade_change",
            ),
            Table(
                "channel_divergence",
                ["dimension", "cell"],
                "SELECT dimension, cell, p, q, element FROM result.channel_divergence",
            ),
            Table(
                "pay_share",
                ["segment"],
                "SELECT segment, customers, round(customers * never)::BIGINT AS never, mean "
                "FROM result.pay_share_group",
            ),
        ],
    ),
]

CUSTOMERS = 29_756  # of the deck
SCALE = 10  # times as many: asked is time that grows with them, and memory that a small machine has
SCALE_CLAIMS = {"time_ratio": 11, "peak_rss_mb": 4096}
PEER_TOLERANCE = 2e-9  # peers write nine digits; danggol writes its own way and has compare_tables' usual one

ROWS = {  # one measurement -> its label; danggol's and the peers' values come under the same name
    "import_seconds": "import into a file, s",
    "read_seconds": "the peers only into memory, s",
    "analyse_seconds": "analyse, inside the process, s",
    "analyse_process_seconds": "analyse, danggol's whole process, s",
    "process_seconds": "all, whole processes, s",
    "peak_rss_mb": "peak memory, MB",
}


class Failure(Exception):
    pass


@dataclass
class Ran:
    seconds: float
    peak_rss_mb: float
    output: str


def run(command, environment=None):
    """Runs to the end; wall time and this one child's peak memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile(
        "w+", encoding="utf-8"
    ) as err:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=environment)
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from error
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it again
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            raise Failure(f"{' '.join(command)}\nexit status {child.returncode}\n{err.read()[-2000:]}")
        return Ran(seconds, usage.ru_maxrss / 1024, out.read())


def room_seconds(output):
    """The sum of the seconds that the pipeline's rooms report, or None where the output has none."""

    def find(value):
        if isinstance(value, list):
            return [found for item in value for found in find(item)]
        if isinstance(value, dict):
            if "room" in value and isinstance(value.get("seconds"), (int, float)):
                return [value["seconds"]]
            return [found for item in value.values() for found in find(item)]
        return []

    try:
        found = find(json.loads(output))
    except ValueError:  # one document per line
        found = [
            seconds for line in output.splitlines() if line.startswith("{") for seconds in find(json.loads(line))
        ]
    return sum(found) if found else None


def run_peer(workload, name, threads, python, data, out):
    script, *arguments = workload.peers[name]
    environment = os.environ | dict.fromkeys(["BENCH_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS"], str(threads))
    ran = run([python, "-B", os.path.join(HERE, "peers", script), data, "--out", out, *arguments], environment)
    result = json.loads(ran.output.splitlines()[-1])
    if result["threads"] != threads:
        raise Failure(f"{name}: ran with {result['threads']} threads, not with {threads}")
    return {
        "import_seconds": result["import_seconds"],
        "read_seconds": result["read_seconds"],
        "analyse_seconds": result["analyse_seconds"],
        "analyse_process_seconds": result["analyse_seconds"],
        "process_seconds": ran.seconds,
        "peak_rss_mb": result["peak_rss_mb"],
    }, result


def fill(command, **words):
    """A command with its upper-case words replaced, each by one word or a list of them."""
    lists = {name: word if isinstance(word, list) else [word] for name, word in words.items()}
    return [word for item in command for word in lists.get(item, [item])]


def run_danggol(workload, danggol, data, out, show=True):
    """A fresh store: import, analyse, show the tables. Showing is not timed."""
    store = ["--store", os.path.join(out, "store.duckdb")]
    paths = [os.path.join(data, name) for name in workload.files]
    imported = run([danggol, *fill(workload.danggol_import, FILES=paths, FOLDER=data), *store])
    if workload.danggol_settings:
        run([danggol, "set", *workload.danggol_settings, *store])
    analysed = run([danggol, *workload.danggol_analyse, *store])
    for table in workload.tables if show else []:
        words = ["sql", table.sql] if table.sql else ["show", f"result.{table.name}"]
        shown = run([danggol, *words, "--format", "csv", *store])
        with open(os.path.join(out, table.name + ".csv"), "w", encoding="utf-8", newline="") as stream:
            stream.write(shown.output)
    return {
        "import_seconds": imported.seconds,
        "read_seconds": imported.seconds,
        "analyse_seconds": room_seconds(analysed.output),
        "analyse_process_seconds": analysed.seconds,
        "process_seconds": imported.seconds + analysed.seconds,
        "peak_rss_mb": max(imported.peak_rss_mb, analysed.peak_rss_mb),
    }


def disagreements(workload, folders, figures):
    """Lines that tell how the tables and figures of any (program, threads) differ from the first peer's."""
    reference = next(iter(figures))
    found = []
    for program, told in figures.items():
        found += [
            f"{program}: {key} is {told.get(key)}, expected {expected}"
            for key, expected in figures[reference].items()
            if told.get(key) != expected
        ]
    for program, folder in folders.items():
        for table in workload.tables if program != reference else []:
            try:
                lines = compare_tables.differences(
                    os.path.join(folders[reference], table.name + ".csv"),
                    os.path.join(folder, table.name + ".csv"),
                    table.key,
                    **({"tolerance": PEER_TOLERANCE} if program in figures else {}),
                )
            except compare_tables.NotComparable as error:
                lines = [str(error)]
            found += [f"{program}, {table.name}: {line}" for line in lines[:5]]
            if len(lines) > 5:
                found.append(f"{program}, {table.name}: ... and {len(lines) - 5} more")
    return found


def one_round(workload, args, data, peers):
    """(program, threads) -> what was measured, and the disagreements. What each peer says first is kept in `peers`."""
    programs = [("danggol", None)] if args.danggol else []
    programs += [(name, threads) for name in workload.peers for threads in THREADS]
    measured, folders, figures = {}, {}, {}
    with tempfile.TemporaryDirectory(prefix="danggol_compare_") as scratch:
        for program in programs:
            name, threads = program
            folders[program] = os.path.join(scratch, f"{name}_{threads}")
            os.mkdir(folders[program])
            if name == "danggol":
                measured[program] = run_danggol(workload, args.danggol, data, folders[program])
            else:
                measured[program], result = run_peer(workload, name, threads, args.python, data, folders[program])
                peers.setdefault(name, result)
                figures[program] = result["figures"]
        return measured, disagreements(workload, folders, figures)


def measure(workload, args, data):
    """Medians by (program, threads) and row, what the peers said of themselves, and the disagreements."""
    runs, peers = [], {}
    while len(runs) <= args.runs:
        args.watch.begin()
        print(f"{workload.name}: round {len(runs)} of {args.runs}", file=sys.stderr)
        measured, found = one_round(workload, args, data, peers)
        if found:
            return {}, peers, found
        if args.watch.undisturbed():
            runs.append(measured)
    return medians_of(runs[1:]), peers, []  # the first is the warm-up


def medians_of(runs):
    def median(program, row):
        values = [measured[program][row] for measured in runs]
        return None if any(value is None for value in values) else statistics.median(values)

    return {program: {row: median(program, row) for row in ROWS} for program in runs[0]}


def faster(medians):
    """Of every program and row the least, with whatever number of threads."""
    best = {}
    for (name, _), values in medians.items():
        for row, value in values.items():
            known = best.setdefault(name, {}).get(row)
            best[name][row] = value if known is None else known if value is None else min(known, value)
    return best


def judge(claim, best):
    """A missing figure leaves `measured` and `held` None."""
    against = min(claim.against, key=lambda name: best[name][claim.row])
    mine, theirs = best.get("danggol", {}).get(claim.row), best[against][claim.row]
    ratio = mine / theirs if mine is not None else None
    return {
        "asked": claim.asked,
        "row": claim.row,
        "against": against,
        "most": claim.most,
        "measured": ratio,
        "held": None if ratio is None else ratio <= claim.most,
    }


def print_columns(lines, right):
    """Cells below one another; of each line the columns in `right` end, the others begin, at the same place."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def print_table(best, verdicts):
    lines = [["step", *best]]
    for row, label in ROWS.items():
        digits = 0 if row == "peak_rss_mb" else 3
        lines.append([label, *("-" if best[name][row] is None else f"{best[name][row]:.{digits}f}" for name in best)])
    print_columns(lines, right=range(1, len(best) + 1))
    print()
    lines = [["asked", "measured", "held"]]
    for verdict in verdicts:
        ratio, held = verdict["measured"], verdict["held"]
        lines.append(
            [
                verdict["asked"],
                "-" if ratio is None else f"{ratio:.2f} times {verdict['against']}",
                "-" if held is None else "yes" if held else "no",
            ]
        )
    print_columns(lines, right=[])


def make(workload, danggol, customers, folder):
    print(f"{workload.name}: making the tables of {customers} customers", file=sys.stderr)
    run([danggol, *fill(workload.danggol_make, FOLDER=folder, CUSTOMERS=str(customers))])


def compare(workload, args):
    if workload.danggol_make:
        if not args.danggol:
            print(f"{workload.name}: skipped: no danggol to make its files")
            return 0
        with tempfile.TemporaryDirectory(prefix="danggol_made_") as data:
            make(workload, args.danggol, args.customers, data)
            return compare_on(workload, args, data)
    data = os.path.join(args.data, workload.folder)
    missing = [name for name in workload.files if not os.path.exists(os.path.join(data, name))]
    if missing:
        print(f"{workload.name}: skipped: no data ({', '.join(missing)} in {workload.folder})")
        return 0
    return compare_on(workload, args, data)


def compare_on(workload, args, data):
    medians, peers, found = measure(workload, args, data)
    best = faster(medians)
    verdicts = [judge(claim, best) for claim in CLAIMS] if medians else []
    if args.json:
        print(
            json.dumps(
                {
                    "workload": workload.name,
                    "runs": args.runs,
                    "equal": not found,
                    "differences": found,
                    "versions": {name: result["version"] for name, result in peers.items()},
                    "figures": next(iter(peers.values()))["figures"],
                    "medians": [
                        {"program": name, "threads": threads, **values} for (name, threads), values in medians.items()
                    ],
                    "claims": verdicts,
                }
            )
        )
    else:
        versions = ", ".join(f"{name} {result['version']}" for name, result in peers.items())
        print(f"{workload.name}: medians of {args.runs} runs, {os.cpu_count()} processors; {versions}")
        if found:
            print("ANSWERS DIFFER (expected: the first peer's)", *found, sep="\n  ")
        else:
            print(f"peers with {' and '.join(map(str, THREADS))} threads, the faster of each step")
            print_table(best, verdicts)
            print(f"answers: equal ({', '.join(table.name for table in workload.tables)}; {len(best)} programs)")
    return 1 if found else 0


def scale(workload, args):
    """danggol alone on as many customers and on SCALE times as many: seconds of both processes, and memory."""
    sizes = [args.customers, args.customers * SCALE]
    medians = {}
    for customers in sizes:
        runs = []
        with tempfile.TemporaryDirectory(prefix="danggol_made_") as data:
            make(workload, args.danggol, customers, data)
            while len(runs) <= args.runs:
                args.watch.begin()
                print(f"{workload.name}: round {len(runs)} of {args.runs}, {customers} customers", file=sys.stderr)
                with tempfile.TemporaryDirectory(prefix="danggol_compare_") as out:
                    measured = run_danggol(workload, args.danggol, data, out, show=False)
                if args.watch.undisturbed():
                    runs.append(measured)
        rows = ["import_seconds", "analyse_process_seconds", "process_seconds", "peak_rss_mb"]
        medians[customers] = {row: statistics.median(values[row] for values in runs[1:]) for row in rows}
    small, large = (medians[customers] for customers in sizes)
    ratios = {row: large[row] / small[row] for row in small}
    measured = {"time_ratio": ratios["process_seconds"], "peak_rss_mb": large["peak_rss_mb"]}
    met = {name: measured[name] <= most for name, most in SCALE_CLAIMS.items()}
    if args.json:
        document = {"workload": workload.name, "runs": args.runs, "medians": medians, **measured}
        print(json.dumps({**document, "asked": SCALE_CLAIMS, "met": met}))
        return
    claims = {
        "process_seconds": f"ratio <= {SCALE_CLAIMS['time_ratio']}: {'yes' if met['time_ratio'] else 'no'}",
        "peak_rss_mb": f"<= {SCALE_CLAIMS['peak_rss_mb']}: {'yes' if met['peak_rss_mb'] else 'no'}",
    }
    print(f"{workload.name}: danggol alone, medians of {args.runs} runs, {os.cpu_count()} processors")
    print(f"{'customers':36}{sizes[0]:>12}{sizes[1]:>12}{'ratio':>9}  asked")
    for row, ratio in ratios.items():
        label = ROWS[row].replace("analyse, danggol's", "analyse,")
        line = f"{label:36}{small[row]:12.3f}{large[row]:12.3f}{ratio:9.2f}  {claims.get(row, '')}"
        print(line.rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--danggol", help="the program to measure")
    parser.add_argument(
        "--data",
        default=os.environ.get("DANGGOL_DATA", os.path.join(ROOT, "..", "shared", "data")),
        help="default: $DANGGOL_DATA, else ../shared/data",
    )
    parser.add_argument(
        "--python",
        default=os.path.join(ROOT, ".deps", "venv-bench", "bin", "python"),
        help="an interpreter that has bench/peers/requirements.txt",
    )
    parser.add_argument("--workload", choices=[workload.name for workload in WORKLOADS], help="default: all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of files that are made (default %(default)s)")
    parser.add_argument("--scale", action="store_true", help=f"danggol alone, on {SCALE} times as many customers, too")
    parser.add_argument(
        "--wait", type=float, default=0, metavar="MINUTES", help="for other jobs to end (default: do not wait)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document per workload")
    args = parser.parse_args()
    args.watch = quiet.Watch(60 * args.wait, say=lambda text: print(text, file=sys.stderr))
    if args.runs < 1:
        parser.error(f"--runs {args.runs}: must be 1 or more")
    if args.danggol:
        found = shutil.which(args.danggol)
        if not found:
            parser.error(f"--danggol {args.danggol}: no such program")
        args.danggol = os.path.abspath(found)
    if args.customers < 1:
        parser.error(f"--customers {args.customers}: must be 1 or more")
    if args.scale and not args.danggol:
        parser.error("--scale: needs --danggol")
    status = 0
    try:
        if args.scale:
            scale(next(workload for workload in WORKLOADS if workload.danggol_make), args)
            return 0
        for workload in WORKLOADS:
            if args.workload in (None, workload.name):
                status = max(status, compare(workload, args))
    except Failure as error:
        print(error, file=sys.stderr)
        return 2
    except quiet.Busy as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3
    return status


if __name__ == "__main__":
    sys.exit(main())
