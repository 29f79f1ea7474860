"""A model is used where it was trained, and only as it was: its signature is by the key beside the store."""

import os
import shutil
import stat

from attack import DAMAGED, OK, REFUSED, WRONG, case

PREDICT = ["run", "grade_forecast.predict"]
TRAIN = ["run", "grade_forecast.train"]


def trained(case):
    store = case.store("loaded")
    case.run("run", "rfm", "--store", store, status=OK)
    case.run(*TRAIN, "--store", store, status=OK)
    return store


def secret(store):
    with open(store + ".key", encoding="ascii") as file:
        return file.readline().rstrip("\n")


@case
def trained_here(case):
    """The secret is one's own, made once, and the same for every model."""
    store = trained(case)
    facts = os.stat(store + ".key")
    case.expect(stat.S_IMODE(facts.st_mode) == 0o600, f"the key's mode is {facts.st_mode:o}")
    case.run(*PREDICT, "--store", store, status=OK)
    before = secret(store)
    case.expect(len(before) == 64, f"the secret is {before!r}")
    case.run(*TRAIN, "--store", store, status=OK)
    case.expect(secret(store) == before, "a second training made another secret")
    case.run(*PREDICT, "--store", store, status=OK)


@case
def trained_elsewhere(case):
    """A copied store trains again; one copied with its key, or moved, does not need to."""
    store = trained(case)
    copy = shutil.copyfile(store, case.path("copy.duckdb"))
    done = case.run(*PREDICT, "--store", copy, status=REFUSED)
    case.expect("grade_forecast.train" in done.message, f"no remedy in {done.message!r}")
    case.run(*TRAIN, "--store", copy, status=OK)
    case.run(*PREDICT, "--store", copy, status=OK)
    other = shutil.copyfile(store, case.path("other.duckdb"))
    shutil.copyfile(copy + ".key", other + ".key")
    os.chmod(other + ".key", 0o600)
    case.run(*PREDICT, "--store", other, what="another store's key", status=REFUSED)
    shutil.copyfile(store + ".key", other + ".key")
    case.run(*PREDICT, "--store", other, what="its own key", status=OK)


@case
def changed(case):
    """Whatever the signature covers, and the signature."""
    store = trained(case)
    for change in (
        "UPDATE model.manifest SET signature = NULL",
        "UPDATE model.manifest SET signature = ''",
        "UPDATE model.manifest SET signature = repeat('0', 64)",
        "UPDATE model.manifest SET signature = upper(signature)",
        "UPDATE model.manifest SET signature = signature || '0'",
        "UPDATE model.manifest SET label_until = label_until - 1",
        "UPDATE model.blob SET content = content || '\\x0A'::BLOB, digest = 'd'; UPDATE model.manifest SET digest = 'd'",
    ):
        spoilt = shutil.copyfile(store, case.path("spoilt.duckdb"))
        shutil.copyfile(store + ".key", spoilt + ".key")
        os.chmod(spoilt + ".key", 0o600)
        case.stranger.change(spoilt, *change.split("; "))
        case.run(*PREDICT, "--store", spoilt, what=change, status=(REFUSED, DAMAGED))


@case
def keys_that_are_none(case):
    """A key that others can read, write or choose is none, and is not written over."""
    store = trained(case)
    key = store + ".key"
    with open(key, "rb") as file:
        right = file.read()

    def spoil(what, make):
        if os.path.lexists(key):
            os.remove(key)
        make()
        with case.unchanged(what, but=("store.duckdb",)):  # which has the record of the failed runs
            for command in (PREDICT, TRAIN):
                case.run(*command, "--store", store, what=f"{what}: {command[1]}", status=REFUSED)

    def written(content, mode=0o600):
        with open(key, "wb") as file:
            file.write(content)
        os.chmod(key, mode)

    spoil("readable by others", lambda: written(right, 0o644))
    spoil("writable by others", lambda: written(right, 0o620))
    spoil("the secret alone", lambda: written(right[:64]))
    spoil("a shorter secret", lambda: written(right[1:]))
    spoil("a longer secret", lambda: written(b"0" + right))
    spoil("no digits", lambda: written(b"g" + right[1:]))
    spoil("endless", lambda: written(right + b"x" * 10_000_000))
    spoil("empty", lambda: written(b""))
    case.write("elsewhere", right)
    os.chmod(case.path("elsewhere"), 0o600)
    spoil("a link", lambda: os.symlink(case.path("elsewhere"), key))
    spoil("a FIFO", lambda: os.mkfifo(key, 0o600))
    os.remove(key)
    os.mkdir(key)
    for command in (PREDICT, TRAIN):
        case.run(*command, "--store", store, what=f"a folder: {command[1]}", status=REFUSED)
    os.rmdir(key)
    written(right)
    case.run(*PREDICT, "--store", store, status=OK)


@case
def onto_the_key(case):
    store = trained(case)
    os.link(store + ".key", case.path("hard"))
    case.link("soft", store + ".key")
    with case.unchanged("an output onto the key"):
        for name in (store + ".key", case.path("hard"), case.path("soft")):
            case.run("show", "raw.event", "--format=csv", "--out", name, "--store", store, status=REFUSED)
            case.run("report", name, "--store", store, status=REFUSED)
            case.run("pipeline", "--report", name, "--store", store, status=REFUSED)


@case
def no_place_for_a_key(case):
    """Where no key can be written, no model appears."""
    store = case.store("loaded")
    case.run("run", "rfm", "--store", store, status=OK)
    os.remove(store + ".key")
    os.mkdir(store + ".key")
    case.write("store.duckdb.key/something", "x")
    case.run(*TRAIN, "--store", store, status=REFUSED)
    done = case.run("sql", "SELECT count(*) AS n FROM model.manifest", "--format=csv", "--store", store, status=OK)
    case.expect(done.text.endswith("0\n"), f"a model without a signature: {done.text!r}")
    case.run("run", "grade_forecast.train", "--rounds=0", "--store", store, status=WRONG)


@case
def changed_behind_our_back(case):
    """A store is looked at again as soon as its file is not as we left it, whatever its times say."""
    store = case.store("loaded")
    case.run("run", "rfm", "--store", store, status=OK)

    def damage(path):
        case.stranger.change(path, "UPDATE raw.event SET customer_no = -7 WHERE customer_no = 3")

    def back_in_time(path):
        facts = os.stat(path)
        damage(path)
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def replaced(path):
        damage(shutil.copy2(path, case.path("other.duckdb")))
        os.replace(case.path("other.duckdb"), path)

    def written_over(path):
        damage(shutil.copy2(path, case.path("other.duckdb")))
        shutil.copyfile(case.path("other.duckdb"), path)

    for change in (damage, back_in_time, replaced, written_over):
        spoilt = shutil.copyfile(store, case.path(change.__name__ + ".duckdb"))
        case.run("run", "rfm", "--store", spoilt, status=OK)
        change(spoilt)
        for command in (["sql", "SELECT 1"], ["run", "rfm"], ["run", "customer", "--id=C000095"]):
            case.run(*command, "--store", spoilt, what=f"{change.__name__}: {command[0]}", status=DAMAGED)
