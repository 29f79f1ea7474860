"""What a case of an attack has at hand: a folder, stores to spoil, and the program under attack.

A case does not stop at its first fault: it writes down what went wrong with `wrong()`. Every call of the program is held
against what is promised of all of them: it ends by itself, never by a signal, with one of the exit statuses of the README,
an error is one line on stderr, and no text for a terminal holds a control character.
"""

import contextlib
import hashlib
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import time

OK, WRONG, NOT_THERE, CONFLICT, REFUSED, DAMAGED, DISK, MEMORY, STOPPED = 0, 2, 3, 4, 5, 6, 7, 8, 130
BUG = 70  # of ours, or a store that nobody can write as it is
STATUSES = (OK, WRONG, NOT_THERE, CONFLICT, REFUSED, DAMAGED, DISK, MEMORY, STOPPED)
ELSEWHERE = "words of another file"

# Control characters but the line end, DEL, C1, line and paragraph separators, and what turns the direction of writing.
BITING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# Of the first store: the simulated shop's rooms that have data there.
ROOMS = (
    "sales_trend,order_frequency,rfm,grade_change,channel_divergence,grade_forecast.train,grade_forecast.predict,"
    "recommend,campaign"
)

cases = {}  # "group.name" -> function


def case(function):
    """Registers `function` of the module tests/attack/GROUP_cases.py as GROUP.NAME."""
    group = function.__module__.removesuffix("_cases")
    cases[f"{group}.{function.__name__}"] = function
    return function


def patience():
    """How much slower than alone a process is while others want the cores, too."""
    return max(1, os.getloadavg()[0] / os.cpu_count())


class Done:
    def __init__(self, status, out, err, seconds, peak_mb):
        self.status, self.out, self.err, self.seconds, self.peak_mb = status, out, err, seconds, peak_mb

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")

    @property
    def message(self):
        return self.err.decode("utf-8", "replace").strip()


class Shelf:
    """Stores that many cases start from, made once."""

    def __init__(self, danggol, stranger, folder):
        self.danggol, self.stranger, self.folder, self.made = danggol, stranger, folder, {}

    def path(self, name):
        if name not in self.made:
            self.made[name] = os.path.join(self.folder, name + ".duckdb")
            getattr(self, "_make_" + name)(self.made[name])
        return self.made[name]

    def _run(self, *arguments):
        done = subprocess.run([self.danggol, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stderr}")

    def events(self):
        path = os.path.join(self.folder, "shop", "events.csv")
        if not os.path.exists(path):
            self._run("simulate", "shop", "--customers=220", "--months=18", "--out", os.path.dirname(path))
        return path

    def _make_loaded(self, path):
        self._run("import", "events", self.events(), "--store", path)

    def _make_ranked(self, path):
        shutil.copyfile(self.path("loaded"), path)
        self._run("run", "rfm", "--store", path)

    def _make_finished(self, path):
        shutil.copyfile(self.path("loaded"), path)
        self._run("pipeline", f"--rooms={ROOMS}", "--store", path)

    def big_file(self):
        """2.4 million events of 100,000 customers."""
        path = os.path.join(self.folder, "big.csv")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as out:
                out.write("customer_id,ts,amount,receipt_id,product_id\n")
                for month in range(24):
                    ts = f"{2022 + month // 12}-{month % 12 + 1:02}"
                    out.write(
                        "".join(
                            f"c{n},{ts}-{n % 28 + 1:02},{n % 977}.50,r{month}-{n},p{n % 4001}\n"
                            for n in range(100_000)
                        )
                    )
        return path

    def _make_big(self, path):
        self._run("import", "events", self.big_file(), "--store", path)


class Case:
    def __init__(self, shelf, folder):
        self.shelf, self.folder, self.danggol, self.stranger = shelf, folder, shelf.danggol, shelf.stranger
        self.problems = []

    def wrong(self, what):
        self.problems.append(what)

    def expect(self, so, what):
        if not so:
            self.wrong(what)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def link(self, name, target):
        """What a program that renames over its output would spoil is this, never the machine's own."""
        path = self.path(name)
        if not os.path.lexists(path):
            os.symlink(target, path)
        return path

    def store(self, kind="ranked", name="store.duckdb"):
        """A fresh copy; what stood beside the last one is gone."""
        for suffix in (".wal", ".tmp"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path = self.path(name + suffix)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        return shutil.copyfile(self.shelf.path(kind), self.path(name))

    def changed_store(self, *statements, kind="ranked", name="store.duckdb"):
        path = self.store(kind, name)
        self.stranger.change(path, *statements)
        return path

    # Runs

    def start(self, *arguments, closed=(), limits=(), umask=None, user=None, env=None, ignored=(), cwd=None, **files):
        def prepare():
            if umask is not None:
                os.umask(umask)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)
            for number, most in limits:
                resource.setrlimit(number, (most, most))
            for descriptor in closed:
                os.close(descriptor)

        files = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **files}
        for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
            if descriptor in closed:
                files[name] = None
        return subprocess.Popen(
            [self.danggol, *arguments],
            preexec_fn=prepare,
            user=user,
            env={**os.environ, "TMPDIR": self.temporary(), **(env or {})},
            cwd=cwd or self.folder,
            **files,
        )

    @contextlib.contextmanager
    def streams(self):
        """Files for what a run prints; outside the case's folder, which is watched."""
        with tempfile.NamedTemporaryFile(dir=self.shelf.folder) as out:
            with tempfile.NamedTemporaryFile(dir=self.shelf.folder) as err:
                yield out, err

    def temporary(self):
        """A folder for what the program puts aside, of this case alone."""
        path = self.folder + ".tmp"
        os.makedirs(path, exist_ok=True)
        return path

    def run(
        self, *arguments, what=None, status=None, seconds=10, terminal=True, misspelt=False, forgiven=None, **how
    ):
        """Runs the program to its end and holds it to what is promised of every run.

        `status` is what it must be, one or several; `terminal` says that stdout is for people; `misspelt`, that the
        command itself is not one; `forgiven`, a signal that may end it once: then it is run again.
        """
        what = what or " ".join(a if isinstance(a, str) else repr(a) for a in arguments)
        what = what if len(what) <= 160 else what[:160] + "..."
        start = time.monotonic()
        with self.streams() as (out, err):
            process = self.start(*arguments, **{"stdout": out, "stderr": err, **how})
            hung = False
            while True:
                pid, state, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() - start > seconds * patience() and not hung:
                    hung = True
                    process.kill()
                time.sleep(0.002)
            process.returncode = os.waitstatus_to_exitcode(state)
            for file in (out, err):
                file.seek(0)
            done = Done(process.returncode, out.read(), err.read(), time.monotonic() - start, usage.ru_maxrss / 1024)
        if hung:
            self.wrong(f"{what}: not done after {seconds} s")
            return done
        if forgiven and done.status == -forgiven:
            return self.run(
                *arguments, what=what, status=status, seconds=seconds, terminal=terminal, misspelt=misspelt, **how
            )
        if done.status < 0:
            self.wrong(f"{what}: died of {signal.Signals(-done.status).name}: {done.message[:200]}")
            return done
        if status != BUG:
            self.hold(what, done, 2 not in how.get("closed", ()) and "stderr" not in how, terminal)
        if re.search(r"; see danggol[\w. ]* --help$", done.message) and status is not None and not misspelt:
            self.wrong(f"{what}: does not know what was typed: {done.message}")
        if status is not None and done.status not in (status if isinstance(status, tuple) else (status,)):
            self.wrong(f"{what}: exit status {done.status}, must be {status}: {(done.message or done.text)[:200]}")
        return done

    def hold(self, what, done, stderr_seen, terminal):
        if done.status not in STATUSES:
            self.wrong(f"{what}: exit status {done.status}: {done.message[:200]}")
        lines = done.message.split("\n")
        if done.status != OK and stderr_seen and (len(lines) != 1 or not lines[0].startswith("danggol: ")):
            self.wrong(f"{what}: an error is one line: {done.message[:300]!r}")
        for name, content in (("stderr", done.err), ("stdout", done.out if terminal else b"")):
            if bite := bites(content):
                self.wrong(f"{what}: {name} holds {bite}")

    def stop(self, *arguments, after=0.7, what=None, ready=None, **how):
        """Starts, waits (until `ready()` or so long), presses Ctrl-C. The best of five tries counts, for the machine
        may be busy. None if it always ended before it was stopped."""
        what, took, done = what or " ".join(arguments), [], None
        for _ in range(5):
            with self.streams() as (out, err):
                process = self.start(*arguments, **{"stdout": out, "stderr": err, **how})
                deadline = time.monotonic() + after * patience()
                while time.monotonic() < deadline and process.poll() is None and not (ready and ready()):
                    time.sleep(0.005)
                if process.poll() is not None:
                    err.seek(0)
                    done, after = Done(process.returncode, b"", err.read(), 0, 0), after / 2
                    continue
                pressed = time.monotonic()
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(5 * patience())
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                if process.returncode == OK:  # it was done already
                    done, after = Done(OK, b"", b"", 0, 0), after / 2
                    continue
                took.append((time.monotonic() - pressed) / patience())
                err.seek(0)
                done = Done(process.returncode, b"", err.read(), took[-1], 0)
            if took and took[-1] <= 1:
                break
        if not took:
            self.wrong(
                f"{what}: ended by itself (exit status {done.status}: {done.message[:200]}) before it was stopped"
            )
        elif min(took) > 1:
            self.wrong(f"{what}: Ctrl-C took {min(took):.1f} s" + (" and a kill" if min(took) >= 5 else ""))
        elif done.status != STOPPED:
            self.wrong(f"{what}: exit status {done.status} after Ctrl-C, must be {STOPPED}: {done.message[:200]}")
        else:
            self.hold(what, done, True, True)
        return done

    # Files

    def snapshot(self):
        """What is in the case's folder: every path with its content's digest, or its kind."""
        seen = {}
        for folder, folders, names in os.walk(self.folder):
            for name in folders + names:
                path = os.path.join(folder, name)
                kind = os.lstat(path).st_mode
                key = os.path.relpath(path, self.folder)
                if stat.S_ISLNK(kind):
                    seen[key] = "-> " + os.readlink(path)
                elif stat.S_ISREG(kind):
                    with open(path, "rb") as file:
                        seen[key] = hashlib.sha256(file.read()).hexdigest()
                else:
                    seen[key] = stat.S_IFMT(kind)
        return seen

    @contextlib.contextmanager
    def unchanged(self, what, but=()):
        """Nothing in the case's folder is another afterwards, nothing is gone, nothing new, but what `but` names
        and the key of a store that it names."""
        before = self.snapshot()
        yield
        after = self.snapshot()
        for name in sorted(before.keys() | after.keys()):
            if name.removesuffix(".key") in but or before.get(name) == after.get(name):
                continue
            state = "appeared" if name not in before else "is gone" if name not in after else "was changed"
            self.wrong(f"{what}: {name} {state}")

    def is_store(self, path):
        with open(path, "rb") as file:
            return file.read(12)[8:] == b"DUCK"


def bites(content):
    """The first thing in it that a terminal would obey, or ''."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return f"bytes that are no UTF-8: {content[error.start : error.start + 8]!r}"
    found = BITING.search(text)
    return f"{found.group()!r} in {text[max(0, found.start() - 20) : found.end() + 20]!r}" if found else ""
