#!/usr/bin/env python3
"""Stores that older releases made are opened, and say what a new import of the same files says.

    format_test.py DANGGOL STORES_DIR
"""

import lzma
import pathlib
import subprocess
import sys
import tempfile


RAW = ["customer", "product", "outlet", "store"]


def run(danggol, *words, status=0):
    done = subprocess.run([danggol, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != status:
        sys.exit(f"format_test: {' '.join(map(str, words))}: ends with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def rows(danggol, store, select):
    return run(danggol, "sql", select, "--store", store, "--format", "csv").splitlines()[1:]


def check(danggol, packed, folder):
    old, new = folder / "old.duckdb", folder / "new.duckdb"
    old.write_bytes(lzma.decompress(packed.read_bytes()))
    before = old.read_bytes()
    said = run(danggol, "show", "raw.load", "--store", old, status=4)
    assert "older version" in said and old.read_bytes() == before, said

    run(danggol, "import", "events", packed.parent / "orders.csv", "--store", new)
    run(danggol, "import", "exposures", packed.parent / "offers.csv", "--store", new)
    # an import of what it has already changes nothing but the format
    run(danggol, "import", "events", packed.parent / "orders.csv", "--store", old, status=4)
    events = (
        "SELECT e.* EXCLUDE (customer_no, product_no, store_no, outlet_no), customer_id, product_id, store_id, "
        "o.partner, o.channel FROM raw.event e JOIN raw.customer USING (customer_no) JOIN raw.outlet o USING "
        "(outlet_no) LEFT JOIN raw.product USING (product_no) LEFT JOIN raw.store s USING (store_no) ORDER BY event_id"
    )
    for select in [
        events,
        *(f"FROM raw.{table} ORDER BY ALL" for table in RAW),
        "FROM raw.exposure ORDER BY ALL",
        "SELECT load_no, file, line, reason FROM raw.reject ORDER BY ALL",
        "FROM feature.receipt ORDER BY ALL",
        "SELECT * EXCLUDE (loaded_at, told, keeps_overlap) FROM raw.load ORDER BY load_no",
    ]:
        left, right = rows(danggol, old, select), rows(danggol, new, select)
        assert left and left == right or select.startswith("FROM raw.store"), f"{packed.name}: {select}"
    # what the old release found is there, and shown until it is found again
    rooms = rows(danggol, old, "SELECT room FROM run.shown ORDER BY room")
    assert "rfm" in rooms and len(rooms) >= 5, rooms
    found = rows(danggol, old, "SELECT * FROM result.rfm ORDER BY ALL")
    run(danggol, "report", folder / "old.html", "--store", old)
    # an older release left what was cancelled in the amount
    run(danggol, "set", "rfm.net-cancellations=false", "--store", new)
    for store in (old, new):
        run(danggol, "pipeline", "--store", store)
    again = rows(danggol, old, "SELECT * FROM result.rfm ORDER BY ALL")
    assert found and found == again == rows(danggol, new, "SELECT * FROM result.rfm ORDER BY ALL")
    assert "unchanged" in run(danggol, "pipeline", "--store", old)
    views = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'result' AND database_name = 'danggol'"
    for table in rows(danggol, new, views):
        select = f"FROM result.{table} ORDER BY ALL"
        assert rows(danggol, old, select) == rows(danggol, new, select), f"{packed.name}: {table}"


def main():
    danggol, stores = sys.argv[1], pathlib.Path(sys.argv[2])
    packed = sorted(stores.glob("*.duckdb.xz"))
    assert packed, f"{stores}: no stores"
    for one in packed:
        with tempfile.TemporaryDirectory() as folder:
            check(danggol, one, pathlib.Path(folder))
        print(one.name)


if __name__ == "__main__":
    main()
