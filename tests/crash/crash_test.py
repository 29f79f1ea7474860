#!/usr/bin/env python3
"""Kills danggol at random moments and looks at what is left.

    crash_test.py DANGGOL [--kills 50] [--seed 1] [--seconds 80]

An import and a pipeline are killed (SIGKILL) again and again, every time on a copy of a store whose content is known.
Afterwards the store must open, read-only and to write, and hold what it held before or all of what the killed command
would have left, nothing between; and the next command must work. Then the same commands are stopped with SIGINT and
SIGTERM: exit status 130, one line on stderr, nothing changed. Exit status: 0 all held, 1 not.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOMS = ["rfm", "grade_change", "recommend"]  # in the order the pipeline runs them
EARLY, LATE = ["--until=2024-07-01"], [
    "--until=2024-12-01"
]  # the known content is EARLY's, the killed pipeline LATE's


class Broken(Exception):
    pass


class Store:
    """Copies of one store, and what is in them."""

    def __init__(self, danggol, folder):
        self.danggol, self.folder = danggol, folder
        self.path = os.path.join(folder, "store.duckdb")

    def command(self, *arguments):
        return [self.danggol, *arguments, "--store", self.path]

    def run(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{' '.join(arguments)}: exit status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def clear(self):
        for name in os.listdir(self.folder):
            if name.startswith("store.duckdb"):  # the log and the spill folder beside it too
                path = os.path.join(self.folder, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def restore(self, saved):
        self.clear()
        if saved:
            shutil.copyfile(saved, self.path)

    def save(self, name):
        saved = os.path.join(self.folder, name)
        shutil.copyfile(self.path, saved)
        return saved

    def tables(self):
        rows = json.loads(
            self.run(
                "sql",
                "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables "
                "WHERE table_schema IN ('raw', 'history') ORDER BY 1",
                "--json",
            )
        )
        return [row["name"] for row in rows]

    def content(self, tables):
        """{table: (rows, sum of the rows' hashes)}, and how often each room has finished; read-only."""
        parts = []
        for table in tables:
            rows = "(SELECT * EXCLUDE (loaded_at) FROM raw.load)" if table == "raw.load" else table
            parts.append(
                f"SELECT '{table}' AS name, count(*) AS rows, coalesce(sum(hash(t)::HUGEINT), 0)::VARCHAR AS hash "
                f"FROM {rows} t"
            )
        parts += [
            f"SELECT 'done {room}', count(*), '' FROM run.log WHERE room = '{room}' AND state = 'done'"
            for room in ROOMS
        ]
        return {
            row["name"]: (row["rows"], row["hash"])
            for row in json.loads(self.run("sql", " UNION ALL ".join(parts), "--json"))
        }


def write_input(danggol, folder, name, customers, seed):
    """A simulated shop's events, with rows among them that are to be turned down."""
    shop, path = os.path.join(folder, "shop"), os.path.join(folder, name)
    subprocess.run(
        [danggol, "simulate", "shop", "--out", shop, f"--customers={customers}", f"--seed={seed}"],
        check=True,
        capture_output=True,
    )
    with open(os.path.join(shop, "events.csv"), encoding="utf-8") as events, open(
        path, "w", encoding="utf-8"
    ) as out:
        for number, line in enumerate(events):
            out.write(line)
            if number > 0 and number % 500 == 0:
                out.write("," + line.partition(",")[2])  # no customer
    shutil.rmtree(shop)
    return path


def seconds_of(store, saved, command):
    """The least of three runs: under load a kill comes rather too early than after the end."""
    least = float("inf")
    for _ in range(3):
        store.restore(saved)
        start = time.monotonic()
        store.run(*command)
        least = min(least, time.monotonic() - start)
    return least


def differs(content, *expected):
    """Why the content is none of those expected; '' where it is one."""
    if content in expected:
        return ""
    lines = [
        f"{name}: {content.get(name)}, expected {' or '.join(str(e.get(name)) for e in expected)}"
        for name in expected[0]
        if all(content.get(name) != e.get(name) for e in expected)
    ]
    return "; ".join(lines) or "a mixture: " + ", ".join(
        f"{n} {'before' if content[n] == expected[0][n] else 'after'}" for n in content
    )


class Import:
    name = "import"

    def __init__(self, store, saved, big, small):
        self.store, self.saved, self.small = store, saved, small
        self.command = ["import", "events", big]
        self.tables = store.tables()
        self.before = store.content(self.tables)
        store.run(*self.command)
        self.after = store.content(self.tables)
        if (
            self.before["raw.event"] == self.after["raw.event"]
            or self.before["raw.reject"] == self.after["raw.reject"]
        ):
            raise Broken("import: nothing to see")

    def check(self):
        content = self.store.content(self.tables)
        if why := differs(content, self.before, self.after):
            raise Broken(why)
        self.store.run("import", "events", self.small)
        grown = self.store.content(self.tables)
        if grown["raw.load"][0] != content["raw.load"][0] + 1 or grown["raw.event"][0] <= content["raw.event"][0]:
            raise Broken(f"the next import left {grown['raw.event']} after {content['raw.event']}")
        return content == self.after


class FirstImport:
    """Into a store that is not there yet: what is left of it must not stand in the way."""

    name = "first import"

    def __init__(self, store, saved, big, small):
        self.store, self.saved, self.small, self.seconds = store, saved, small, 0.2  # the file is made at the start
        self.command = ["import", "events", big]

    def check(self):
        self.store.run("import", "events", self.small)
        loads = json.loads(self.store.run("sql", "SELECT count(*) AS n FROM raw.load", "--json"))[0]["n"]
        if loads not in (1, 2):
            raise Broken(f"{loads} loads")
        return loads == 2


class Forget:
    """Whoever is forgotten is there with all rows, or gone; and of who is gone no byte is left after the next writing."""

    name = "forget"

    def __init__(self, store, saved):
        self.store, self.saved = store, saved
        most = "SELECT customer_id AS id FROM raw.event JOIN raw.customer USING (customer_no) GROUP BY ALL ORDER BY count(*) DESC, id"
        self.id = json.loads(store.run("sql", most + " LIMIT 1", "--json"))[0]["id"]
        self.command = ["forget", self.id]
        self.all_rows = self.rows()
        if self.all_rows == 0 or not self.bytes_left():
            raise Broken("forget: nothing to see")

    def rows(self):
        where = f"FROM raw.event JOIN raw.customer USING (customer_no) WHERE customer_id = '{self.id}'"
        return json.loads(self.store.run("sql", f"SELECT count(*) AS n {where}", "--json"))[0]["n"]

    def bytes_left(self):
        with open(self.store.path, "rb") as file:
            return self.id.encode() in file.read()

    def check(self):
        rows = self.rows()
        if rows not in (0, self.all_rows):
            raise Broken(f"{rows} of {self.all_rows} rows are left")
        self.store.run("run", "rfm", *LATE)
        if rows == 0 and self.bytes_left():
            raise Broken("bytes are left of who was forgotten")
        if rows == 0 and "no customer" not in self.refusal():
            raise Broken("who was forgotten may be contacted")
        return rows == 0

    def refusal(self):
        done = subprocess.run(self.store.command("suppress", self.id), capture_output=True, text=True)
        return done.stderr


class Pipeline:
    name = "pipeline"

    def __init__(self, store, saved):
        self.store, self.saved = store, saved
        self.command = ["pipeline", "--rooms=" + ",".join(ROOMS), *LATE]
        self.tables = store.tables()
        self.states = [store.content(self.tables)]  # after 0, 1, ... of the rooms; each is one transaction
        for room in ROOMS:
            store.run("run", room, *LATE)
            self.states.append(store.content(self.tables))
            if self.states[-1] == self.states[-2]:
                raise Broken(f"{room}: nothing to see")
        self.before, self.after = self.states[0], self.states[-1]
        self.shown = store.content(["result.rfm"])["result.rfm"]

    def check(self):
        content = self.store.content(self.tables)
        if why := differs(content, *self.states):
            raise Broken(why)
        self.store.run("run", "rfm", *LATE)
        if self.store.content(["result.rfm"])["result.rfm"] != self.shown:
            raise Broken("the next run has another result")
        return content == self.after


def kill(subject, after_seconds):
    """(was it killed while it ran, had it changed anything)"""
    store = subject.store
    store.restore(subject.saved)
    process = subprocess.Popen(
        store.command(*subject.command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after_seconds)
    process.kill()
    status = process.wait()
    if status not in (0, -signal.SIGKILL):
        raise Broken(f"exit status {status}")
    changed = subject.check()
    if status == 0 and not changed:
        raise Broken("it ended well, but its work is not there")
    return status != 0, changed


def stop(subject, after_seconds, number):
    store = subject.store
    store.restore(subject.saved)
    process = subprocess.Popen(
        store.command(*subject.command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(after_seconds)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    content = store.content(subject.tables)
    if process.returncode == 0:  # too late to stop it
        if content != subject.after:
            raise Broken("it ended well, but its work is not there")
        return False
    if process.returncode != 130 or out or err.count("\n") != 1 or not err.startswith("danggol: "):
        raise Broken(f"exit status {process.returncode}, stdout {out!r}, stderr {err!r}: must be 130 and one line")
    if why := differs(content, *getattr(subject, "states", [subject.before])):
        raise Broken(why)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("danggol")
    parser.add_argument(
        "--kills", type=int, default=55, help="of each command, every tenth of an import into a new store"
    )
    parser.add_argument("--stops", type=int, default=4, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=80, help="begin no more kills after so long")
    args = parser.parse_args()
    draw, start, problems = random.Random(args.seed), time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="danggol-crash-") as folder:
        store = Store(os.path.abspath(args.danggol), folder)
        known = write_input(store.danggol, folder, "known.csv", 300, 1)
        big = write_input(store.danggol, folder, "big.csv", 800, 2)
        small = write_input(store.danggol, folder, "small.csv", 10, 3)
        store.run("import", "events", known)
        store.run("pipeline", "--rooms=" + ",".join(ROOMS), *EARLY)
        saved = store.save("known.duckdb")
        subjects = [Import(store, saved, big, small)]
        store.restore(saved)
        subjects.append(Pipeline(store, saved))
        for subject in subjects:
            subject.seconds = seconds_of(store, saved, subject.command)
        first = FirstImport(store, None, big, small)
        store.restore(saved)
        forget = Forget(store, saved)
        forget.seconds = seconds_of(store, saved, forget.command)
        for subject in (*subjects, first, forget):
            subject.tried = subject.killed = subject.changed = subject.stopped = 0

        for i in range(args.kills * len(subjects)):
            subject = {8: forget, 9: first}.get(i % 10, subjects[i % len(subjects)])
            moment = draw.uniform(0, 1.2 * subject.seconds)  # a little beyond the end too
            if time.monotonic() - start > args.seconds:
                continue
            subject.tried += 1
            try:
                killed, changed = kill(subject, moment)
                subject.killed += killed
                subject.changed += changed
            except Broken as broken:
                problems.append(f"{subject.name} killed after {moment:.3f} of {subject.seconds:.3f} s: {broken}")
        for i in range(args.stops * len(subjects)):
            subject, number = subjects[i % len(subjects)], (signal.SIGINT, signal.SIGTERM)[i // len(subjects) % 2]
            moment = draw.uniform(0.3, 0.8) * subject.seconds
            try:
                subject.stopped += stop(subject, moment, number)
            except Broken as broken:
                problems.append(
                    f"{subject.name} stopped by {number.name} after {moment:.3f} of {subject.seconds:.3f} s: {broken}"
                )
        for subject in (first, forget):
            print(f"{subject.name}: {subject.tried} kills, {subject.killed} before its end, work there {subject.changed}")
        for subject in subjects:
            print(
                f"{subject.name}, {subject.seconds:.2f} s: {subject.tried} kills, {subject.killed} before its end, "
                f"its work was there "
                f"after {subject.changed}; {subject.stopped} of {args.stops} signals stopped it"
            )
            if subject.killed < min(10, args.kills // 3):
                problems.append(f"{subject.name}: only {subject.killed} kills came before its end")
            if subject.stopped == 0:
                problems.append(f"{subject.name}: no signal came before its end")
    for problem in problems:
        print("FAIL", problem)
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
