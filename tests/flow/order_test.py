#!/usr/bin/env python3
"""Two files loaded in either order, or both at once, give the same results in every table of every room: draws, folds and
ties go by the ids of customers and products, never by the numbers that the loads happened to give them.

    order_test.py DANGGOL WORK_DIR
"""

import argparse
import csv
import json
import subprocess
import sys
import zlib

from flow_test import Flow

WAYS = {"first, then second": [["first"], ["second"]], "second, then first": [["second"], ["first"]],
        "both at once": [["first", "second"]]}


def lot(*words):
    return zlib.crc32(" ".join(words).encode())


def is_in_second(row):
    """Whole customers and whole products are in one file alone, the receipts of some customers in both."""
    if lot(row["customer_id"], "shared") % 3 == 0:
        return lot(row["product_id"], row["ts"]) % 2 == 0
    return lot(row["product_id"]) % 4 == 0 or lot(row["customer_id"]) % 2 == 0


def payments(row):
    """What the simulated shop lacks: some receipts are paid with its own service, some days hold a stay."""
    receipt = row["receipt_id"]
    bare = dict.fromkeys(("product_id", "product_name", "quantity", "price"), "")
    if lot(receipt, "pay") % 100 < lot(row["customer_id"], "pay") % 3 * 40:
        yield {**row, **bare, "action": "pay", "partner": ""}
    if lot(receipt, "stay") % 17 == 0:
        yield {**row, **bare, "action": "partner_use", "partner": ("hotel", "cinema")[lot(receipt) % 2], "receipt_id": "u" + receipt}


def write(path, fields, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, fields)
        out.writeheader()
        out.writerows(rows)
    return path


def make_files(flow):
    """name -> path of "first", "second" and "exposures"."""
    shop = flow.path("shop")
    subprocess.run([flow.danggol, "simulate", "shop", "--customers", "400", "--months", "26", "--out", shop],
                   check=True, capture_output=True)  # fmt: skip
    with open(f"{shop}/events.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    fields = list(rows[0])
    rows += [more for row in rows if row["action"] == "purchase" for more in payments(row)]
    files = {
        name: write(flow.path(f"{name}.csv"), fields, [row for row in rows if is_in_second(row) == second])
        for name, second in [("first", False), ("second", True)]
    }
    offers = [("none", 0.4)] * 4 + [("coupon", 0.3)] * 3 + [("gift", 0.3)] * 3
    exposures = [
        {"customer_id": customer, "ts": day, "offer": offer, "propensity": propensity}
        for day in ("2024-08-01", "2024-10-01", "2024-12-01")
        for customer in sorted({row["customer_id"] for row in rows})
        for offer, propensity in [offers[lot(customer, day) % 10]]
    ]
    files["exposures"] = write(flow.path("exposures.csv"), list(exposures[0]), exposures)
    return files


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("danggol")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    flow = Flow(arguments.danggol, arguments.folder)
    files = make_files(flow)
    jobs = json.loads(subprocess.run([flow.danggol, "list", "--json"], check=True, capture_output=True).stdout)
    tables = [table["name"] for job in jobs for table in job["writes"]]
    rooms = ",".join(job["name"] for job in jobs if job["kind"] == "job")
    said = {}
    for number, (way, loads) in enumerate(WAYS.items()):
        store = f"store{number}.duckdb"
        for load in loads:
            flow.run("import", "events", *(files[name] for name in load), store=store)
        flow.run("import", "exposures", files["exposures"], store=store)
        flow.run("pipeline", "--rooms", rooms, store=store)
        said[way] = {table: flow.run("show", table, "--json", store=store) for table in tables}
        ids = flow.sql("SELECT string_agg(customer_id, ' ' ORDER BY customer_no) AS ids FROM raw.customer", store=store)
        said[way]["numbers"] = ids[0]["ids"]
    one, other, both = said.values()
    flow.expect(one["numbers"] != other["numbers"], "the loads number customers differently")
    for table in tables:
        flow.expect(one[table] != "[\n]\n", f"{table} has rows")
        flow.expect(one[table] == other[table] == both[table], f"{table} is the same by every way")
    sys.exit(1 if flow.problems else 0)


if __name__ == "__main__":
    main()
