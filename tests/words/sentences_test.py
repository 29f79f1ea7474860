#!/usr/bin/env python3
"""Every sentence of every room is chosen by its figures: in the golden tests some data make the room say it, and
other data change or silence it.

    sentences_test.py SOURCE_DIR
"""

import pathlib
import re
import sys
import tomllib

USE = re.compile(r"\{(\w+)(?::[^{}|]*)?(?:\|([^{}|]*)(?:\|([^{}|]*))?)?\}")
RUN = re.compile(r"^([a-z_.]+)  \(run \d+, \{seconds\} s\)$")


def pattern(text):
    """what a sentence's English words match"""
    out, at = "", 0
    for use in USE.finditer(text):
        out += re.escape(text[at : use.start()])
        first, second = use.group(2), use.group(3)
        out += "(?:" + re.escape(first) + "|" + re.escape(second) + ")" if second is not None else "(.+?)"
        at = use.end()
    return re.compile(out + re.escape(text[at:]))


def runs_of(files):
    """(analysis, what it said) of every run that the golden tests show"""
    for file in files:
        analysis, said = None, []
        for line in file.read_text(encoding="utf-8").split("\n"):
            if found := RUN.match(line):
                if analysis:
                    yield analysis, said
                analysis, said = found[1], []
            elif analysis and line.startswith("  "):
                said.append(line.strip().removeprefix("! "))
            elif analysis:
                yield analysis, said
                analysis, said = None, []


def main():
    source = pathlib.Path(sys.argv[1])
    goldens = sorted([*source.glob("src/**/*.test"), *source.glob("tests/golden/*.test")])
    runs = list(runs_of(goldens))
    everything = "\n".join(file.read_text(encoding="utf-8") for file in goldens)
    for file in source.glob("src/rooms/*/*_test.cpp"):  # and in tests of what is too long for a golden
        everything += re.sub(r'"\s*"', "", file.read_text(encoding="utf-8"))
    problems, count = [], 0
    for file in sorted(source.glob("src/rooms/*/words.toml")):
        words = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, sentence in words.get("sentence", {}).items():
            count += 1
            words_of = pattern(sentence["en"])
            texts = {text for _, said in runs for text in said if words_of.fullmatch(text)}
            writers = {analysis for analysis, said in runs if any(words_of.fullmatch(text) for text in said)}
            silent = sum(
                analysis in writers and not any(words_of.fullmatch(text) for text in said) for analysis, said in runs
            )
            elsewhere = not texts and words_of.search(everything)
            if not texts and not elsewhere:
                problems.append(f"{file.parent.name}.{name}: no golden test makes the room say it")
            elif texts and silent == 0 and len(texts) < 2:
                problems.append(f"{file.parent.name}.{name}: no golden test changes or silences it")
    for problem in problems:
        print("FAIL", problem)
    print(f"{count - len(problems)} of {count} sentences are chosen by their figures")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
