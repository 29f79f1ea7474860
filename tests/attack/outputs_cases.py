"""What danggol writes: never onto the store or an input, whole or not at all, for its owner alone."""

import contextlib
import os
import pty
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

from attack import DISK, OK, REFUSED, WRONG, case

NO = (WRONG, REFUSED)
FULL = {"ignored": [signal.SIGXFSZ]}
SPILLING = "SELECT count(*) FROM (SELECT range, hash(range) AS h FROM range(30000000) ORDER BY h)"


def ways_to(case, store):
    """Names of one and the same file."""
    os.symlink(store, case.path("link.csv"))
    os.symlink("link.csv", case.path("link_to_link.csv"))
    os.link(store, case.path("hard.csv"))
    os.makedirs(case.path("folder"), exist_ok=True)
    os.symlink(case.folder, case.path("folder", "up"))
    return [
        store,
        "store.duckdb",
        "./store.duckdb",
        "folder/../store.duckdb",
        "folder/up/store.duckdb",
        "//" + store,
        case.path("link.csv"),
        "link_to_link.csv",
        "hard.csv",
        "/proc/self/cwd/store.duckdb",
        f"/proc/self/root{store}",
    ]


WRITERS = {
    "show as csv": lambda out: ["show", "result.rfm", "--format=csv", "--out", out],
    "show as text": lambda out: ["show", "result.rfm", "--out", out],
    "show as json": lambda out: ["show", "result.rfm", "--json", "--out", out],
    "show as parquet": lambda out: ["show", "result.rfm", "--format=parquet", "--out", out],
    "sql": lambda out: ["sql", "SELECT 42 AS a", "--format=csv", "--out", out],
    "report": lambda out: ["report", out],
    "pipeline": lambda out: ["pipeline", "--rooms=rfm", "--report", out],
}


@case
def onto_the_store(case):
    """By whatever name; also when the command has nothing else wrong with it, or much."""
    store = case.store()
    for out in ways_to(case, store):
        for name, command in WRITERS.items():
            what = f"{name} to {out}"
            with case.unchanged(what):
                case.run(*command(out), "--store", store, what=what, status=NO)
            if case.problems and not case.is_store(store):
                shutil.rmtree(case.folder)
                os.mkdir(case.folder)
                ways_to(case, case.store())


@case
def onto_an_open_store(case):
    """By a descriptor that the caller left open on it."""
    store = case.store()
    for name, command in WRITERS.items():
        for out in ("/proc/self/fd/{}", "/dev/fd/{}"):
            with open(store, "r+b") as file, case.unchanged(f"{name} to {out}"):
                number = file.fileno()
                case.run(*command(out.format(number)), "--store", store, pass_fds=[number], status=NO)
            if not case.is_store(store):
                store = case.store()


@case
def stdout_onto_the_store(case):
    """`>>` does not truncate; what is printed must not end up in the store."""
    store, stdout = case.store(), case.link("stdout", "/proc/self/fd/1")
    for command in (
        ["show", "result.rfm", "--format=csv"],
        ["sql", "SELECT 42"],
        ["run", "rfm"],
        ["run", "customer", "--id=C000095"],
        ["pipeline", "--rooms=rfm"],
        ["show", "result.rfm", "--format=csv", "--out", stdout],
        ["sql", "SELECT 42", "--out", stdout],
        ["report", stdout],
        ["show", "no.table"],
    ):
        for mode, stream in (("ab", "stdout"), ("r+b", "stdout"), ("ab", "stderr"), ("r+b", "stderr")):
            if stream == "stderr" and command[1] != "no.table":
                continue
            what = f"{' '.join(command)} with {stream} opened {mode} on the store"
            with open(store, mode) as file, case.unchanged(what):
                case.run(*command, "--store", store, what=what, **{stream: file}, status=(WRONG, REFUSED, 3))
            if not case.is_store(store):
                store = case.store()


@case
def onto_an_input(case):
    """What is read is not the store, nor written over: the file that is imported, the map, and a store named as input."""
    csv = case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    case.write("map.toml", '[columns]\ncustomer = "customer_id"\n')
    os.symlink("in.csv", case.path("link.duckdb"))
    os.link(csv, case.path("hard.duckdb"))
    for store in (csv, "./in.csv", "link.duckdb", "hard.duckdb", "map.toml"):
        with case.unchanged(f"import in.csv into {store}"):
            case.run("import", "in.csv", "--map", "map.toml", "--store", store, status=(WRONG, REFUSED, 6))
    store = case.store()
    os.link(store, case.path("store.csv"))
    for name in ("store.duckdb", "store.csv"):
        for command in (["import", name], ["import", "in.csv", "--map", name], ["check", name]):
            what = " ".join(command)
            arguments = [*command, "--store", store] if command[0] == "import" else command
            with case.unchanged(what):
                case.run(*arguments, what=what, status=(WRONG, REFUSED))


@case
def simulate_onto_a_store(case):
    """A shop is not written over the store that is in use, nor over a folder's other files."""
    for name in ("events.csv", "events.csv.part", "truth/customers.csv"):
        os.makedirs(case.path("shop", "truth"), exist_ok=True)
        store = shutil.copyfile(case.shelf.path("ranked"), case.path("shop", name))
        before = case.snapshot()["shop/" + name]
        case.run("simulate", "shop", "--customers=5", "--months=2", "--out", "shop", env={"DANGGOL_STORE": store})
        case.expect(case.snapshot().get("shop/" + name) == before, f"shop/{name}, a store, was written over")
        shutil.rmtree(case.path("shop"))
    case.write("file", "precious")
    case.link("null", "/dev/null")
    for out in ("file", "file/shop", "null", "null/shop", "/proc/shop", "x" * 300):
        with case.unchanged(f"simulate to {out[:20]}"):
            case.run("simulate", "shop", "--customers=5", "--months=2", "--out", out, status=(WRONG, REFUSED, DISK))


@case
def closed_descriptors(case):
    """Nothing is written to the file that takes the number of a closed stream."""
    csv = case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\nb,2024-02-01,x\n")
    for closed in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]):
        for command in (
            ["import", csv],
            ["run", "rfm"],
            ["run", "customer", "--id=C000095"],
            ["pipeline", "--rooms=rfm"],
            ["sql", "SELECT count(*) FROM raw.event"],
            ["sql", "SELECT nothing"],
            ["show", "result.rfm", "--format=csv"],
            ["show", "result.rfm", "--format=csv", "--out", "out.csv"],
            ["report", "report.html"],
            ["import", "no.csv"],
        ):
            what = f"{' '.join(command[:2])} without descriptors {closed}"
            store = case.store()
            reads = command[0] in ("sql", "show", "report")
            with case.unchanged(what, but=("out.csv", "report.html", *(() if reads else ("store.duckdb",)))):
                done = case.run(*command, "--store", store, what=what, closed=closed)
            case.expect(case.is_store(store), f"{what}: the store's header is gone")
            expected = (
                (3, DISK) if "no.csv" in command else (WRONG, DISK) if "SELECT nothing" in command else (OK, DISK)
            )
            case.expect(done.status in expected, f"{what}: exit status {done.status}")
            if not reads:
                case.run("sql", "SELECT count(*) FROM raw.event", "--store", store, what="after " + what, status=OK)


def sizes(folder):
    found = {}
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found[name] = os.stat(os.path.join(folder, name)).st_size
    return found


@case
def killed(case):
    """SIGKILL at several moments: the old file or the new, and nothing left over after the next run."""
    store = case.store("big")
    os.makedirs(case.path("out"))
    commands = {
        "out/rows.csv": ["show", "raw.event", "--format=csv", "--out", "out/rows.csv"],
        "out/rows.json": ["sql", "FROM raw.event", "--format=json", "--out", "out/rows.json"],
        "out/rows.parquet": ["show", "raw.event", "--format=parquet", "--out", "out/rows.parquet"],
    }
    for out, command in commands.items():
        whole = None
        for moment in (0.03, 0.25, 0.6):
            case.write(out, "old")
            process = case.start(*command, "--store", store, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moment)
            process.kill()
            status = process.wait()
            with open(case.path(out), "rb") as file:
                content = file.read()
            if status == OK:
                whole = content
            case.expect(
                content == b"old" if status else content != b"old",
                f"{out} killed after {moment} s: {len(content)} bytes of {'the old file' if content == b'old' else 'a new one'}",
            )
        case.run("show", "raw.load", "--format=csv", "--out", out, "--store", store, status=OK)
        left = sorted(set(os.listdir(case.path("out"))) - {os.path.basename(out)})
        case.expect(not left, f"{out}: {left} left after the next run")
        shutil.rmtree(case.path("out"))
        os.makedirs(case.path("out"))
    case.expect(
        sorted(os.listdir(case.folder)) == ["out", "store.duckdb"], f"beside the store: {os.listdir(case.folder)}"
    )
    case.expect(not os.listdir(case.temporary()), f"in TMPDIR: {os.listdir(case.temporary())}")


@case
def left_by_killed_runs(case):
    """Parts, spill and logs of killed imports, simulations, runs and statements are gone after the next start."""
    store = case.store()
    commands = {
        "import": (["import", case.shelf.big_file(), "--memory=200MB"], 0.4),
        "a new import": (["import", case.shelf.big_file(), "--store", "new.duckdb"], 0.4),
        "simulate": (["simulate", "lpoint", "--customers=100000", "--out", "shop"], 0.3),
        "report": (["report", "report.html"], 0.04),
    }
    for name, (command, moment) in commands.items():
        chosen = command if "--store" in command or name == "simulate" else [*command, "--store", store]
        process = case.start(*chosen, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(moment)
        process.kill()
        status = process.wait()
        why = process.stderr.read().decode()
        process.stderr.close()
        case.expect(status in (OK, -signal.SIGKILL), f"{name}: exit status {status} before it was killed: {why}")
    small = case.write("small.csv", "customer_id,ts,amount\na,2024-01-01,5\n")
    case.run("import", small, "--store", store, status=OK)
    case.run("import", small, "--store", "new.duckdb", status=OK)
    case.run("simulate", "shop", "--customers=5", "--months=2", "--out", "shop", status=OK)
    case.run("report", "report.html", "--store", store, status=OK)
    stores = {"store.duckdb", "store.duckdb.key", "new.duckdb", "new.duckdb.key"}
    allowed = stores | {"small.csv", "report.html", "shop"}
    case.expect(set(os.listdir(case.folder)) == allowed, f"left: {sorted(set(os.listdir(case.folder)) - allowed)}")
    left = [name for _, _, names in os.walk(case.path("shop")) for name in names if "part" in name]
    case.expect(not left, f"left in shop: {left}")
    case.expect(not os.listdir(case.temporary()), f"left in TMPDIR: {os.listdir(case.temporary())}")


@case
def parts_of_the_living(case):
    """Clearing up after the dead spares a run that is only slow."""
    store = case.store("big")
    slow = case.start("show", "raw.event", "--format=csv", "--out", "slow.csv", "--store", store)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and slow.poll() is None and len(os.listdir(case.folder)) < 2:
        time.sleep(0.005)
    slow.send_signal(signal.SIGSTOP)
    case.run("show", "raw.load", "--format=csv", "--out", "quick.csv", "--store", store, status=OK)
    case.run("show", "raw.load", "--format=csv", "--out", "slow.csv", "--store", store, status=OK)
    slow.send_signal(signal.SIGCONT)
    _, why = slow.communicate(timeout=60)
    case.expect(slow.returncode == OK, f"exit status {slow.returncode}: {why.decode()}")
    with open(case.path("slow.csv"), "rb") as file:
        lines = sum(1 for _ in file)
    case.expect(lines == 2_400_001, f"{lines} lines")
    case.expect(
        sorted(os.listdir(case.folder)) == ["quick.csv", "slow.csv", "store.duckdb"], str(os.listdir(case.folder))
    )


@case
def disk_full(case):
    """No room for an output: exit status 7, the old file as it was, no part left."""
    store = case.store("finished")
    for out, command in {
        "out.csv": ["sql", "FROM raw.event", "--format=csv", "--out", "out.csv"],
        "out.json": ["show", "raw.event", "--format=json", "--out", "out.json"],
        "out.txt": ["show", "raw.event", "--out", "out.txt"],
        "out.parquet": ["show", "raw.event", "--format=parquet", "--out", "out.parquet"],
        "out.html": ["report", "out.html"],
    }.items():
        case.write(out, "old")
        with case.unchanged(out):
            done = case.run(*command, "--store", store, status=DISK, limits=[(resource.RLIMIT_FSIZE, 20_000)], **FULL)
        case.expect(out in done.message, f"{out}: not named in {done.message!r}")
    for name, command in WRITERS.items():
        if name != "show as parquet":
            case.run(*command(case.link("full", "/dev/full")), "--store", store, what=f"{name} to full", status=DISK)
    for command in (
        ["list"],
        ["describe", "rfm"],
        ["show", "result.rfm", "--format=csv", "--store", store],
        ["sql", "SELECT 1", "--store", store],
        ["run", "rfm", "--store", store],
    ):
        with open("/dev/full", "wb") as full:
            case.run(*command, stdout=full, status=DISK)


@case
def disk_full_for_the_store(case):
    """An import or a run without room leaves what was there."""
    store = case.store()
    rows = case.run("sql", "SELECT count(*) AS n FROM raw.event", "--format=csv", "--store", store, status=OK).text
    for command in (
        ["import", case.shelf.big_file()],
        ["run", "order_frequency"],
        ["pipeline", "--rooms=order_frequency"],
    ):
        what = f"{command[0]} on a full disk"
        for room in (0, 4096):
            store = case.store()
            limit = os.path.getsize(store) + room if command[0] == "import" else room + 1024
            done = case.run(
                *command, "--store", store, what=what, status=DISK, limits=[(resource.RLIMIT_FSIZE, limit)], **FULL
            )
            case.expect("pipeline" not in done.text, what)
            after = case.run(
                "sql", "SELECT count(*) AS n FROM raw.event", "--format=csv", "--store", store, status=OK
            ).text
            case.expect(after == rows, f"{what}: {after!r} events, were {rows!r}")
            case.run("run", "rfm", "--store", store, what="run after " + what, status=OK)
    done = case.run(
        "import", case.shelf.events(), "--store", "new.duckdb", limits=[(resource.RLIMIT_FSIZE, 100_000)],
        status=DISK, **FULL,
    )  # fmt: skip
    case.run("import", case.shelf.events(), "--store", "new.duckdb", what="import after a full disk", status=OK)


@case
def mounted_disk_full(case):
    """The same on a real disk of 3 MB, where such may be mounted."""
    os.makedirs(case.path("disk"))
    mounted = ["unshare", "-rm", "sh", "-c"]
    mount = "mount -t tmpfs -o size=3m none disk"
    if subprocess.run([*mounted, mount], cwd=case.folder, capture_output=True).returncode:
        return
    store = case.store("big")
    for command in (
        [
            "sql",
            "SELECT repeat('x', 1000) FROM range(100000)",
            "--format=csv",
            "--out",
            "disk/out.csv",
            "--store",
            store,
        ],
        ["show", "raw.event", "--format=parquet", "--out", "disk/out.parquet", "--store", store],
        ["import", case.shelf.big_file(), "--store", "disk/store.duckdb"],
        ["simulate", "shop", "--customers=2000", "--out", "disk/shop"],
    ):
        script = mount + '; "$@"; status=$?; find disk -type f ! -name "store.duckdb*" >&2; exit $status'
        done = subprocess.run(
            [*mounted, script, "sh", case.danggol, *command], cwd=case.folder, capture_output=True, text=True
        )
        lines, what = done.stderr.strip().split("\n"), " ".join(command)[:80]
        case.expect(done.returncode == DISK, f"{what}: exit status {done.returncode}: {lines}")
        case.expect(len(lines) == 1, f"{what}: message and left-over files: {lines}")


@case
def a_failing_query(case):
    """Leaves an older good file as it was, and makes none."""
    store = case.store()
    late = "SELECT CASE WHEN i = 2999999 THEN error('late') ELSE i::VARCHAR END FROM range(3000000) t(i)"
    for command in (
        ["sql", "SELECT nothing", "--out", "out"],
        ["sql", "SELECT 1; SELECT 2", "--format=csv", "--out", "out"],
        ["sql", late, "--format=csv", "--out", "out"],
        ["sql", late, "--json", "--out", "out"],
        ["sql", "FROM range(1000000)", "--format=text", "--out", "out"],
        ["show", "result.nothing", "--out", "out"],
        ["show", "result.nothing", "--format=parquet", "--out", "out"],
        ["show", "result.campaign", "--format=csv", "--out", "out"],
        ["report", "out", "--lang=xx"],
    ):
        for old in ("old", None):
            if old:
                case.write("out", old)
            elif os.path.exists(case.path("out")):
                os.remove(case.path("out"))
            with case.unchanged(" ".join(command)[:100]):
                case.run(*command, "--store", store, status=(WRONG, 3, REFUSED), misspelt=command[0] == "report")


@case
def ctrl_c_while_writing(case):
    """Leaves the old file and no part."""
    store = case.store("big")
    for form in ("csv", "json", "parquet"):
        out = case.write("out", "old")
        with case.unchanged(f"show as {form}"):
            case.stop("show", "raw.event", f"--format={form}", "--out", out, "--store", store, after=0.25)


@case
def streams_and_devices(case):
    """A device or pipe as output is a stream; a folder or a name that cannot be is an error."""
    store = case.store()
    for name in (case.link("stdout", "/proc/self/fd/1"), "/dev/fd/1", "/proc/self/fd/1"):
        process = case.start("sql", "SELECT 42 AS a", "--format=csv", "--out", name, "--store", store)
        out, err = process.communicate(timeout=10)
        case.expect(out.decode().lstrip("\ufeff") == "a\n42\n", f"{name}, a pipe: {out!r} {err!r}")
    null = case.link("null", "/dev/null")
    with case.unchanged("report to null"):
        case.run("report", null, "--store", store, status=OK)
    os.mkdir(case.path("folder"))
    os.symlink("nowhere/at/all", case.path("dangling"))
    os.symlink("loop", case.path("loop"))
    for out in (
        "folder",
        "folder/",
        "no/such/folder/out",
        "x" * 300,
        "loop",
        "folder/../no/x",
        "store.duckdb/x",
        "",
        "/",
        ".",
    ):
        for name, command in WRITERS.items():
            if name in ("show as text", "show as json"):
                continue
            with case.unchanged(f"{name} to {out[:30]!r}", but=("store.duckdb",) if name == "pipeline" else ()):
                case.run(
                    *command(out), "--store", store, what=f"{name} to {out[:30]!r}", status=(WRONG, REFUSED, DISK, 3),
                    misspelt=not out,
                )  # fmt: skip


@case
def stdout_of_every_kind(case):
    """A file that has no name any more, one in a folder that may not be written, a socket, a terminal: all are stdout, and
    nothing else is made beside them."""
    store = case.store()
    command = ["sql", "SELECT 42 AS a", "--format=csv", "--store", store]
    with tempfile.TemporaryFile() as out:
        case.run(*command, what="a file without a name", stdout=out, status=OK)
        out.seek(0)
        case.expect(out.read() == b"a\n42\n", "a file without a name: not what was asked")
    os.mkdir(case.path("closed"))
    with open(case.path("closed", "out"), "wb") as out:
        os.chmod(case.path("closed"), 0o500)
        nobody = {"user": 65534} if os.getuid() == 0 else {}
        os.chmod(store, 0o644)
        if not nobody or subprocess.run([case.danggol, "list"], capture_output=True, user=65534).returncode == 0:
            case.run(*command, what="a file in a folder that may not be written", stdout=out, status=OK, **nobody)
        os.chmod(case.path("closed"), 0o700)
    case.expect(os.listdir(case.path("closed")) in (["out"], []), str(os.listdir(case.path("closed"))))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    case.run(*command, what="a socket", stdout=theirs, status=OK)
    with contextlib.suppress(BlockingIOError):
        got = b""
        got = ours.recv(100)
    case.expect(got == b"a\n42\n", "a socket: not what was asked")
    ours.close(), theirs.close()
    main, other = pty.openpty()
    os.set_blocking(main, False)
    case.run(*command, what="a terminal", stdout=other, status=OK)
    with contextlib.suppress(BlockingIOError):
        got = b""
        got = os.read(main, 100)
    case.expect(got == b"a\r\n42\r\n", "a terminal: not what was asked")
    os.close(main), os.close(other)
    with open(case.write("out", "before\n"), "ab") as out:
        case.run(*command, what="a file that is appended to", stdout=out, status=OK)
    with open(case.path("out"), "rb") as out:
        case.expect(
            out.read() == b"before\na\n42\n", "a file that is appended to: not what was there and what was asked"
        )


@case
def a_pipe_without_reader(case):
    """A FIFO as --out waits for its reader, as any program does, and can be stopped."""
    store = case.store()
    os.mkfifo(case.path("fifo"))
    process = case.start("sql", "SELECT 42 AS a", "--format=csv", "--out", "fifo", "--store", store)
    time.sleep(0.3)
    if process.poll() is None:
        with open(case.path("fifo"), "rb") as reader:
            content = reader.read()
        process.communicate(timeout=10)
        case.expect(content.decode().lstrip("\ufeff") == "a\n42\n" and process.returncode == OK, f"{content!r}")
    else:
        process.communicate()
        case.expect(process.returncode in (WRONG, REFUSED, DISK), f"exit status {process.returncode}")
    case.expect(stat.S_ISFIFO(os.stat(case.path("fifo")).st_mode), "the FIFO was replaced by a file")
    process = case.start("sql", "SELECT 42 AS a", "--format=csv", "--out", "fifo", "--store", store)
    time.sleep(0.3)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            case.wrong("Ctrl-C does not end the wait for a reader")
    else:
        process.communicate()


@case
def modes(case):
    """Stores, reports and outputs hold customers: 0600, whatever the umask; parts and logs too while they are written."""

    def mode(path):
        return stat.S_IMODE(os.stat(path).st_mode)

    csv = case.write("in.csv", "customer_id,ts,amount\na,2024-01-01,5\nb,2024-02-01,7\n")
    for umask in (0, 0o022, 0o077, 0o177):
        for name in os.listdir(case.folder):
            if name != "in.csv":
                os.remove(case.path(name))
        for command in (
            ["import", csv],
            ["pipeline", "--rooms=rfm", "--report", "pipeline.html"],
            ["report", "report.html"],
            ["show", "raw.customer", "--format=csv", "--out", "out.csv"],
            ["show", "raw.customer", "--format=json", "--out", "out.json"],
            ["show", "raw.customer", "--out", "out.txt"],
            ["show", "raw.customer", "--format=parquet", "--out", "out.parquet"],
            ["sql", "FROM raw.customer", "--format=csv", "--out", "sql.csv"],
        ):
            case.run(*command, "--store", "store.duckdb", umask=umask, status=OK)
        for name in sorted(os.listdir(case.folder)):
            if name != "in.csv":
                case.expect(mode(case.path(name)) == 0o600, f"umask {umask:03o}: {name} is {mode(case.path(name)):o}")
    big = case.store("big", "big.duckdb")
    os.chmod(big, 0o600)
    for command, moment in (
        (["import", case.shelf.big_file(), "--store", "new.duckdb", "--memory=200MB"], 0.8),
        (["show", "raw.event", "--format=csv", "--out", "big.csv", "--store", big], 0.5),
        (["show", "raw.event", "--format=parquet", "--out", "big.parquet", "--store", big], 0.5),
        (["sql", SPILLING, "--memory=100MB", "--store", big], 1),
        (["import", case.shelf.events(), "--store", big], 0.5),
    ):
        process = case.start(*command, umask=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline, loose = time.monotonic() + moment, set()
        while time.monotonic() < deadline and process.poll() is None:
            for root, folders, names in os.walk(case.folder):
                for name in names + folders:
                    with contextlib.suppress(FileNotFoundError):
                        path = os.path.join(root, name)
                        if name != "in.csv" and mode(path) & 0o077:
                            loose.add(f"{os.path.relpath(path, case.folder)} is {mode(path):o}")
            time.sleep(0.001)
        process.kill()
        process.wait()
        case.expect(not loose, f"{' '.join(command[:3])[:50]}, while it runs: {sorted(loose)[:5]}")
