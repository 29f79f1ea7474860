#!/usr/bin/env python3
"""No table and no parameter without a golden: every table a room declares is shown with rows in one, and every
parameter is given to a run that succeeds.

    coverage_test.py DANGGOL SOURCE_DIR
"""

import json
import pathlib
import re
import subprocess
import sys

# A command, the lines that go on with it, and what it prints; README.md beside this has the format.
STEP = re.compile(r"^run danggol (.*(?:\n  .*)*)\n----\n((?:.+\n)*)", re.MULTILINE)


def steps(text):
    for command, printed in STEP.findall(text + "\n"):
        yield re.sub(r"\n +", " ", command), printed.splitlines()


def shown(command, printed):
    """The result tables a command prints rows of."""
    if not command.startswith(("show ", "sql ")):
        return set()
    heading = 1 if "csv" in command.split() else 2
    return set(re.findall(r"\bresult\.\w+", command)) if len(printed) > heading else set()


def given(command):
    """(room, parameter) of every parameter that a run is given."""
    words = command.split()
    if words[0] != "run":
        return set()
    return {(words[1], word[2:].split("=")[0]) for word in words[2:] if word.startswith("--")}


def missing(rooms, texts):
    tables, parameters = set(), set()
    for text in texts:
        for command, printed in steps(text):
            tables |= shown(command, printed)
            parameters |= given(command)
    for room in rooms:
        for table in room.get("writes", []):
            if table["name"] not in tables:
                yield f"{table['name']}: no golden shows a row of it"
        for parameter in room["params"]:
            if (room["name"], parameter["name"]) not in parameters:
                yield f"{room['name']} --{parameter['name']}: no golden gives it to a run"


def main(danggol, source):
    listed = subprocess.run([danggol, "list", "--json"], check=True, capture_output=True, text=True)
    rooms = json.loads(listed.stdout)
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("src", "tests/golden")
        for path in sorted(pathlib.Path(source, folder).rglob("*.test"))
    ]
    everything = sum(len(room.get("writes", [])) + len(room["params"]) for room in rooms)
    assert len(list(missing(rooms, []))) == everything > 0, "this test must be able to fail"
    faults = list(missing(rooms, texts))
    print("\n".join(faults) or f"{everything} tables and parameters are in {len(texts)} goldens")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
