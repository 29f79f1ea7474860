#!/usr/bin/env python3
"""Compares two CSV tables by key, whatever their row order.

    compare_tables.py EXPECTED.csv ACTUAL.csv --key customer_id,period [--tolerance 1e-6] [--show 10]

Every column of EXPECTED must be in ACTUAL, which may have more. Fields that are numbers on both sides may differ by the
tolerance, all others must be the same text. Exit status: 0 equal, 1 different, 2 not comparable.
"""

import argparse
import csv
import math
import sys


class NotComparable(Exception):
    pass


def read(path, key):
    """(column names, {key values: row})"""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        columns = rows.fieldnames or []
        missing = [name for name in key if name not in columns]
        if missing:
            raise NotComparable(f"{path}: no column {', '.join(missing)}; it has {', '.join(columns)}")
        table = {}
        for row in rows:
            at = tuple(row[name] for name in key)
            if at in table:
                raise NotComparable(f"{path}: two rows for {at}")
            table[at] = row
        return columns, table


def same(expected, actual, tolerance):
    if expected == actual:
        return True
    try:
        difference = abs(float(expected) - float(actual))
    except (TypeError, ValueError):
        return False
    return math.isfinite(difference) and difference <= tolerance


def differences(expected_path, actual_path, key, tolerance=1e-6):
    """One line of text per difference; an empty list when the tables are equal."""
    columns, expected = read(expected_path, key)
    actual_columns, actual = read(actual_path, key)
    missing = [name for name in columns if name not in actual_columns]
    if missing:
        raise NotComparable(f"{actual_path}: no column {', '.join(missing)}; it has {', '.join(actual_columns)}")
    found = [f"{at}: missing" for at in sorted(expected.keys() - actual.keys())]
    found += [f"{at}: not expected" for at in sorted(actual.keys() - expected.keys())]
    for at in sorted(expected.keys() & actual.keys()):
        found += [
            f"{at} {name}: expected {expected[at][name]}, got {actual[at][name]}"
            for name in columns
            if not same(expected[at][name], actual[at][name], tolerance)
        ]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("expected")
    parser.add_argument("actual")
    parser.add_argument("--key", required=True, help="columns that identify a row, by commas")
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--show", type=int, default=10, help="print at most so many differences")
    args = parser.parse_args()
    try:
        found = differences(args.expected, args.actual, args.key.split(","), args.tolerance)
    except (OSError, NotComparable) as error:
        print(error, file=sys.stderr)
        return 2
    for line in found[: args.show]:
        print(line)
    if len(found) > args.show:
        print(f"... and {len(found) - args.show} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
