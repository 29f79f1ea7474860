#!/usr/bin/env python3
"""The house rules as a test: one line for every violation, exit status 1 if there is one.

    tidy.py [ROOT]         checks the files git knows, and new ones it does not ignore
    tidy.py --self-test    proves of every rule that it can fail

ARCHITECTURE.md says why the rules are as they are; here they are only checked.
"""

import fnmatch
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

# Folders of src/, lowest first: a file includes its own folder and lower ones. Equal ones never meet.
LEVELS = {
    "base": 0,
    "contract": 1,
    "learn": 1,
    "store": 2,
    "ingest": 3,
    "simulate": 3,
    "features": 3,
    "rooms": 4,
    "report": 5,
    "engine": 6,
}
# include/danggol: what everybody may know, and the two headers that speak of the engine, known from report/ up.
LOWEST_HEADERS = {
    f"danggol/{name}.h" for name in ("result", "analysis", "text", "arrow", "progress", "printable", "nearest")
}
ENGINE_HEADERS_FROM = LEVELS["report"]
# Rooms meet the store only through their Context.
SEEN_BY_ROOMS = {"base", "contract", "learn"}

# A library's name -> the only files that may include it.
ONLY_IN = [
    (r"^duckdb(\.h|\.hpp|/)", "src/store/*", "DuckDB is known only in src/store"),
    (r"^lightgbm/|lightgbm_c\.h$", "src/learn/*lightgbm*", "LightGBM is known only in its one file of src/learn"),
    (r"^(unsupported/)?eigen3?/", "src/learn/linear_algebra.cpp", "Eigen is known only in learn/linear_algebra.cpp"),
    (r"^sodium", "src/base/signature.cpp", "libsodium is known only in base/signature.cpp"),
    (r"xgboost", "src/learn/*xgboost*", "XGBoost is known only in its one file of src/learn"),
    (r"onnxruntime", "src/learn/*onnx*", "ONNX Runtime is known only in its one file of src/learn"),
    (r"^(httplib|boost/beast|boost/asio|microhttpd|crow|drogon)", "app/http/*", "HTTP is known only in app/http"),
]

NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "common"}
LINE_LENGTH = 120
ROOM_FUNCTION_LINES = 60
LINE_LENGTH_PYTHON = 140  # a sentence for people stays in one piece
CPP = (".h", ".cpp")
CODE = CPP + (".sql", ".py", ".sh", ".cmake")
CODE_NAMES = ("CMakeLists.txt", "dev", "run")
NOT_TEXT = (".png", ".gz", ".xz", ".parquet", ".pdf", ".ico", ".woff2", ".7z", ".xlsx", ".xlsb")
DATA = ("*/corpus*/*", "*package-lock.json")  # kept byte for byte

# Written so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(work|home|root|Users|mnt|tmp)/|\b[A-Z]:\\\w")
PRIVATE_HOST = re.compile(
    r"\b[\w-]+\.(internal|localdomain|corp|lan|intranet)\b|"
    r"\b(10\.\d+|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+\b"
)
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bsk-[\w-]{20,}|"
    r"\bxox[abprs]-[\w-]{10,}|"
    r"\b(password|passwd|secret|api_?key|(auth|access)_token)\b\s*[:=]\s*[\"'][^\"'$<{\s]{8,}[\"']",
    re.IGNORECASE,
)
INCLUDE = re.compile(r"^\s*#\s*include\s*[<\"]([^>\"]+)[>\"]")


class Tree:
    """The files under a root, by their paths from it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self._list())
        self._lines = {}

    def _list(self):
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            return {name for name in listed.split("\0") if name and (self.root / name).is_file()}
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}

    def lines(self, path):
        if path not in self._lines:
            self._lines[path] = (self.root / path).read_text(encoding="utf-8", errors="replace").split("\n")
        return self._lines[path]

    def text(self, path):
        return "\n".join(self.lines(path))

    def matching(self, *patterns):
        return [path for path in self.files if any(fnmatch.fnmatch(path, pattern) for pattern in patterns)]

    def cpp(self):
        return [path for path in self.files if path.endswith(CPP)]

    def texts(self):
        return [
            path
            for path in self.files
            if not path.endswith(NOT_TEXT) and not any(fnmatch.fnmatch(path, pattern) for pattern in DATA)
        ]

    def includes(self, path):
        for number, line in enumerate(self.lines(path), 1):
            if found := INCLUDE.match(line):
                yield number, found[1]


def is_test(path):
    return path.endswith(("_test.cpp", "_bench.cpp"))


def folder_of(include):
    """The folder of src/ that "rooms/rfm/rfm.h" belongs to; None for what is not ours."""
    folder = include.split("/")[0]
    return folder if "/" in include and folder in LEVELS else None


def room_of(path):
    """ "rfm" of "rooms/rfm/rfm.cpp"; None for the registry, which is no room."""
    parts = path.split("/")
    return parts[1] if parts[0] == "rooms" and len(parts) > 2 else None


def include_level(tree):
    for path in tree.matching("src/*"):
        if not path.endswith(CPP) or is_test(path):
            continue
        folder = path.split("/")[1]
        if folder not in LEVELS:
            yield path, 1, f"src/{folder}: has no level yet; give it one in tools/tidy/tidy.py"
            continue
        for number, include in tree.includes(path):
            if include.startswith("danggol/"):
                if include not in LOWEST_HEADERS and LEVELS[folder] < ENGINE_HEADERS_FROM:
                    yield path, number, f"{folder} is below the engine and does not include {include}"
                continue
            other = folder_of(include)
            if other is None or other == folder:
                continue
            if LEVELS[other] >= LEVELS[folder]:
                yield path, number, (
                    f"{folder} (level {LEVELS[folder]}) does not include {include} " f"(level {LEVELS[other]})"
                )
            elif folder == "rooms" and room_of(path[4:]) and other not in SEEN_BY_ROOMS:
                yield path, number, f"a room does not include {include}; it has its Context"
    for path in tree.matching("include/*"):
        for number, include in tree.includes(path):
            if folder_of(include):
                yield path, number, f"include/danggol is below src/ and does not include {include}"
            elif path[8:] in LOWEST_HEADERS and include.startswith("danggol/") and include not in LOWEST_HEADERS:
                yield path, number, f"{path[8:]} is among the lowest headers and does not include {include}"


def app_sees_only_the_front(tree):
    for path in tree.matching("app/*"):
        if not path.endswith(CPP):
            continue
        for number, include in tree.includes(path):
            if folder_of(include):
                yield path, number, f"app/ sees include/danggol only, not {include}"


def rooms_apart(tree):
    for path in tree.matching("src/rooms/*"):
        room = room_of(path[4:])
        if not path.endswith(CPP) or is_test(path) or path == "src/rooms/registry.cpp":
            continue
        for number, include in tree.includes(path):
            other = room_of(include)
            if other and other != room:
                yield path, number, f"rooms meet through tables only: no {include} here"


def library_in_its_place(tree):
    for path in tree.cpp():
        for number, include in tree.includes(path):
            for name, place, why in ONLY_IN:
                if re.search(name, include, re.IGNORECASE) and not fnmatch.fnmatch(path, place):
                    yield path, number, f"{include}: {why}"


def rooms_see_events_not_raw(tree):
    for path in tree.matching("src/rooms/*"):
        for number, line in enumerate(tree.lines(path), 1):
            if path.endswith(".sql"):
                found = re.search(r"\braw\s*\.\s*\"?\w+", line.split("--")[0], re.IGNORECASE)
            elif path.endswith(CPP) and not is_test(path):
                found = re.search(r"\b(from|join|into|update)\s+raw\s*\.\s*\w+", line, re.IGNORECASE)
            else:
                found = None
            if found:
                yield path, number, f"{found[0]}: a room reads event, customer, product and store, which end at as_of"


def file_name(tree):
    for path in tree.files:
        words = {word for part in pathlib.PurePosixPath(path).parts for word in re.split(r"[_.\-]", part.lower())}
        for word in sorted(words & NAMES_THAT_SAY_NOTHING):
            yield path, 1, f"a file named {word} says nothing of what is in it"


def pragma_once(tree):
    for path in tree.files:
        if not path.endswith(".h"):
            continue
        code = [line for line in tree.lines(path) if line.strip() and not line.lstrip().startswith("//")]
        if not code or code[0].strip() != "#pragma once":
            yield path, 1, "a header begins with #pragma once, after what it promises"


def line_length(tree):
    for path in tree.texts():
        if not path.endswith(CODE) and pathlib.PurePosixPath(path).name not in CODE_NAMES:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            most = LINE_LENGTH_PYTHON if path.endswith(".py") else LINE_LENGTH
            if len(line) > most:
                yield path, number, f"{len(line)} characters: at most {most}"


def tab(tree):
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            if "\t" in line:
                yield path, number, "a tab; use spaces, or \\t in a text"


def finished(tree):
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            if found := UNFINISHED.search(line):
                yield path, number, f"{found[0]}: do it, or file an issue"


def no_machine(tree):
    own = socket.gethostname().split(".")[0]
    own = own if len(own) >= 6 and re.search(r"[\d-]", own) else None  # a plain word may stand in any text
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            if found := MACHINE_PATH.search(line) or PRIVATE_HOST.search(line):
                yield path, number, f"{found[0]}: a path or host of one machine"
            elif own and re.search(rf"\b{re.escape(own)}\b", line):
                yield path, number, f"{own}: the name of this machine"


def room_sources(tree):
    for path in tree.matching("src/rooms/*"):
        if room_of(path[4:]) and path.endswith(CPP) and not is_test(path):
            yield path


def room_function_length(tree):
    for path in room_sources(tree):
        start = None
        for number, line in enumerate(tree.lines(path), 1):
            if re.match(r"[A-Za-z]", line) and line.endswith("{"):
                start = number
            elif line == "}" and start:
                if number - start + 1 > ROOM_FUNCTION_LINES:
                    yield path, start, f"{number - start + 1} lines: at most {ROOM_FUNCTION_LINES} in a room's function"
                start = None


def words_in_files(tree):
    for path in room_sources(tree):
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"[가-힣]", line):
                yield path, number, "words for people stand in words.toml"


def room_files(tree):
    rooms = {room for path in tree.files if path.startswith("src/") and (room := room_of(path[4:]))}
    for room in sorted(rooms):
        for name in ("README.md", "words.toml", f"{room}.h", f"{room}.cpp", f"{room}.test"):
            if f"src/rooms/{room}/{name}" not in tree.files:
                yield f"src/rooms/{room}/{name}", 1, "missing; every room has it"


def built(tree):
    """Every .cpp is named in a CMakeLists.txt, by a pattern of one, or through room(NAME)."""
    named, patterns = set(), []
    for path in tree.matching("CMakeLists.txt", "*/CMakeLists.txt"):
        folder = pathlib.PurePosixPath(path).parent
        text = re.sub(r"#.*", "", tree.text(path))
        for room in re.findall(r"^\s*room\((\w+)\)", text, re.MULTILINE):
            named.update(file for file in tree.matching(f"src/rooms/{room}/*.cpp") if not is_test(file))
        for word in re.findall(r"[^\s()\"]+\.cpp", text):
            if "${name}" in word:
                continue  # inside the function room()
            at_root = word.startswith("${PROJECT_SOURCE_DIR}/")
            word = re.sub(r"^\$\{(PROJECT_SOURCE_DIR|CMAKE_CURRENT_SOURCE_DIR)\}/", "", word)
            word = word if at_root or folder == pathlib.PurePosixPath(".") else f"{folder}/{word}"
            if "*" in word:
                patterns.append(word)
            else:
                named.add(word)
    for path in tree.files:
        if path.endswith(".cpp") and path not in named and not any(fnmatch.fnmatch(path, p) for p in patterns):
            yield path, 1, "no CMakeLists.txt names it: it is not built"


def secret(tree):
    for path in tree.texts():
        for number, line in enumerate(tree.lines(path), 1):
            if SECRET.search(line):
                yield path, number, "looks like a secret; keep it out of the files"


RULES = [
    include_level,
    app_sees_only_the_front,
    rooms_apart,
    library_in_its_place,
    rooms_see_events_not_raw,
    file_name,
    pragma_once,
    line_length,
    tab,
    finished,
    no_machine,
    room_function_length,
    words_in_files,
    room_files,
    built,
    secret,
]


def violations(root):
    tree = Tree(root)
    return [(rule.__name__, path, line, message) for rule in RULES for path, line, message in rule(tree)]


# A house in order; every case below breaks one rule of it.
GOOD = {
    "CMakeLists.txt": "add_subdirectory(src)\n",
    "src/CMakeLists.txt": "folder(base SOURCES base/day.cpp)\nfolder(store SOURCES store/database.cpp)\n"
    "folder(learn SOURCES learn/gbdt_lightgbm.cpp)\nroom(rfm)\nroom(churn)\n"
    "folder(rooms SOURCES rooms/registry.cpp)\nfolder(engine SOURCES engine/engine.cpp)\n",
    "app/CMakeLists.txt": "add_executable(danggol cli/main.cpp)\n",
    "tests/CMakeLists.txt": "file(GLOB tests ${PROJECT_SOURCE_DIR}/src/rooms/*/*_test.cpp)\n",
    "include/danggol/result.h": "// A value or an error.\n#pragma once\n",
    "include/danggol/engine.h": "#pragma once\n#include \"danggol/result.h\"\n",
    "src/base/day.h": "#pragma once\n",
    "src/base/day.cpp": "#include \"base/day.h\"\n#include \"danggol/result.h\"\n",
    "src/store/database.h": "#pragma once\n#include \"base/day.h\"\n",
    "src/store/database.cpp": "#include \"store/database.h\"\n#include <duckdb.h>\n",
    "src/learn/gbdt_lightgbm.cpp": "#include \"learn/lightgbm_c.h\"\n",
    "src/learn/lightgbm_c.h": "#pragma once\n",
    "src/contract/room.h": "#pragma once\n",
    "src/rooms/registry.cpp": "#include \"rooms/rfm/rfm.h\"\n#include \"rooms/churn/churn.h\"\n",
    "src/engine/engine.cpp": "#include \"rooms/registry.h\"\n#include \"danggol/engine.h\"\n",
    "app/cli/main.cpp": "#include \"danggol/engine.h\"\n",
    "README.md": "danggol | 단골\n",
    **{
        f"src/rooms/{room}/{room}.{suffix}": content
        for room in ("rfm", "churn")
        for suffix, content in {
            "h": "#pragma once\n#include \"contract/room.h\"\n",
            "cpp": f"#include \"rooms/{room}/{room}.h\"\ninfo.reads = {{\"raw.event\"}};\n",
            "sql": "-- raw.event before as_of\nSELECT * FROM event;\n",
            "test": "run danggol list\n",
        }.items()
    },
    "src/rooms/rfm/README.md": "RFM\n",
    "src/rooms/rfm/words.toml": "[analysis.rfm]\n",
    "src/rooms/churn/words.toml": "[analysis.churn]\n",
    "src/rooms/churn/README.md": "Churn\n",
    "src/rooms/churn/churn_test.cpp": "#include \"rooms/rfm/rfm.h\"\n#include \"engine/run.h\"\n",
}
GONE = None
BAD = [
    ("include_level", {"src/base/day.cpp": "#include \"store/database.h\"\n"}),
    ("include_level", {"src/learn/gbdt_lightgbm.cpp": "#include \"contract/room.h\"\n"}),
    ("include_level", {"src/contract/room.h": "#pragma once\n#include \"learn/isotonic.h\"\n"}),
    ("include_level", {"src/store/database.h": "#pragma once\n#include <engine/run.h>\n"}),
    ("include_level", {"src/store/database.h": "#pragma once\n#include \"danggol/engine.h\"\n"}),
    ("include_level", {"src/rooms/rfm/rfm.h": "#pragma once\n#include \"store/database.h\"\n"}),
    ("include_level", {"src/rooms/rfm/rfm.h": "#pragma once\n#include \"features/frame.h\"\n"}),
    ("include_level", {"src/rooms/rfm/rfm.h": "#pragma once\n#include \"danggol/engine.h\"\n"}),
    ("include_level", {"include/danggol/result.h": "#pragma once\n#include \"danggol/engine.h\"\n"}),
    ("include_level", {"include/danggol/result.h": "#pragma once\n#include \"base/day.h\"\n"}),
    ("include_level", {"src/cellar/wine.h": "#pragma once\n"}),
    ("app_sees_only_the_front", {"app/cli/main.cpp": "#include \"store/database.h\"\n"}),
    ("rooms_apart", {"src/rooms/churn/churn.cpp": "#include \"rooms/rfm/rfm.h\"\n"}),
    ("rooms_apart", {"src/rooms/registry.h": "#pragma once\n#include \"rooms/rfm/rfm.h\"\n"}),
    ("library_in_its_place", {"src/engine/engine.cpp": "#include <duckdb.h>\n"}),
    ("library_in_its_place", {"src/rooms/rfm/rfm.cpp": "#include <LightGBM/c_api.h>\n"}),
    ("library_in_its_place", {"src/learn/gbdt_lightgbm.cpp": "#include <Eigen/Core>\n"}),
    ("library_in_its_place", {"src/store/database.cpp": "#include <sodium/utils.h>\n"}),
    ("library_in_its_place", {"app/cli/main.cpp": "#include <httplib.h>\n"}),
    ("rooms_see_events_not_raw", {"src/rooms/rfm/rfm.sql": "SELECT * FROM raw.event;\n"}),
    ("rooms_see_events_not_raw", {"src/rooms/rfm/rfm.cpp": "context.query(\"SELECT 1 FROM raw.customer\");\n"}),
    ("file_name", {"docs/common_words.md": "words\n"}),
    ("file_name", {"src/base/util.h": "#pragma once\n"}),
    ("pragma_once", {"src/base/day.h": "#ifndef DAY_H\n#define DAY_H\n#endif\n"}),
    ("pragma_once", {"src/base/day.h": "#include <vector>\n#pragma once\n"}),
    ("line_length", {"src/base/day.h": "#pragma once\n// " + "가" * 118 + "\n"}),
    ("tab", {"src/base/day.h": "#pragma once\n\tint x;\n"}),
    ("finished", {"README.md": "TO" + "DO: write this\n"}),
    ("finished", {"src/base/day.cpp": "// XX" + "X wrong\n"}),
    ("no_machine", {"README.md": "see /ho" + "me/kim/danggol\n"}),
    ("no_machine", {"README.md": "see http://build7.inter" + "nal/\n"}),
    ("no_machine", {"README.md": "ask 192.1" + "68.0.7\n"}),
    ("room_function_length", {"src/rooms/rfm/rfm.cpp": "int f() {\n" + "  g();\n" * 59 + "}\n"}),
    ("words_in_files", {"src/rooms/rfm/rfm.cpp": 'summary.say("고객");\n'}),
    ("room_files", {"src/rooms/rfm/words.toml": GONE}),
    ("room_files", {"src/rooms/rfm/README.md": GONE}),
    ("room_files", {"src/rooms/rfm/rfm.test": GONE}),
    ("built", {"src/base/clock.cpp": "\n"}),
    ("built", {"src/rooms/rfm/rfm_bench.cpp": "\n"}),
    ("built", {"app/CMakeLists.txt": "# add_executable(danggol cli/main.cpp)\n"}),
    ("secret", {"README.md": "AKI" + "A0123456789ABCDEF\n"}),
    ("secret", {"dev": "pass" + "word = 'correct-horse'\n"}),
    ("secret", {"README.md": "-----BEGIN RSA PRIV" + "ATE KEY-----\n"}),
]


def broken_rules(files):
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            if content is not GONE:
                target = pathlib.Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content, encoding="utf-8")
        return violations(folder)


def self_test():
    failures = [f"a house in order is not: {found}" for found in broken_rules(GOOD)]
    for rule, change in BAD:
        found = {name for name, *_ in broken_rules({**GOOD, **change})}
        if found != {rule}:
            failures.append(f"{rule}: {change} breaks {sorted(found) or 'nothing'}")
    untested = {rule.__name__ for rule in RULES} - {rule for rule, _ in BAD}
    failures += [f"{rule}: no case shows that it can fail" for rule in sorted(untested)]
    for failure in failures:
        print(failure)
    print(f"{len(BAD) + 1 - len(failures)} of {len(BAD) + 1} cases as they should be")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    found = violations(root)
    for rule, path, line, message in found:
        print(f"{path}:{line}: {message} [{rule}]")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
