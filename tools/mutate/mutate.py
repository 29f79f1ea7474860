#!/usr/bin/env python3
"""Do the tests notice a wrong number? Changes one token at a time in the rooms and in learn/, and runs the tests that hold
numbers on each change. README.md beside this says how, and what is reported.

    mutate.py [--room NAME]... [--sample N] [--seed S] [--jobs N] [--least SHARE]
"""

import argparse
import json
import math
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import places

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "mutate"  # a copy of the source with the changes in it, and its build
STORES = TREE / "stores"
PROGRAMS = TREE / "build" / "release" / "bin"
OF_A_ROOM, OF_A_LEARN_FILE = 20, 6
SAMPLED_UNITS = 4
LEAST_SHARE = 0.9
TOO_UNLIKELY = 0.01


def fail(message):
    sys.exit(f"mutate: {message}")


class Unit:
    """A room, or a file of learn/: what is changed in it, and the tests that are to notice."""

    def __init__(self, name, number, files, rooms, unit_suites):
        self.name, self.number, self.files = name, number, files
        self.rooms = rooms  # whose tests and results may show a change
        self.unit_suites = unit_suites
        self.texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in files}
        self.order, self.chosen = [], []  # places not yet drawn; (number, file, place)
        self.drawn = 0

    def shuffle(self, seed):
        """All places by chance, the kinds in turn so that no kind is all there is."""
        by_kind = {}
        for file in self.files:
            find = places.sql_places if file.endswith(".sql") else places.cpp_places
            for place in find(self.texts[file]):
                by_kind.setdefault(place.kind, []).append((file, place))
        chance = random.Random(f"{seed} {self.name}")
        kinds = sorted(by_kind)
        for kind in kinds:
            chance.shuffle(by_kind[kind])
        chance.shuffle(kinds)
        while any(by_kind.values()):
            self.order += [by_kind[kind].pop() for kind in kinds if by_kind[kind]]
        self.order.reverse()

    def draw(self, wanted):
        while len(self.chosen) < wanted and self.order:
            file, place = self.order.pop()
            others = [other for _, other_file, other in self.chosen if other_file == file]
            if any(other.start == place.start for other in others) or places.overlaps(place, others):
                continue
            self.drawn += 1
            self.chosen.append((1000 * self.number + self.drawn, file, place))

    def changed(self, file):
        """A file's text with the changes in it."""
        mutants = [(n, place) for n, mutated, place in self.chosen if mutated == file]
        text = places.apply(self.texts[file], mutants)
        if file.endswith(".sql"):
            return text
        for sql in {mutated for _, mutated, _ in self.chosen if mutated.endswith(".sql")}:
            text = re.sub(rf"\bsql::{pathlib.Path(sql).stem}\b", rf"::danggol::mutant::resolved(\g<0>)", text)
        return f'#include "base/mutant.h"\n#line 1 "{file}"\n{text}' if text != self.texts[file] else text


def tracked():
    """The files of the source, by their paths from its root."""
    if not (ROOT / ".git").exists():
        skipped = {"build", ".deps", "node_modules", "dist"}
        paths = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        return sorted(path.as_posix() for path in paths if not skipped & set(path.parts))
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    )
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def included(file):
    return set(re.findall(r'^#include "([^"]+)"', (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))


def all_units(files):
    """Rooms first. What a file of learn/ does shows in the rooms that include it, by whatever way."""
    rooms = {}
    for file in files:
        if found := re.fullmatch(r"src/rooms/(\w+)/\w+\.(?:cpp|sql)", file):
            if not file.endswith(("_test.cpp", "_bench.cpp")):
                rooms.setdefault(found[1], []).append(file)
    learn = [file for file in files if re.fullmatch(r"src/learn/\w+\.cpp", file) and not file.endswith("_bench.cpp")]
    uses = {}
    for file in learn:
        name = f"learn/{pathlib.Path(file).stem}.h"
        header = f"src/{name}"
        uses[name] = included(file) | (included(header) if (ROOT / header).is_file() else set())

    def reached(includes):
        found = set(includes)
        while more := {name for used in found for name in uses.get(used, ())} - found:
            found |= more
        return found

    users = {room: reached(set().union(*(included(f) for f in own if f.endswith(".cpp")))) for room, own in rooms.items()}
    suites = set()
    for file in files:
        if re.fullmatch(r"tests/unit/\w+_test\.cpp", file) and any(name.startswith("learn/") for name in included(file)):
            suites |= set(re.findall(r"^TEST(?:_F|_P)?\((\w+),", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
    units = [Unit(room, 1 + i, own, [room], []) for i, (room, own) in enumerate(sorted(rooms.items()))]
    for i, file in enumerate(learn):
        name = f"learn/{pathlib.Path(file).stem}"
        own = sorted(room for room in rooms if f"{name}.h" in users[room])
        units.append(Unit(name, 101 + i, [file], own, sorted(suites)))
    return units


# ---- the copy and its build


def write_if_new(path, content):
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_tree(files, units):
    changed = {file: unit.changed(file) for unit in units for file in unit.files}
    wanted = set(files) | {"src/base/mutant.h"}
    for file in files:
        if file.split("/")[0] in ("docs", "bench") and not file.endswith("CMakeLists.txt"):
            if not file.startswith("bench/") or file.endswith(".py"):
                continue
        content = changed[file].encode() if file in changed else (ROOT / file).read_bytes()
        write_if_new(TREE / file, content)
        shutil.copymode(ROOT / file, TREE / file)
    write_if_new(TREE / "src/base/mutant.h", (ROOT / "tools/mutate/mutant.h").read_bytes())
    for folder in ("src", "tests"):
        for path in (TREE / folder).rglob("*"):
            if path.is_file() and path.relative_to(TREE).as_posix() not in wanted:
                path.unlink()
    for link in (".deps", "web/node_modules"):
        if (ROOT / link).exists() and not (TREE / link).exists():
            (TREE / link).symlink_to((ROOT / link).resolve())


def build():
    """What the compiler says where it says no, else None."""
    targets = ["danggol", "golden_test", "unit_test", "room_test"]
    cache = TREE / "build/release/CMakeCache.txt"
    if not cache.exists():
        duckdb = [f"-DDUCKDB_ROOT={os.environ['DUCKDB_ROOT']}"] if os.environ.get("DUCKDB_ROOT") else []
        done = subprocess.run(["cmake", "--preset", "release", *duckdb], cwd=TREE, capture_output=True, text=True)
        if done.returncode:
            fail(f"cmake: {done.stdout}{done.stderr}")
    command = ["cmake", "--build", "--preset", "release", "--target", *targets, "--", "-k", "0"]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def compile_changes(files, units, wanted):
    """Builds the copy; a change that does not compile gives way to the next one drawn."""
    for _ in range(12):
        copy_tree(files, units)
        said = build()
        if said is None:
            return
        wrong = {}
        for line in said.splitlines():
            if "warning:" in line:
                continue
            for file, number in re.findall(r"\b(src/(?:rooms|learn)/[\w/]+\.cpp):(\d+)", line):
                wrong.setdefault(file, set()).add(int(number))
        dropped = 0
        for unit in units:
            bad = [m for m in unit.chosen if m[1] in wrong and lines_of(m) & wrong[m[1]]]
            dropped += len(bad)
            unit.chosen = [m for m in unit.chosen if m not in bad]
            unit.draw(wanted[unit])
        if dropped == 0:
            fail(f"the copy in {TREE} does not build:\n{said[-4000:]}")
        progress(f"{dropped} changes do not compile; others in their place")
    fail("changes that compile could not be found")


def lines_of(mutant):
    """The lines of a file that a change touches."""
    _, file, place = mutant
    text = (ROOT / file).read_text(encoding="utf-8")
    out = {place.line}
    for start, end, _ in place.edits:
        out |= set(range(places.line_of(text, start), places.line_of(text, end) + 1))
    return out


# ---- running

said_at = time.monotonic()


def progress(text):
    print(f"mutate: {time.monotonic() - said_at:5.0f} s  {text}", file=sys.stderr, flush=True)


class Done:
    def __init__(self, status, output, is_late, seconds):
        self.status, self.output, self.is_late, self.seconds = status, output, is_late, seconds


def execute(command, mutant=0, most_seconds=600.0, cwd=None, env=None):
    variables = {**os.environ, **(env or {}), "DANGGOL_MUTANT": str(mutant)}
    for name in ("DANGGOL_RECORD", "DANGGOL_STORE"):
        variables.pop(name, None)
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=most_seconds)
        return Done(process.returncode, output, False, time.monotonic() - started)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Done(-1, output, True, time.monotonic() - started)


def gtest(program, tests):
    return [str(PROGRAMS / program), "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={':'.join(tests)}"]


class Tests:
    """The commands that must notice a change, the quick ones first, and how long each takes."""

    def __init__(self, files):
        self.truth = {}
        for file in files:
            if found := re.fullmatch(r"src/rooms/(\w+)/\w+_test\.cpp", file):
                text = (ROOT / file).read_text(encoding="utf-8")
                self.truth.setdefault(found[1], set()).update(re.findall(r"^TEST\((\w+),", text, re.MULTILINE))
        self.seconds = {}

    def quick(self, unit):
        commands = [gtest("unit_test", [f"{suite}.*" for suite in unit.unit_suites])] if unit.unit_suites else []
        return commands + [gtest("golden_test", [f"golden.src/rooms/{room}/*"]) for room in unit.rooms]

    def suites(self, unit):
        return sorted(f"{suite}.*" for room in unit.rooms for suite in self.truth.get(room, ()))

    def slow(self, unit):
        return [gtest("room_test", self.suites(unit))] if self.suites(unit) else []

    def measure(self, units):
        """Every test passes where nothing is changed, and each program's longest takes so long."""
        every_truth = gtest("room_test", sorted({suite for unit in units for suite in self.suites(unit)} or {"-*"}))
        for command in [*{tuple(c): c for unit in units for c in self.quick(unit)}.values(), every_truth]:
            done = execute(command)
            if done.status != 0:
                fail(f"a test fails where nothing is changed: {shlex.join(command)}\n{done.output[-4000:]}")
            self.seconds[command[0]] = max(self.seconds.get(command[0], 0), done.seconds)

    def notice(self, commands, mutant):
        return any(execute(command, mutant, 20 + 8 * self.seconds[command[0]]).status != 0 for command in commands)


class Outputs:
    """What the rooms write on fixed stores: those of the goldens and of two simulated shops."""

    def __init__(self):
        self.lock, self.known = threading.Lock(), {}
        shutil.rmtree(STORES, ignore_errors=True)
        STORES.mkdir(parents=True)
        listed = execute([str(PROGRAMS / "danggol"), "list", "--json"])
        self.rooms = json.loads(listed.output)

    def analyses(self, room):
        """A folder's analyses: campaign_measure has campaign.measure, grade_forecast has four."""
        folders = sorted((path.name for path in (ROOT / "src/rooms").iterdir() if path.is_dir()), key=len, reverse=True)
        own = []
        for info in self.rooms:
            name = info["name"].replace(".", "_")
            if next((folder for folder in folders if name == folder or name.startswith(folder + "_")), None) == room:
                own.append(info)
        return own

    def prepare(self, rooms):
        done = execute(gtest("golden_test", [f"golden.src/rooms/{room}/*" for room in rooms]), env={"DANGGOL_KEEP": str(STORES)})
        if done.status != 0:
            fail(f"the goldens fail where nothing is changed:\n{done.output[-4000:]}")
        for name, simulate, load in (
            ("shop", ["shop", "--customers=300"], ["events", "{}/events.csv"]),
            ("programme", ["lpoint", "--customers=300", "--offers"], ["lpoint", "{}"]),
        ):
            folder = STORES / name
            store = ["--store", str(folder / f"{name}.duckdb")]
            self.danggol(["simulate", *simulate, "--out", str(folder / "files")])
            self.danggol(["import", *(word.format(folder / "files") for word in load), *store])
            self.danggol(["pipeline", *store])
            shutil.rmtree(folder / "files")

    def danggol(self, words):
        done = execute([str(PROGRAMS / "danggol"), *words])
        if done.status != 0:
            fail(f"danggol {shlex.join(words)}: {done.output}")
        return done.output

    def runs(self, store, rooms):
        """The runs a store has had, as commands; of the simulated shops those of the rooms alone."""
        logged = json.loads(self.danggol([
            "sql", "SELECT room, params, as_of::VARCHAR AS as_of, period_from::VARCHAR AS from_, period_split::VARCHAR AS split, "
            "period_until::VARCHAR AS until, seed FROM run.log WHERE state = 'done' ORDER BY run_id", "--json", "--store", str(store),
        ]))  # fmt: skip
        own = {info["name"]: info for room in rooms for info in self.analyses(room)}
        is_simulated = store.stem in ("shop", "programme") and store.parent.parent == STORES
        for run in logged:
            if is_simulated and run["room"] not in own:
                continue
            words = ["run", run["room"], f"--as-of={run['as_of']}", f"--from={run['from_']}", f"--split={run['split']}",
                     f"--until={run['until']}", f"--seed={run['seed']}"]  # fmt: skip
            words += [f"--{name}={value}" for name, value in json.loads(run["params"]).items() if value]
            yield words, own.get(run["room"])
        for info in own.values():
            if info["kind"] == "query":
                ids = json.loads(self.danggol(["sql", "SELECT min(customer_id) AS a, max(customer_id) AS z FROM raw.customer",
                                               "--json", "--store", str(store)]))  # fmt: skip
                for who in (ids[0]["a"], ids[0]["z"]):
                    yield ["run", info["name"], f"--id={who}"], info

    def written(self, info):
        tables = [f"SELECT '{t['name']}' AS name, t::VARCHAR AS line FROM {t['name']} t" for t in info["writes"]]
        for table, columns in (("fact", "name, value, unit, lo, hi"), ("sentence", "* EXCLUDE (run_id)")):
            row = f"(SELECT {columns} FROM run.{table} WHERE run_id = (SELECT max(run_id) FROM run.log))"
            tables.append(f"SELECT 'run.{table}', t::VARCHAR FROM {row} t")
        return " UNION ALL ".join(tables) + " ORDER BY ALL"

    def outputs(self, rooms, mutant):
        """(what, text) of everything the rooms say and write, one after the other."""
        for folder in sorted(path for path in STORES.iterdir() if path.is_dir()):
            is_simulated = folder.name in ("shop", "programme")
            if not is_simulated and not any(folder.name.startswith(f"src-rooms-{room}-") for room in rooms):
                continue
            for store in sorted(folder.rglob("*.duckdb")):
                with tempfile.TemporaryDirectory(prefix="danggol-mutate-") as place:
                    copy = shutil.copy(store, place)
                    for words, info in self.steps(store, tuple(rooms)):
                        done = execute([str(PROGRAMS / "danggol"), *words, "--store", copy], mutant, 120)
                        said = re.sub(r"\(run \d+, [\d.]+ s\)", "", done.output)
                        yield f"{folder.name}: danggol {shlex.join(words)}", f"{done.status} {done.is_late}\n{said}"
                        if info and info["kind"] != "query" and done.status == 0:
                            rows = self.danggol(["sql", self.written(info), "--format", "csv", "--store", copy])
                            yield f"{folder.name}: tables of danggol {shlex.join(words)}", rows

    def steps(self, store, rooms):
        key = ("steps", store, rooms)
        if key not in self.known:
            self.known[key] = list(self.runs(store, rooms))
        return self.known[key]

    def difference(self, rooms, mutant):
        """What the change shows first, or None where it shows nowhere."""
        key = tuple(rooms)
        with self.lock:
            if key not in self.known:
                self.known[key] = list(self.outputs(rooms, 0))
                if list(self.outputs(rooms, 0)) != self.known[key]:
                    fail(f"{rooms}: not the same twice where nothing is changed")
        for (what, same), (_, now) in zip(self.known[key], self.outputs(rooms, mutant)):
            if same != now:
                return first_difference(what, same, now)
        return None


def first_difference(what, same, now):
    pairs = list(zip(same.splitlines(), now.splitlines()))
    line = next(((a, b) for a, b in pairs if a != b), (f"{len(same.splitlines())} lines", f"{len(now.splitlines())} lines"))
    return f"{what}\n      as it is  {line[0][:160]}\n      changed   {line[1][:160]}"


# ---- the whole


def chance_of_so_few(killed, all_):
    """That no more of so many die by chance if nine in ten do."""
    return sum(math.comb(all_, k) * LEAST_SHARE**k * (1 - LEAST_SHARE) ** (all_ - k) for k in range(killed + 1))


def describe(mutant):
    number, file, place = mutant
    text = (ROOT / file).read_text(encoding="utf-8")
    start, end = text.rfind("\n", 0, place.start) + 1, text.find("\n", place.start)
    changed = text[start : place.start] + place.after + text[place.start + len(place.before) : end]
    return f"{file}:{place.line}: {place.before} -> {place.after or 'nothing'}\n    - {text[start:end].strip()}\n    + {changed.strip()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--room", action="append", help="a room, or a file of learn such as learn/metrics; else all")
    parser.add_argument("--sample", type=int, help="so many changes, in a few rooms and files")
    parser.add_argument("--seed", type=int, default=1, help="which places are changed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="changes tried side by side")
    given = parser.parse_args()

    files = tracked()
    units = all_units(files)
    known = [unit.name for unit in units]
    for name in given.room or []:
        if name not in known:
            fail(f"--room={name}: must be one of {', '.join(known)}")
    units = [unit for unit in units if not given.room or unit.name in given.room]
    for unit in units:
        unit.shuffle(given.seed)
    units = [unit for unit in units if unit.order]
    wanted = {unit: OF_A_LEARN_FILE if unit.name.startswith("learn/") else OF_A_ROOM for unit in units}
    if given.sample:
        units = random.Random(given.seed).sample(units, min(SAMPLED_UNITS, len(units)))
        wanted = {unit: -(-(given.sample - i) // len(units)) for i, unit in enumerate(units)}
    for unit in units:
        unit.draw(wanted[unit])

    progress(f"compiling {sum(len(unit.chosen) for unit in units)} changes of {', '.join(unit.name for unit in units)}")
    compile_changes(files, units, wanted)
    progress("running the tests where nothing is changed")
    tests, outputs = Tests(files), Outputs()
    tests.measure(units)
    outputs.prepare(sorted({room for unit in units for room in unit.rooms}))

    tried, all_ = [], sum(len(unit.chosen) for unit in units)

    def try_one(job):
        unit, mutant = job
        found = None
        if tests.notice(tests.quick(unit), mutant[0]):
            state = "killed"
        elif (found := outputs.difference(unit.rooms, mutant[0])) is None:
            state = "changes nothing"
        else:
            state = "killed" if tests.notice(tests.slow(unit), mutant[0]) else "survived"
        tried.append(state)
        progress(f"{len(tried)} of {all_}: {state:15}  {describe(mutant).splitlines()[0]}")
        return state, mutant, found

    with ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(try_one, [(unit, mutant) for unit in units for mutant in unit.chosen]))
    survivors = [(mutant, found) for state, mutant, found in results if state == "survived"]
    killed, silent = tried.count("killed"), tried.count("changes nothing")
    for mutant, found in survivors:
        print(f"{describe(mutant)}\n    {found}")
    share = killed / max(1, killed + len(survivors))
    print(f"{all_} changes (seed {given.seed}): {killed} killed, {len(survivors)} survived, {silent} change nothing; "
          f"{100 * share:.1f} % of those that change anything died")  # fmt: skip
    if given.sample:
        is_enough = chance_of_so_few(killed, killed + len(survivors)) >= TOO_UNLIKELY
    else:
        is_enough = share >= LEAST_SHARE
    if not is_enough:
        print(f"mutate: fewer than {100 * LEAST_SHARE:.0f} %: a test must hold what the survivors change", file=sys.stderr)
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
