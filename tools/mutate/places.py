"""Where one token of a C++ or SQL text can be changed, and the text in which the change is made at run time."""

import re
from collections import namedtuple

# What is changed where: `edits` are (start, end, text with {n} for the mutant's number) of the file, in which an edit of
# equal start and end only adds. `wraps` says that it may hold other changes inside.
Place = namedtuple("Place", "kind start line before after edits")

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)|(?P<raw>R"\((?:.*?)\)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<char>\'(?:\\.|[^\'\\])+\')'
    r"|(?P<number>(?:0x[0-9a-fA-F.]+p[-+]?\d+|\d[\d']*(?:\.\d*)?(?:e[-+]?\d+)?)[uUlLfF]*\b|\.\d+)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<op><=>|->\*|<<=|>>=|[-+*/%&|^=!<>]=|&&|\|\||::|->|\+\+|--|<<|>>|[^\s\w])",
    re.MULTILINE | re.DOTALL,
)
# What only declares: ranges, labels and charts are held by the contract suite and compute nothing.
DECLARATION = re.compile(
    r"^(?:Room|std::vector<Room>|Columns|Chart|ParamTable<[^\n]*?>) \w+\([^;{]*\{.*?^\}",
    re.MULTILINE | re.DOTALL,
)
# Calls whose arguments are for people, or for our own bugs.
SILENT_CALLS = ("progress", "DANGGOL_ASSERT", "static_assert", "reserve")

MUTANT = "::danggol::mutant::"
RELATIONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal_to", "!=": "not_equal_to"}
SUMS = {"+": "plus", "-": "minus", "*": "multiplies", "/": "divides"}
OTHERS = {
    **{"<": ["<=", ">"], "<=": ["<", ">"], ">": [">=", "<"], ">=": [">", "<"], "==": ["!="], "!=": ["=="]},
    **{"+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"]},
}
CALLS = {
    "min": "max", "max": "min", "floor": "ceil", "ceil": "floor", "lower_bound": "upper_bound", "upper_bound": "lower_bound",
    "any_of": "all_of", "all_of": "any_of", "none_of": "any_of", "min_element": "max_element", "max_element": "min_element",
}  # fmt: skip
# Windows and actions: (qualifier, names), each name for the next.
NAMES = [
    (r"\btime\.", ["from", "split", "until", "as_of"]),
    (r"\bAction::", ["purchase", "partner_use", "pay", "cancel"]),
    (r"\bOrigin::", ["earlier", "train", "backtest_train", "backtest_test"]),
]
BOUND = re.compile(r"(?<![\w.>\])])((?:\*?[A-Za-z_]\w*)(?:(?:\.|->)\w+|\[\w+\])*?(?:\.|->))(lo|hi)\b(?!\s*(?:[=(]|\+=|-=)[^=])")


class Tokens:
    def __init__(self, text):
        self.text = text
        self.all = [(m.lastgroup, m.start(), m.end()) for m in TOKEN.finditer(text)]
        self.all = [token for token in self.all if token[0] not in ("comment", "directive")]
        self.partner = {}
        open_ = []
        for i, (_, start, end) in enumerate(self.all):
            word = text[start:end]
            if word in ("(", "[", "{"):
                open_.append(i)
            elif word in (")", "]", "}") and open_:
                self.partner[i] = open_.pop()
                self.partner[self.partner[i]] = i
        self.around = []  # of every token the innermost bracket it is in
        open_ = []
        for i in range(len(self.all)):
            if i in self.partner and self.partner[i] < i:
                open_.pop()
            self.around.append(open_[-1] if open_ else None)
            if i in self.partner and self.partner[i] > i:
                open_.append(i)

    def word(self, i):
        return self.text[self.all[i][1] : self.all[i][2]] if 0 <= i < len(self.all) else ""

    def is_spaced(self, i):
        """A binary operator as the formatter writes it."""
        _, start, end = self.all[i]
        return self.text[start - 1].isspace() and self.text[end].isspace()

    def brackets(self, i):
        """The brackets around a token, from the innermost."""
        while (i := self.around[i]) is not None:
            yield i

    def in_silent_call(self, i):
        return any(self.word(b) == "(" and self.word(b - 1) in SILENT_CALLS for b in self.brackets(i))

    def in_loop_condition(self, i):
        """Between the semicolons of a for, where one step more would read what is not there."""
        for b in self.brackets(i):
            if self.word(b - 1) == "for" and self.word(b) == "(":
                semicolons = [k for k in range(b, self.partner[b]) if self.word(k) == ";" and self.around[k] == b]
                return len(semicolons) == 2 and i > semicolons[0]
        return False

    def operand(self, i, step, ends):
        """From the operator at i to the last token of its operand on one side."""
        ends = ends | {",", ";", "?", ":", "=", "+=", "-=", "*=", "/=", "return"}
        k = i + step
        while 0 <= k < len(self.all) and self.word(k) not in ends:
            if k in self.partner:
                if (self.partner[k] - k) * step < 0:
                    break
                k = self.partner[k]
            k += step
        return k - step

    def constant(self, i):
        """The constexpr that begins the declaration token i is in, which a value chosen at run time cannot be."""
        k = i - 1
        while k >= 0 and self.word(k) != ";" and not (self.word(k) == "}" and self.partner.get(k, k) < k < i - 1
                                                      and self.word(k + 1) not in (",", "}", ";")):  # fmt: skip
            if self.word(k) == "constexpr":
                return k
            k -= 1
        return None


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def changed_number(word):
    """Numbers to put in the place of one, as they are written."""
    suffix = re.search(r"[uUlLfF]*$", word)[0] if not word.startswith("0x") else ""
    digits = word[: len(word) - len(suffix)].replace("'", "")
    if word.startswith("0x"):
        return []
    if re.search(r"[.e]", digits):
        value = float(digits)
        return ["1.0"] if value == 0 else [repr(value / 2), repr(value * 2)]
    value = int(digits)
    return [f"{value + 1}{suffix}"] + ([f"{value - 1}{suffix}"] if value > 0 else [])


def cpp_places(text):
    tokens = Tokens(text)
    skipped = [(m.start(), m.end()) for m in DECLARATION.finditer(text)]

    def constant_edits(i):
        """A constexpr becomes const, which is no change yet."""
        k = tokens.constant(i)
        if k is None:
            return []
        is_member = tokens.word(k - 1) == "static"
        edit = (tokens.all[k - 1][1], tokens.all[k][2], "inline static const") if is_member else (*tokens.all[k][1:], "const")
        return [edit]

    def place(kind, i, after, edits):
        start = tokens.all[i][1]
        return Place(kind, start, line_of(text, start), tokens.word(i), after, edits + constant_edits(i))

    i = -1
    while (i := i + 1) < len(tokens.all):
        kind, start, end = tokens.all[i]
        word = tokens.word(i)
        if any(a <= start < b for a, b in skipped) or tokens.in_silent_call(i):
            continue
        if kind == "op" and word in OTHERS and tokens.is_spaced(i):
            if tokens.in_loop_condition(i) or tokens.word(i - 1) == "operator":
                continue
            names = RELATIONS if word in RELATIONS else SUMS
            for other in OTHERS[word]:
                swap = f"{word} {MUTANT}swap<std::{names[word]}<>, std::{names[other]}<>>({{n}}) {word}"
                yield place("relation" if word in RELATIONS else "sum", i, other, [(start, end, swap)])
        elif kind == "op" and word in ("+=", "-="):
            other = "minus" if word == "+=" else "plus"
            yield place("sum", i, "-=" if word == "+=" else "+=",
                        [(start, end, f"{word} {MUTANT}change<std::{other}<>>({{n}}) {word}")])  # fmt: skip
        elif kind == "op" and word == "!":
            yield place("logic", i, "", [(start, end, f"{MUTANT}Not{{{{{{n}}}}}}->*")])
        elif kind == "op" and word in ("&&", "||") and tokens.is_spaced(i):
            ends = {"||"} if word == "&&" else set()
            first, last = tokens.operand(i, -1, ends), tokens.operand(i, 1, ends)
            name = "both" if word == "&&" else "either"
            a, b = tokens.all[first][1], tokens.all[last][2]
            yield place("logic", i, "||" if word == "&&" else "&&", [
                (a, a, f"{MUTANT}{name}({{n}}, [&] {{{{ return static_cast<bool>("),
                (start, end, "); }}, [&] {{ return static_cast<bool>("), (b, b, "); }})")])  # fmt: skip
        elif kind == "number":
            for other in changed_number(word):
                yield place("number", i, other, [(start, end, f"({MUTANT}is({{n}}) ? {other} : {word})")])
        elif kind == "word" and word in ("true", "false"):
            other = "false" if word == "true" else "true"
            yield place("number", i, other, [(start, end, f"({MUTANT}is({{n}}) ? {other} : {word})")])
        elif kind == "word" and word in CALLS and tokens.word(i - 1) == "::" and tokens.word(i - 2) == "std":
            call = re.compile(r"(?:<[\w:]+>)?(?=\()").match(text, end)
            if call:
                args = "(static_cast<decltype(a)>(a)...)"
                same, other = word + call[0], CALLS[word] + call[0]
                choice = f"[](auto&&... a) {{{{ return {MUTANT}is({{n}}) ? std::{other}{args} : std::{same}{args}; }}}}"
                yield place("call", i, CALLS[word], [(tokens.all[i - 2][1], call.end(), choice)])
        elif kind in ("string", "raw"):
            first = i
            while i + 1 < len(tokens.all) and tokens.all[i + 1][0] in ("string", "raw"):
                i += 1
            yield from literal_places(text, tokens, first, i, constant_edits(first))
    for pattern, names in NAMES:
        for k, name in enumerate(names):
            for found in re.finditer(pattern + name + r"\b(?!\s*=[^=])", text):
                other = re.sub(r"\w+$", names[(k + 1) % len(names)], found[0])
                yield from whole(text, tokens, skipped, "name", found.start(), found.end(), found[0], other)
    for found in BOUND.finditer(text):
        other = found[1] + ("hi" if found[2] == "lo" else "lo")
        yield from whole(text, tokens, skipped, "name", found.start(), found.end(), found[0], other)


def whole(text, tokens, skipped, kind, start, end, before, after):
    at = next((i for i, token in enumerate(tokens.all) if token[1] == start), None)
    if at is not None and not any(a <= start < b for a, b in skipped) and not tokens.in_silent_call(at):
        yield Place(kind, start, line_of(text, start), before, after,
                    [(start, end, f"({MUTANT}is({{n}}) ? {after} : {before})")])  # fmt: skip


def literal_places(text, tokens, first, last, more):
    """The SQL in neighbouring string literals."""
    start, end = tokens.all[first][1], tokens.all[last][2]
    literal = text[start:end]
    if not re.search(r"\b(SELECT|INSERT INTO|CREATE OR REPLACE)\b", literal):
        return
    is_format = tokens.word(first - 1) == "(" and tokens.word(first - 2) == "format"
    for place in sql_places(literal):
        changed = literal[: place.start] + place.after + literal[place.start + len(place.before) :]
        yield Place("sql", start + place.start, line_of(text, start + place.start), place.before, place.after,
                    [(start, end, Literal(literal, changed, is_format))] + more)  # fmt: skip


class Literal(namedtuple("Literal", "same changed is_format")):
    """One of several changes of one text: merged() has them all, in as many lines as the text has."""

    def on_one_line(self):
        raw = r'R"\((.*?)\)"'
        text = re.sub(raw, lambda found: found[0].replace("\n", ')" "\\n" R"('), self.changed, flags=re.DOTALL)
        return text.replace("\n", " ")

    def merged(self, changes):
        choice = "".join(f"{MUTANT}is({n}) ? {literal.on_one_line()} : " for n, literal in changes) + self.same
        return f"fmt::runtime({choice})" if self.is_format else f"({choice})"


SQL_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<text>'(?:[^']|'')*')|(?P<number>(?<![\w$.])\d+(?:\.\d+)?\b)|(?P<word>\$?[A-Za-z_]\w*)"
    r"|(?P<op><=|>=|<>|\|\||::|[<>=+*/-])"
)
SQL_WORDS = {
    "AND": "OR", "OR": "AND", "DESC": "ASC", "min": "max", "max": "min", "avg": "sum", "bool_or": "bool_and",
    "bool_and": "bool_or", "arg_max": "arg_min", "arg_min": "arg_max", "greatest": "least", "least": "greatest",
    "$from": "$split", "$split": "$until", "$until": "$as_of", "first": None,
}  # fmt: skip
SQL_OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+", "/": "*", "*": "/"}
SQL_TEXTS = {"'purchase'": "'cancel'", "'partner_use'": "'purchase'", "'pay'": "'purchase'", "'cancel'": "'pay'"}
SQL_PHRASES = [
    (r"count\(DISTINCT \b", "count("), (r"\bIS NOT NULL\b", "IS NULL"), (r"\bLEFT JOIN\b", "JOIN"),
    (r"\bNOT (?=\w+\b)(?!NULL|IN|EXISTS)", ""),
    (r"\bNOT IN\b", "IN"), (r"\bSELECT DISTINCT\b", "SELECT"), (r"\bUNION ALL\b", "UNION"),
]  # fmt: skip


def sql_places(text):
    def place(start, before, after):
        return Place("sql", start, line_of(text, start), before, after, [(start, start + len(before), SqlText(before, after))])

    for found in SQL_TOKEN.finditer(text):
        word, start = found[0], found.start()
        spaced = start > 0 and found.end() < len(text) and text[start - 1].isspace() and text[found.end()].isspace()
        if found.lastgroup == "number":
            for other in changed_number(word):
                yield place(start, word, other)
        elif found.lastgroup == "op" and word in SQL_OPERATORS and spaced:
            if not re.search(r"(?:SELECT|,|\()\s*$", text[:start]):
                yield place(start, word, SQL_OPERATORS[word])
        elif found.lastgroup == "word" and SQL_WORDS.get(word):
            yield place(start, word, SQL_WORDS[word])
        elif found.lastgroup == "text" and word in SQL_TEXTS:
            yield place(start, word, SQL_TEXTS[word])
    without_comments = re.sub(r"--[^\n]*", lambda comment: " " * len(comment[0]), text)
    for pattern, after in SQL_PHRASES:
        for found in re.finditer(pattern, without_comments):
            yield place(found.start(), found[0], after)


class SqlText(namedtuple("SqlText", "before after")):
    """A change in a file of SQL, as mutant.h's resolved() reads it."""

    def format(self, n):
        return f"\x01{n}\x02{self.after}\x02{self.before}\x03"


def apply(text, mutants):
    """The text with the changes of all mutants (number, place) in it."""
    literals, edits = {}, {}
    for n, place in mutants:
        for start, end, change in place.edits:
            if isinstance(change, Literal):
                literals.setdefault((start, end), []).append((n, change))
            elif start == end:
                edits.setdefault((start, end), []).append((place, change.format(n=n)))
            else:
                edits[start, end] = [(place, change.format(n=n))]
    for span, changes in literals.items():
        edits[span] = [(None, changes[0][1].merged(changes))]
    # What is added around something longer comes first before it and last behind it.
    ordered = []
    for (start, end), changes in edits.items():
        for place, change in changes:
            reach = 0
            if start == end:
                others = [edit[0] for edit in place.edits]
                is_opening = start == min(others)
                reach = -max(others) if is_opening else -min(others)
                ordered.append(((start, 1 if is_opening else 0, reach), start, end, change))
            else:
                ordered.append(((start, 2, 0), start, end, change))
    out, at = [], 0
    for _, start, end, change in sorted(ordered, key=lambda edit: edit[0]):
        assert start >= at, "changes that overlap"
        out += [text[at:start], change]
        at = end
    return "".join(out) + text[at:]


def overlaps(place, others):
    """Whether a place changes what one of the others changes, too."""
    for start, end, change in place.edits:
        for other in others:
            for start2, end2, change2 in other.edits:
                if isinstance(change, Literal) and isinstance(change2, Literal) and (start, end) == (start2, end2):
                    continue
                if change == change2 and (start, end) == (start2, end2):
                    continue  # a constexpr
                if (start, end) == (start2, end2) or (start < end2 and start2 < end):
                    return True
    return False
