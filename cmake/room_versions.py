#!/usr/bin/env python3
"""The version of every room: a hash of the files its results come from.

    room_versions.py SRC_DIR OUT_HEADER SEED

Those are the room's own .cpp, .h and .sql files, whatever they include of learn, contract and base (of a header the .cpp
files of the same name, and of what those include), what makes every room's features, and SEED (versions of libraries).
A header that would stay the same is not written.
"""

import hashlib
import pathlib
import re
import sys

INCLUDE = re.compile(r'^#include "([\w./]+)"', re.MULTILINE)
NAME = re.compile(r'AnalysisInfo info = \{\s*\.name = "([\w.]+)"')
FEATURES = ["engine/run.cpp", "engine/time_frame.cpp"]


def own_files(folder):
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in (".cpp", ".h", ".sql") and not re.search(r"_(test|bench)\.cpp$", path.name)
    )


def includes(source, path, known={}):
    """the files of src that stand behind the includes of one"""
    if path not in known:
        found = []
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")) if path.suffix != ".sql" else []:
            header = source / name.removesuffix(".h") if name.endswith(".sql.h") else source / name
            if not name.startswith(("engine/", "store/", "report/")) and header.is_file():
                stem = header.name.removesuffix(header.suffix)
                found.append(header)
                found += [c for c in header.parent.glob(f"{stem}*.cpp") if not re.search(r"_(test|bench)\.cpp$", c.name)]
        known[path] = found
    return known[path]


def closure(source, paths):
    done, waiting = set(), list(paths)
    while waiting:
        path = waiting.pop()
        if path not in done:
            done.add(path)
            waiting += includes(source, path)
    return done


def version(source, seed, paths):
    hashed = hashlib.sha256(seed.encode())
    for path in sorted(paths):
        hashed.update(f"{path.relative_to(source)}\n".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]


def main():
    source, out, seed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    common = own_files(source / "features") + [source / name for name in FEATURES]
    versions, everything = {}, set()
    for folder in sorted(path for path in (source / "rooms").iterdir() if path.is_dir()):
        files = closure(source, own_files(folder) + common)
        everything |= files
        for path in own_files(folder):
            for name in NAME.findall(path.read_text(encoding="utf-8")):
                versions[name] = version(source, seed, files)
    lines = "".join(f'    {{"{name}", "{value}"}},\n' for name, value in sorted(versions.items()))
    text = (
        "// Made by the build (cmake/room_versions.py).\n#pragma once\n#include <string_view>\n#include <utility>\n"
        "namespace danggol::engine {\n"
        f"inline constexpr std::pair<std::string_view, std::string_view> room_versions[] = {{\n{lines}}};\n"
        f'inline constexpr std::string_view all_rooms_version = "{version(source, seed, everything)}";\n'
        "}  // namespace danggol::engine\n"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists() or out.read_text(encoding="utf-8") != text:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
