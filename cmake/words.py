#!/usr/bin/env python3
"""Words of a folder as C++: words.toml -> words.h.

    words.py WORDS_TOML LANGUAGES_TOML OUT_HEADER NAMESPACE SCOPE

Every entry that holds a text in each language of LANGUAGES_TOML becomes a word, known by its place in the file
("table.rfm.title"). Every [sentence.ID] becomes a function ID() whose one argument is a struct of what the sentence
names, by the types of contract/words.h. What does not hold together ends the build: a language that is missing, an
argument that a language does not use or that is not declared, a type or a form that is not known, a sentence without
a date or a period (part = true: a part of a cell or of a sentence, which its neighbours date).
"""

import pathlib
import re
import sys
import tomllib

TYPES = {
    "count": "Count", "share": "Share", "points": "Points", "change": "Change", "number": "Number", "amount": "Amount",
    "gain": "Gain", "date": "Date", "period": "Period", "name": "Name", "word": "Word", "text": "Text",
}  # fmt: skip
WITH_DEFAULT = ("date", "period", "name", "word", "text")  # which a struct's field would have if it were left out
DATED = {"date", "period"}
USE = re.compile(r"\{(\w+)(?::(?:\.(\d)|([^{}|.][^{}|]*)))?(?:\|([^{}|]*)(?:\|([^{}|]*))?)?\}")
NAME = re.compile(r"[a-z][a-z0-9_]*")


class Wrong(Exception):
    pass


def check(where, text, arguments):
    """the arguments that a text uses"""
    used = set()
    for use in USE.finditer(text):
        name, digits, unit, first, second = use.groups()
        if name not in arguments:
            raise Wrong(f"{where}: {{{name}}} is no argument")
        kind = arguments[name]
        if digits is not None and kind in ("count", "date", "period", "name", "word"):
            raise Wrong(f"{where}: {{{name}}}: a {kind} has no decimals")
        if unit is not None and kind != "count":
            raise Wrong(f"{where}: {{{name}:{unit}}}: only a count takes a unit")
        if first is not None and second is None and "/" not in first:
            raise Wrong(f"{where}: {{{name}|{first}}}: must be one|many or a particle such as 은/는")
        if second is not None and kind != "count":
            raise Wrong(f"{where}: {{{name}|{first}|{second}}}: must be a count")
        used.add(name)
    rest = USE.sub("", text)
    if "{" in rest or "}" in rest:
        raise Wrong(f"{where}: a brace that opens or closes nothing")
    if "\n" in text or text != text.strip():
        raise Wrong(f"{where}: must be one line without blanks at its ends")
    return used


def words_of(table, languages, path=()):
    """(key, [text by language]) of all entries that hold texts"""
    if any(isinstance(value, str) for value in table.values()):
        missing = [code for code in languages if code not in table]
        strange = [name for name in table if name not in languages and name not in ("arguments", "part")]
        if missing or strange:
            raise Wrong(f"{'.'.join(path)}: must have {', '.join(languages)}, has {', '.join(table)}")
        yield ".".join(path), [table[code] for code in languages]
        return
    for name, value in table.items():
        if not isinstance(value, dict):
            raise Wrong(f"{'.'.join((*path, name))}: must be a table of languages")
        yield from words_of(value, languages, (*path, name))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def function(name, arguments):
    fields, values = "", []
    for argument, kind in arguments.items():
        needed = kind in WITH_DEFAULT
        fields += f"  {f'Needed<{TYPES[kind]}>' if needed else TYPES[kind]} {argument};\n"
        values.append(f'{{"{argument}", of.{argument}{".value" if needed else ""}}}')
    if not arguments:
        return f'inline Sentence {name}() {{ return {{std::string(scope), "{name}", {{}}}}; }}\n'
    listed = ", ".join(values)
    struct = "".join(part.capitalize() for part in name.split("_"))
    return (
        f"struct {struct} {{\n{fields}}};\n"
        f'inline Sentence {name}(const {struct}& of) {{ return {{std::string(scope), "{name}", {{{listed}}}}}; }}\n'
    )


def main():
    source, rules, out, space, scope = sys.argv[1:]
    languages = [rule["code"] for rule in tomllib.loads(pathlib.Path(rules).read_text(encoding="utf-8"))["language"]]
    table = tomllib.loads(pathlib.Path(source).read_text(encoding="utf-8"))
    entries, functions = sorted(words_of(table, languages)), ""
    for key, texts in entries:
        sentence = key.removeprefix("sentence.") if key.startswith("sentence.") else None
        arguments = table["sentence"][sentence].get("arguments", {}) if sentence else {}
        for argument, kind in arguments.items():
            if kind not in TYPES or not NAME.fullmatch(argument):
                raise Wrong(f"{key}: {argument} = {kind!r}: must be a name and one of {', '.join(TYPES)}")
        for code, text in zip(languages, texts):
            unused = set(arguments) - check(f"{key}.{code}", text, arguments)
            if unused:
                raise Wrong(f"{key}.{code}: does not use {', '.join(sorted(unused))}")
        if sentence:
            if not NAME.fullmatch(sentence):
                raise Wrong(f"{key}: must be a name")
            is_part = table["sentence"][sentence].get("part") is True
            if not is_part and not DATED & set(arguments.values()):
                raise Wrong(f"{key}: must name its date or its period")
            functions += function(sentence, arguments)
    rows = "".join(f"    {{{quoted(key)}, {{{', '.join(map(quoted, texts))}}}}},\n" for key, texts in entries)
    text = (
        f"// Made by the build from {scope}'s words.toml (cmake/words.py).\n#pragma once\n"
        '#include "contract/words.h"\n'
        f"namespace {space} {{\n"
        f'inline constexpr std::string_view scope = "{scope}";\n'
        f"inline constexpr WordEntry entries[] = {{\n{rows}}};\n"
        f"inline constexpr Words all{{scope, entries}};\n"
        f"{functions}}}  // namespace {space}\n"
    )
    path = pathlib.Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (Wrong, tomllib.TOMLDecodeError) as problem:
        sys.exit(f"{sys.argv[1]}: {problem}")
