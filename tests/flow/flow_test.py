#!/usr/bin/env python3
"""The whole way by the command line: files in, every job, tables and report out; held against oracle.py.

    flow_test.py DANGGOL WORK_DIR [--simulated] [--data DIR] [--most-seconds 60]

By default on both years of Online Retail II in DIR/online_retail_ii (DIR: $DANGGOL_DATA); exit status 77 without them.
With --simulated on a simulated shop. WORK_DIR is made anew; the report stays there as report.html for the browser test.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from decimal import Decimal

import compare_tables
import oracle

RETAIL_ROWS = 1_067_370  # of the two files together
RETAIL_BACKTEST = "2010-12-01"  # its cutoff: a whole year before the last labels end


class Flow:
    def __init__(self, danggol, folder):
        self.danggol, self.folder = os.path.abspath(danggol), folder
        self.problems = []
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def expect(self, holds, what):
        print("ok  " if holds else "FAIL", what)
        if not holds:
            self.problems.append(what)

    def run(self, *arguments, store="store.duckdb"):
        done = subprocess.run(
            [self.danggol, *arguments, "--store", self.path(store)], capture_output=True, text=True
        )
        if done.returncode != 0 or done.stderr:
            sys.exit(f"FAIL danggol {' '.join(arguments)}: exit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def sql(self, statement, store="store.duckdb"):
        return json.loads(self.run("sql", statement, "--json", store=store))


def simulate(flow):
    """(preset, files, purchases as the oracle takes them, counts); some rows lose their customer on the way"""
    shop, path = flow.path("shop"), flow.path("events.csv")
    subprocess.run(
        [flow.danggol, "simulate", "shop", "--out", shop, "--customers=800"], check=True, capture_output=True
    )
    purchases, counts = [], Counter()
    with (
        open(os.path.join(shop, "events.csv"), encoding="utf-8", newline="") as stream,
        open(path, "w", encoding="utf-8", newline="") as out,
    ):
        rows = csv.DictReader(stream)
        table = csv.DictWriter(out, rows.fieldnames)
        table.writeheader()
        for row in rows:
            counts["rows"] += 1
            if counts["rows"] % 1000 == 0:
                counts["reject: no customer"] += 1
                table.writerow({**row, "customer_id": ""})
                continue
            table.writerow(row)
            counts["event: " + row["action"]] += 1
            if row["action"] in ("purchase", "cancel"):
                amount = row["amount"] or Decimal(row["price"]) * Decimal(row["quantity"])
                amount = Decimal(amount) if row["action"] == "purchase" else -abs(Decimal(amount))
                purchases.append((row["customer_id"], row["receipt_id"], datetime.fromisoformat(row["ts"]), amount))
    return "events", [path], purchases, counts


def check_import(flow, files, counts):
    rows = counts["rows"]
    flow.expect(sum(file["rows_read"] for file in files) == rows, f"{rows} rows read")
    for file in files:
        reasons = {reject["reason"]["en"]: reject["rows"] for reject in file["rejects"]}
        flow.expect(
            file["rows_read"] == file["rows_loaded"] + file["rows_rejected"]
            and file["rows_rejected"] == sum(reasons.values()),
            f"{os.path.basename(file['file'])}: {file['rows_loaded']} events + "
            f"{file['rows_rejected']} rejects {reasons}",
        )
    events = {
        row["action"]: row["rows"]
        for row in flow.sql("SELECT action, count(*) AS rows FROM raw.event GROUP BY action")
    }
    rejects = {
        row["reason"]: row["rows"]
        for row in flow.sql("SELECT reason, count(*) AS rows FROM raw.reject GROUP BY reason")
    }
    expected = {name.removeprefix("event: "): n for name, n in counts.items() if name.startswith("event: ")}
    flow.expect(events == expected, f"raw.event by action: {events}")
    expected = {"no_customer": counts["reject: no customer"]} if counts["reject: no customer"] else {}
    flow.expect(rejects == expected, f"raw.reject by reason: {rejects}")
    aside = sum(file["rows_aside"] for file in files)
    flow.expect(aside == counts["aside"], f"{aside} rows stand in an earlier file, too")
    total = sum(events.values()) + sum(rejects.values()) + aside
    flow.expect(total == rows, "every row is an event, a reject or there already")


def check_lpoint(flow):
    """A simulated programme arrives whole: every row of its six tables and offers, none turned down."""
    folder, store = flow.path("programme"), "programme.duckdb"
    subprocess.run(
        [flow.danggol, "simulate", "lpoint", "--out", folder, "--customers=500", "--offers"],
        check=True,
        capture_output=True,
    )
    tables = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".csv"):
            with open(os.path.join(folder, name), encoding="utf-8", newline="") as stream:
                tables[name] = list(csv.DictReader(stream))
    files = json.loads(flow.run("import", "lpoint", folder, "--json", store=store))
    loaded = {os.path.basename(file["file"]): file["rows_loaded"] for file in files}
    flow.expect(
        len(tables) == 7 and loaded == {name: len(rows) for name, rows in tables.items()},
        f"lpoint: every row of {len(tables)} tables is loaded, {sum(loaded.values())} rows",
    )
    flow.expect(not any(file["rows_rejected"] or file["unchecked"] for file in files), "lpoint: no row is turned down")
    actions = {"_02_PDDE.csv": "purchase", "_03_COP_U.csv": "partner_use", "_06_LPAY.csv": "pay"}
    expected = {
        action: (len(rows), sum(int(row["buy_am"]) for row in rows), min(row["de_dt"] + row["de_hr"].zfill(2) for row in rows))
        for end, action in actions.items()
        for name, rows in tables.items()
        if name.endswith(end)
    }
    events = flow.sql(
        "SELECT action, count(*) AS rows, sum(amount)::BIGINT AS amount, strftime(min(ts), '%Y%m%d%H') AS first "
        "FROM raw.event GROUP BY action",
        store=store,
    )
    flow.expect(
        {row["action"]: (row["rows"], row["amount"], row["first"]) for row in events} == expected,
        f"lpoint: rows, amounts and first hours by action: {expected}",
    )
    kept = flow.sql(
        "SELECT (SELECT count(gender || age_band || region) FROM raw.customer) AS customers, "
        "(SELECT count(product_name || class_top || class_middle) FROM raw.product) AS products, "
        "(SELECT count(partner || region) FROM raw.store) AS stores, (SELECT count(*) FROM raw.exposure) AS exposures",
        store=store,
    )[0]
    sizes = [len(rows) for name, rows in tables.items() if name.endswith(("DEMO.csv", "CLAC.csv", "BR.csv", "offer.csv"))]
    flow.expect(list(kept.values()) == sizes, f"lpoint: what is known of all of them is kept: {kept}")


def check_tables(flow, rule):
    """The store's newest grades and changes are the oracle's."""
    for table, key in (("rfm", ["customer_id", "period"]), ("grade_change", ["h1_grade", "h2_grade"])):
        expected, actual = flow.path(f"oracle/{table}_{rule}.csv"), flow.path(f"{table}_{rule}.csv")
        flow.run("show", f"result.{table}", "--format", "csv", "--plain", "--out", actual)
        # the oracle prints nine decimals
        found = compare_tables.differences(expected, actual, key, 1e-9)
        rows = sum(1 for _ in open(expected, encoding="utf-8")) - 1
        flow.expect(
            not found,
            f"result.{table} by {rule} is the oracle's, {rows} rows"
            + "".join("\n     " + line for line in found[:5]),
        )


def check_results(flow, jobs, runs):
    """Whatever the rooms are: each ran, each table has rows, each estimate lies in its interval."""
    ran = [run["room"] for run in runs]
    flow.expect(ran == [job["name"] for job in jobs], f"every job ran, in order: {', '.join(ran)}")
    for job in jobs:
        for table in job["writes"]:
            columns = [column["name"] for column in table["columns"]]
            # what 95 % of customers lie within need not hold their mean
            predictive = {column["name"] for column in table["columns"] if column.get("bounds") == "predictive"}
            intervals = []
            for lo in columns:
                if not lo.endswith("_lo") or lo in predictive:
                    continue
                stem = lo.removesuffix("_lo")
                value = stem if stem in columns else next(name for name in columns if name.startswith(stem))
                intervals.append(f"({value} < {stem}_lo - 1e-9 OR {value} > {stem}_hi + 1e-9)")
            outside = f"count(*) FILTER ({' OR '.join(intervals)})" if intervals else "0"
            row = flow.sql(f"SELECT count(*) AS rows, {outside} AS outside FROM {table['name']}")[0]
            flow.expect(
                row["rows"] > 0 and row["outside"] == 0,
                f"{table['name']}: {row['rows']} rows, {row['outside']} with an estimate outside one of "
                f"{len(intervals)} intervals",
            )
    odd = flow.sql(
        "SELECT count(*) AS rows FROM result.grade_forecast "
        "WHERE abs(p_top + p_good + p_regular + p_other + p_leave - 1) > 1e-6"
    )[0]["rows"]
    flow.expect(odd == 0, f"result.grade_forecast: probabilities add up to 1, {odd} rows do not")


def check_backtest(flow, cutoff):
    rows = flow.sql(f"SELECT predictor, metric, value FROM result.forecast_metric WHERE cutoff = DATE '{cutoff}'")
    predictors = sorted({row["predictor"] for row in rows})
    flow.expect("model" in predictors and len(predictors) >= 3, f"back-test at {cutoff}: {', '.join(predictors)}")
    value = {(row["predictor"], row["metric"]): row["value"] for row in rows}
    flow.expect(
        value.get(("model", "log_loss"), 9e9)
        < min((v for (p, m), v in value.items() if m == "log_loss" and p != "model"), default=0),
        "back-test: the model's log loss is below every baseline's",
    )


def check_report(flow, jobs, counts):
    text = open(flow.path("report.html"), encoding="utf-8").read()
    data = json.loads(re.search(r'<script id="report-data"[^>]*>(.*?)</script>', text, re.S).group(1))
    sections = {section["id"]: section for section in data["sections"]}
    expected = [job["name"] for job in jobs] + ["loads"]
    flow.expect(sorted(sections) == sorted(expected), f"report: sections {', '.join(sections)}")
    # who leaves and whom to contact come first
    leads = [name for name in ("grade_forecast.predict", "campaign") if name in sections]
    flow.expect(list(sections)[: len(leads)] == leads, f"report: opens with {', '.join(leads)}")
    for name, section in sections.items():
        words = [section["title"], section["question"], *section["sentences"]]
        flow.expect(
            len(words) > 2 and all(word["en"] and word["ko"] for word in words),
            f"report, {name}: title, question and sentences in both languages",
        )
        full = all(chart["rows"] for chart in section["charts"]) and all(
            table["rows"] and table["total_rows"] >= len(table["rows"]) for table in section["tables"]
        )
        flow.expect(
            full and (section["charts"] or section["tables"]),
            f"report, {name}: {len(section['charts'])} charts, {len(section['tables'])} tables, all with rows",
        )
    events = sum(n for name, n in counts.items() if name.startswith("event: "))
    flow.expect(any(tile["value"] == events for tile in data["tiles"]), f"report: {events} events")
    fetched = re.findall(r'(?:src|href)\s*=\s*["\']?(?:https?:)?//[^"\'\s>]+', text)
    flow.expect(not fetched, f"report: nothing to fetch {fetched[:3]}")


def check_full_disk(flow):
    """What could not be written is an error, not a short table."""
    with open("/dev/full", "w") as full:
        command = [flow.danggol, "show", "result.rfm", "--store", flow.path("store.duckdb")]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    flow.expect(
        done.returncode == 7 and done.stderr.count("\n") == 1,
        f"a full disk: exit status {done.returncode}, {done.stderr.strip()!r}",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("danggol")
    parser.add_argument("work_dir")
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--data", default=os.environ.get("DANGGOL_DATA", ""))
    parser.add_argument("--most-seconds", type=float, default=60)
    args = parser.parse_args()
    flow = Flow(args.danggol, args.work_dir)

    data = os.path.join(args.data, "online_retail_ii")
    if args.simulated:
        preset, files, purchases, counts = simulate(flow)
        dates = []
    elif not os.path.isdir(data):
        print(f"skipped: no data: no folder online_retail_ii in {args.data or '$DANGGOL_DATA, which is not set'}")
        sys.exit(77)
    else:
        preset = "online-retail"
        files = [os.path.join(data, name) for name in ("2009_2010.csv.gz", "2010_2011.csv.gz")]
        purchases, counts = oracle.read_events(data)
        flow.expect(counts["rows"] == RETAIL_ROWS, f"the oracle reads {RETAIL_ROWS} rows")
        dates = ["--from=2010-12-01", "--split=2011-06-01", "--until=2011-12-01"]

    jobs = [
        analysis
        for analysis in json.loads(
            subprocess.run([flow.danggol, "list", "--json"], capture_output=True, text=True, check=True).stdout
        )
        if analysis["kind"] == "job"
    ]
    start = time.monotonic()
    imported = json.loads(flow.run("import", preset, *files, "--on-overlap=skip", "--json"))
    import_seconds = time.monotonic() - start
    start = time.monotonic()
    rooms = ",".join(job["name"] for job in jobs)
    asked = ["--rooms", rooms, *dates, "--report", flow.path("report.html"), "--json"]
    pipeline = json.loads(flow.run("pipeline", *asked))
    pipeline_seconds = time.monotonic() - start

    check_import(flow, imported, counts)
    if args.simulated:
        check_lpoint(flow)
    # a shop without partners, payments or exposures has no such question; every other analysis must run
    unasked = {skip["room"] for skip in pipeline["skipped"] if "the store knows" in skip["why"]}
    flow.expect(len(unasked) == len(pipeline["skipped"]), f"nothing else is skipped {pipeline['skipped'] or ''}")
    jobs = [job for job in jobs if job["name"] not in unasked]
    check_results(flow, jobs, pipeline["runs"])
    first = pipeline["runs"][0]
    periods = {"H1": (first["from"], first["split"]), "H2": (first["split"], first["until"])}
    if not args.simulated:
        flow.expect(
            periods
            == {period: tuple(f"{day:%Y-%m-%d}" for day in days) for period, days in oracle.PERIODS.items()},
            f"periods {periods}",
        )
    os.makedirs(flow.path("oracle"))
    oracle.write_tables(
        purchases,
        {period: tuple(map(datetime.fromisoformat, days)) for period, days in periods.items()},
        flow.path("oracle"),
        Counter(),
    )
    check_tables(flow, "band")
    if not args.simulated:  # what a simulated shop's back-test says is for the tests with known truth
        check_backtest(flow, RETAIL_BACKTEST)
    check_report(flow, jobs, counts)
    check_full_disk(flow)
    flow.run("run", "rfm", "--rule=rank", *dates)
    flow.run("run", "grade_change", *dates)
    check_tables(flow, "rank")

    total = import_seconds + pipeline_seconds
    print(
        f"main job: {total:.1f} s = import {import_seconds:.1f} s + pipeline and report {pipeline_seconds:.1f} s; "
        f"of these "
        + ", ".join(f"{run['room']} {run['seconds']:.1f}" for run in pipeline["runs"])
    )
    flow.expect(total < args.most_seconds, f"the main job takes less than {args.most_seconds:g} s")
    if not flow.problems:
        for name in ("store.duckdb", "programme.duckdb", "events.csv"):
            if os.path.exists(flow.path(name)):
                os.remove(flow.path(name))
        for name in ("shop", "programme"):
            shutil.rmtree(flow.path(name), ignore_errors=True)
    print(f"{len(flow.problems)} failed")
    return 1 if flow.problems else 0


if __name__ == "__main__":
    sys.exit(main())
