#!/usr/bin/env python3
"""What a words.toml must not be ends the build, and says why; a sentence with an argument left out does not compile.

    words_test.py SOURCE_DIR COMPILER
"""

import pathlib
import subprocess
import sys
import tempfile

GOOD = """
[label]
top = { en = "top", ko = "최우수" }
[sentence.left]
arguments = { at = "date", share = "share", n = "count", who = "name" }
en = "On {at}, {share:.0} of {n} {n|customer|customers}: {who}"
ko = "{at} {who|은/는} {n:명} 가운데 {share}, {who}"
"""
BAD = {
    "a language is missing": (GOOD.replace(', ko = "최우수"', ""), "must have en, ko"),
    "a language nobody speaks": (GOOD.replace('ko = "최우수"', 'ko = "최우수", xx = "top"'), "must have en, ko"),
    "an argument that is not declared": (GOOD.replace("{who}\"\nko", "{why}\"\nko"), "{why} is no argument"),
    "an argument that one language does not use": (GOOD.replace("{share}, {who}", "{who}"), "ko: does not use share"),
    "a type that is not known": (GOOD.replace('n = "count"', 'n = "number of"'), "one of count"),
    "decimals of a count": (GOOD.replace("{n} ", "{n:.1} "), "a count has no decimals"),
    "a unit of a share": (GOOD.replace("{share:.0}", "{share:percent}"), "only a count takes a unit"),
    "one and many of a share": (GOOD.replace("{n|customer|customers}", "{share|one|many}{n}"), "must be a count"),
    "half a particle": (GOOD.replace("{who|은/는}", "{who|은}"), "must be one|many or a particle"),
    "a brace that is not closed": (GOOD.replace("{who}\"\nko", "{who\"\nko"), "a brace"),
    "two lines": (GOOD.replace('"{at} ', '"\\n{at} '), "one line"),
    "a sentence without a date": (GOOD.replace('at = "date"', 'at = "name"'), "must name its date or its period"),
    "no TOML": ("[sentence", "Expected"),
    "a text alone": ('[label]\ntop = "top"\n', "must have en, ko"),
}


def made(source, folder, text):
    toml = pathlib.Path(folder, "words.toml")
    toml.write_text(text, encoding="utf-8")
    out = pathlib.Path(folder, "words.h")
    out.unlink(missing_ok=True)
    arguments = [toml, pathlib.Path(source, "src/contract/languages.toml"), out, "danggol::rooms::test_words", "test"]
    done = subprocess.run(
        [sys.executable, "-B", pathlib.Path(source, "cmake/words.py"), *arguments], capture_output=True, text=True
    )
    return done, out.read_text(encoding="utf-8") if out.exists() else ""


ARGUMENTS = {
    "count": "1", "share": "Share(0.5)", "date": "Date{1}", "period": "{Date{1}, Date{2}}", "name": '{"a"}', "word": '{"a"}',
    "text": 'Text({"a", "b"})',
}  # fmt: skip


def compiles(source, folder, given):
    """whether [sentence.all] with these arguments does"""
    code = pathlib.Path(folder, "said.cpp")
    code.write_text(
        '#include "words.h"\nusing namespace danggol;\n'
        f"Sentence said() {{ return rooms::test_words::all_kinds({{{', '.join(given)}}}); }}\n"
    )
    include = [f"-I{path}" for path in (folder, f"{source}/src", f"{source}/include")]
    return subprocess.run([sys.argv[2], "-std=c++20", "-fsyntax-only", *include, code], capture_output=True).returncode == 0


def left_out(source, folder):
    """problems with arguments of every kind"""
    declared = ", ".join(f'a_{kind} = "{kind}"' for kind in ARGUMENTS)
    text = " ".join(f"{{a_{kind}}}" for kind in ARGUMENTS)
    made(source, folder, f'[sentence.all_kinds]\narguments = {{ {declared} }}\nen = "{text}"\nko = "{text}"\n')
    rules = pathlib.Path(source, "src/contract/languages.toml")
    languages = pathlib.Path(source, "cmake/languages.py")
    subprocess.run([sys.executable, "-B", languages, rules, f"{folder}/contract/languages.h"], check=True)
    given = {kind: f".a_{kind} = {value}" for kind, value in ARGUMENTS.items()}
    if not compiles(source, folder, given.values()):
        yield "all arguments: does not compile"
    for kind in ARGUMENTS:
        if compiles(source, folder, [text for other, text in given.items() if other != kind]):
            yield f"a {kind} left out compiles"


def main():
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        done, header = made(sys.argv[1], folder, GOOD)
        for expected in ("struct Left {", "Share share;", "inline Sentence left(const Left& of)", '"label.top"'):
            if done.returncode != 0 or expected not in header:
                problems.append(f"a good file: no {expected!r}: {done.stderr}")
        for what, (text, why) in BAD.items():
            done, header = made(sys.argv[1], folder, text)
            if done.returncode == 0 or header or why not in done.stderr or "Traceback" in done.stderr:
                problems.append(f"{what}: status {done.returncode}, {done.stderr.strip()!r}: must say {why!r}")
        problems += left_out(sys.argv[1], folder)
    for problem in problems:
        print("FAIL", problem)
    print(f"{len(BAD) + len(ARGUMENTS) + 2 - len(problems)} of {len(BAD) + len(ARGUMENTS) + 2} held")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
