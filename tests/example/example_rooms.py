#!/usr/bin/env python3
"""The room that CONTRIBUTING.md adds, made from what stands there, and copies of it.

    example_rooms.py SOURCE_DIR OUT_DIR COPIES

Takes the files of the page's example and registers them as the page says: OUT_DIR/rooms/NAME/* and OUT_DIR/CMakeLists.txt
with the page's line. The first copy is the page's to the letter, the others are called NAME_2, NAME_3 ... A file that
would stay the same is not written.
"""

import pathlib
import re
import shutil
import sys

FILE = re.compile(r"^`src/(rooms/(\w+)/[\w.]+)`\n```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"^room\(\w+\)$", re.MULTILINE)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main():
    source, out, copies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    page = (source / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files, line = FILE.findall(page), LINE.search(page)
    names = {name for _, name, _ in files}
    if len(names) != 1 or len(files) != 5 or not line:
        sys.exit(f"example_rooms: CONTRIBUTING.md: must show one room's five files and its line: {files}")
    (name,) = names
    for old in (out / "rooms").glob(f"{name}*/"):
        if old.name not in [name, *(f"{name}_{number}" for number in range(2, copies + 1))]:
            shutil.rmtree(old)
    cmake = ""
    for number in range(copies, 0, -1):

        def renamed(text, number=number):
            return text if number == 1 else re.sub(rf"\b{name}\b", f"{name}_{number}", text)

        for path, _, text in files:
            write(out / renamed(path), renamed(text))
        cmake += renamed(line.group()) + "\n"
    write(out / "CMakeLists.txt", cmake)


main()
