#!/usr/bin/env python3
"""The room that CONTRIBUTING.md adds, made from what stands there, and copies of it.

    example_rooms.py SOURCE_DIR OUT_DIR COPIES

Takes the files of the page's example and registers them as the page says: OUT_DIR/rooms/NAME/*, OUT_DIR/CMakeLists.txt
with the page's line, OUT_DIR/rooms/registry.cpp, which is src/rooms/registry.cpp with the page's include and name. The
first copy is the page's to the letter, the others are called NAME_2, NAME_3 ... A file that would stay the same is not
written.
"""

import pathlib
import re
import shutil
import sys

FILE = re.compile(r"^`src/(rooms/(\w+)/[\w.]+)`\n```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINES = re.compile(r"^(room\(\w+\)) .*\n(#include \S+) .*\n\.\.\. .*?(\w+\(\)), (\w+\(\)), \.\.\.$", re.MULTILINE)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def after(text, place, added):
    """`text` with a line or a name added after the first that is `place`"""
    if text.count(place) == 0:
        sys.exit(f"example_rooms: {place}: not in the registry, after which the page adds {added.strip()}")
    return text.replace(place, place + added, 1)


def main():
    source, out, copies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    page = (source / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files, lines = FILE.findall(page), LINES.search(page)
    names = {name for _, name, _ in files}
    if len(names) != 1 or len(files) != 4 or not lines:
        sys.exit(f"example_rooms: CONTRIBUTING.md: must show one room's four files and its registration: {files}")
    (name,) = names
    for old in (out / "rooms").glob(f"{name}*/"):
        if old.name not in [name, *(f"{name}_{number}" for number in range(2, copies + 1))]:
            shutil.rmtree(old)
    room, include, neighbour, call = lines.groups()
    registry = (source / "src/rooms/registry.cpp").read_text(encoding="utf-8")
    cmake = ""
    for number in range(copies, 0, -1):

        def renamed(text, number=number):
            return text if number == 1 else re.sub(rf"\b{name}\b", f"{name}_{number}", text)

        for path, _, text in files:
            write(out / renamed(path), renamed(text))
        cmake += renamed(room) + "\n"
        registry = after(registry, '#include "rooms/registry.h"\n', "\n" + renamed(include))
        registry = after(registry, neighbour, ", " + renamed(call))
    write(out / "CMakeLists.txt", cmake)
    write(out / "rooms/registry.cpp", registry)


main()
