#!/usr/bin/env python3
"""How languages write figures, as C++: languages.py LANGUAGES_TOML OUT_HEADER."""

import pathlib
import sys
import tomllib

from words import quoted

FORMS = {"percent": 1, "points": 1, "range": 2, "bounds": 2, "period": 2}


def row(rule):
    for form, holes in FORMS.items():
        if rule[form].count("{}") != holes:
            sys.exit(f"{sys.argv[1]}: {rule['code']}: {form}: must have {{}} {holes} times")
    if len(rule["months"]) != 12 or any(rule["month"].count(part) != 1 for part in ("{month}", "{year}")):
        sys.exit(f"{sys.argv[1]}: {rule['code']}: must have 12 months, and month {{month}} and {{year}}")
    months = ", ".join(map(quoted, rule["months"]))
    large = "".join(f'{{{int(unit["from"])}, {quoted(unit["word"])}}}, ' for unit in rule["large"])
    forms = ", ".join(quoted(rule[form]) for form in FORMS)
    return f"    {{{quoted(rule['code'])}, {quoted(rule['name'])}, {forms}, {quoted(rule['month'])}, {{{months}}}, {{{large}}}}},\n"


def main():
    languages = tomllib.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["language"]
    most = max(1, max(len(rule["large"]) for rule in languages))
    rows = "".join(row(rule) for rule in languages)
    forms = ", ".join(FORMS)
    path = pathlib.Path(sys.argv[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "// Made by the build from contract/languages.toml (cmake/languages.py).\n#pragma once\n"
        "#include <cstddef>\n#include <cstdint>\n#include <string_view>\nnamespace danggol {\n"
        "struct LargeUnit {\n  int64_t from = 0;\n  std::string_view word = {};\n};\n"
        f"struct LanguageRules {{\n  std::string_view code, name, {forms}, month, months[12];\n  LargeUnit large[{most}];\n}};\n"
        f"inline constexpr LanguageRules language_rules[] = {{\n{rows}}};\n"
        f"inline constexpr size_t language_count = {len(languages)};\n"
        "}  // namespace danggol\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
