#!/usr/bin/env python3
"""Attacks danggol as a stranger would, by its command line alone.

    attack_test.py DANGGOL [--group sql] [--case sql.injection] [--list]

Each case stands for a kind of fault, with several instances of it; what is promised is in attack.py and beside each case.
The cases of a group are in GROUP_cases.py. Exit status: 0 all held, 1 not.
"""

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
import traceback

from attack import Case, Shelf, cases
from stranger import Stranger

GROUPS = sorted(
    name.removesuffix("_cases.py")
    for name in os.listdir(os.path.dirname(os.path.abspath(__file__)))
    if name.endswith("_cases.py")
)


def attempt(name, shelf, folder):
    """What went wrong, a line each."""
    case = Case(shelf, os.path.join(folder, name))
    os.mkdir(case.folder)
    try:
        cases[name](case)
    except Exception:  # a case that cannot be played has not held
        case.wrong(traceback.format_exc().strip().replace("\n", "\n     "))
    for path in (case.folder, case.temporary()):
        shutil.rmtree(path, ignore_errors=True)
    return case.problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("danggol")
    parser.add_argument("--library", help="libduckdb.so; else the one beside the program")
    parser.add_argument("--group", choices=GROUPS)
    parser.add_argument("--case", action="append")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    for group in GROUPS:
        importlib.import_module(group + "_cases")
    chosen = args.case or [name for name in cases if args.group in (None, name.partition(".")[0])]
    if args.list:
        print("\n".join(chosen))
        return 0
    danggol = os.path.abspath(args.danggol)
    library = args.library or os.path.join(os.path.dirname(danggol), "../lib/libduckdb.so")
    failed, begin = 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="danggol-attack-") as folder:
        os.chmod(folder, 0o755)
        shelf = Shelf(danggol, Stranger(library), folder)
        for name in chosen:
            start = time.monotonic()
            problems = attempt(name, shelf, folder)
            failed += bool(problems)
            print(f"{'FAIL' if problems else 'ok  '} {name}  {time.monotonic() - start:.1f} s")
            for problem in problems:
                print("    ", problem.encode("unicode_escape", "surrogateescape").decode().replace("\\n", "\n"))
            sys.stdout.flush()
    print(f"{len(chosen) - failed} passed, {failed} failed, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
