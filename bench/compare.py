#!/usr/bin/env python3
"""danggol beside plain DuckDB SQL, polars and pandas: the same files, the same answer, how long and how much memory.

    bench/compare.py --danggol build/release/bin/danggol [--data DIR] [--runs 5] [--json]
    bench/compare.py --danggol build/release/bin/danggol --scale [--runs 5] [--json]

The programs run in turn (A B C D, A B C D, ...) after one warm-up round, and medians are printed. A peer is one process
that times its own steps, without interpreter start and module import. danggol is timed as whole processes; where its
analysis stands beside the peers' the seconds its rooms report are shown too, for those are measured as the peers' are.
An import reads every column and leaves a typed file (a store, a DuckDB file, Parquet); that is what is asked of danggol
to be twice as fast. What pandas and polars take to have the rows in memory, and no file, is shown below it.
A peer's memory is taken at the end of its analysis, danggol's is the greater of its two processes.

Some files are read from the data folder, others made by danggol once for all rounds: --customers says how large.
--scale runs danggol alone, on as many customers and on ten times as many.

Every round, every answer is checked. Exit status: 0 answers equal (be the claims met or not), 1 answers differ,
2 something could not be run. Without the data: 0 and a message. Without --danggol only the peers are measured, and
only on files that need not be made.

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


@dataclass
class Table:
    name: str  # the peers write NAME.csv
    key: list
    sql: str = None  # of danggol's columns those that the peers have; without it, result.NAME as it is shown


@dataclass
class Claim:
    row: str  # a row of the printed table, see rows()
    against: list  # peers; the best of them counts
    least: float = None  # peer / danggol must be at least this, or
    most: float = None  # danggol / peer must be at most this; with neither, danggol / peer is only shown


@dataclass
class Workload:
    name: str
    files: list
    peers: dict  # name -> script and arguments; the first is the one the tables are held against
    danggol_import: list  # FILES stands for the files, FOLDER for what holds them
    danggol_analyse: list
    tables: list
    folder: str = None  # below the data folder, or
    danggol_make: list = None  # makes the files in FOLDER, CUSTOMERS of them
    claims: list = field(default_factory=list)


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
        danggol_import=["import", "online-retail", "FILES"],
        danggol_analyse=[
            "pipeline",
            "--rooms=rfm,grade_change",
            "--from=2010-12-01",
            "--split=2011-06-01",
            "--until=2011-12-01",
            "--json",
        ],
        tables=[Table("rfm", ["customer_id", "period"]), Table("grade_change", ["h1_grade", "h2_grade"])],
        claims=[
            Claim("import_seconds", ["pandas"], least=2),  # its own parser, the one that read_csv takes
            Claim("import_seconds", ["pandas-pyarrow"]),
            Claim("import_seconds", ["duckdb"]),
            Claim("read_seconds", ["pandas", "pandas-pyarrow"]),
            Claim("analyse_seconds", ["duckdb"], most=1.3),
            Claim("analyse_seconds", ["pandas"], least=10),
            Claim("analyse_process_seconds", ["duckdb"]),
            Claim("process_seconds", ["pandas", "pandas-pyarrow"]),
            Claim("peak_rss_mb", ["pandas", "pandas-pyarrow"], most=1),
        ],
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
        claims=[
            Claim("import_seconds", ["pandas"], least=2),
            Claim("import_seconds", ["pandas-pyarrow"]),
            Claim("import_seconds", ["duckdb"], most=2),
            Claim("read_seconds", ["pandas", "pandas-pyarrow"]),
            Claim("analyse_seconds", ["duckdb"], most=1.3),
            Claim("analyse_seconds", ["pandas"], least=10),
            Claim("analyse_process_seconds", ["duckdb"]),
            Claim("process_seconds", ["pandas", "pandas-pyarrow"]),
            Claim("peak_rss_mb", ["pandas"], most=1),
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


def run(command):
    """Runs to the end; wall time and this one child's peak memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile(
        "w+", encoding="utf-8"
    ) as err:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
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


def run_peer(workload, name, python, data, out):
    script, *arguments = workload.peers[name]
    ran = run([python, "-B", os.path.join(HERE, "peers", script), data, "--out", out, *arguments])
    result = json.loads(ran.output.splitlines()[-1])
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


def disagreements(workload, folders):
    """Lines that tell how the tables of any program differ from the first peer's."""
    reference = next(iter(workload.peers))
    found = []
    for name, folder in folders.items():
        for table in workload.tables if name != reference else []:
            try:
                lines = compare_tables.differences(
                    os.path.join(folders[reference], table.name + ".csv"),
                    os.path.join(folder, table.name + ".csv"),
                    table.key,
                    **({"tolerance": PEER_TOLERANCE} if name in workload.peers else {}),
                )
            except compare_tables.NotComparable as error:
                lines = [str(error)]
            found += [f"{name}, {table.name}: {line}" for line in lines[:5]]
            if len(lines) > 5:
                found.append(f"{name}, {table.name}: ... and {len(lines) - 5} more")
    return found


def measure(workload, args, data):
    """Medians by program and row, what the peers said of themselves, and the disagreements."""
    programs = (["danggol"] if args.danggol else []) + list(workload.peers)
    runs, peers = {name: [] for name in programs}, {}
    for round_number in range(args.runs + 1):
        with tempfile.TemporaryDirectory(prefix="danggol_compare_") as scratch:
            folders = {name: os.path.join(scratch, name) for name in programs}
            for name in programs:
                os.mkdir(folders[name])
                if name == "danggol":
                    values = run_danggol(workload, args.danggol, data, folders[name])
                else:
                    values, result = run_peer(workload, name, args.python, data, folders[name])
                    peers.setdefault(name, result)
                    expected = peers[next(iter(workload.peers))]["figures"]
                    odd = [key for key in expected if result["figures"].get(key) != expected[key]]
                    if odd:
                        return (
                            {},
                            peers,
                            [
                                f"{name}: {key} is {result['figures'].get(key)}, expected {expected[key]}"
                                for key in odd
                            ],
                        )
                if round_number > 0:  # the first is the warm-up
                    runs[name].append(values)
                print(f"{workload.name}: round {round_number} of {args.runs}, {name}", file=sys.stderr)
            found = disagreements(workload, folders)
            if found:
                return {}, peers, found
    medians = {
        name: {
            row: (
                None
                if any(values[row] is None for values in runs[name])
                else statistics.median(values[row] for values in runs[name])
            )
            for row in ROWS
        }
        for name in programs
    }
    return medians, peers, []


def judge(claim, medians):
    """{ratio, asked, met}; a missing figure leaves ratio and met None."""
    best = min(claim.against, key=lambda name: medians[name][claim.row])
    mine, theirs = medians.get("danggol", {}).get(claim.row), medians[best][claim.row]
    if claim.least is not None:
        ratio = theirs / mine if mine else None
        return {
            "row": claim.row,
            "ratio": ratio,
            "asked": f"{best} / danggol >= {claim.least:g}",
            "met": None if ratio is None else ratio >= claim.least,
        }
    ratio = mine / theirs if mine else None
    if claim.most is None:
        return {"row": claim.row, "ratio": ratio, "asked": f"(danggol / {best})", "met": None}
    return {
        "row": claim.row,
        "ratio": ratio,
        "asked": f"danggol / {best} <= {claim.most:g}",
        "met": None if ratio is None else ratio <= claim.most,
    }


def print_table(workload, medians, verdicts):
    names = list(dict.fromkeys(["danggol", *workload.peers]))
    lines = [["step", *names, "ratio", "asked", "met?"]]
    for row, label in ROWS.items():
        digits = 0 if row == "peak_rss_mb" else 3
        values = [medians.get(name, {}).get(row) for name in names]
        cells = ["-" if value is None else f"{value:.{digits}f}" for value in values]
        for verdict in [v for v in verdicts if v["row"] == row] or [None]:
            if verdict is None:
                lines.append([label, *cells, "", "", ""])
            else:
                ratio, met = verdict["ratio"], verdict["met"]
                lines.append(
                    [
                        label,
                        *cells,
                        "-" if ratio is None else f"{ratio:.2f}",
                        verdict["asked"],
                        "-" if met is None else "yes" if met else "no",
                    ]
                )
            label, cells = "", [""] * len(names)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print(
            "  ".join(
                cell.rjust(width) if 0 < i <= len(names) + 1 else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths))
            ).rstrip()
        )


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
    verdicts = [judge(claim, medians) for claim in workload.claims] if medians else []
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
                    "medians": medians,
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
            print_table(workload, medians, verdicts)
            print(f"answers: equal ({', '.join(table.name for table in workload.tables)}; {len(medians)} programs)")
    return 1 if found else 0


def scale(workload, args):
    """danggol alone on as many customers and on SCALE times as many: seconds of both processes, and memory."""
    sizes = [args.customers, args.customers * SCALE]
    medians = {}
    for customers in sizes:
        runs = []
        with tempfile.TemporaryDirectory(prefix="danggol_made_") as data:
            make(workload, args.danggol, customers, data)
            for round_number in range(args.runs + 1):
                with tempfile.TemporaryDirectory(prefix="danggol_compare_") as out:
                    runs.append(run_danggol(workload, args.danggol, data, out, show=False))
                print(f"{workload.name}: round {round_number} of {args.runs}, {customers} customers", file=sys.stderr)
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
    parser.add_argument("--json", action="store_true", help="one JSON document per workload")
    args = parser.parse_args()
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
    return status


if __name__ == "__main__":
    sys.exit(main())
