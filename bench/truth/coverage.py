#!/usr/bin/env python3
"""How often the intervals that danggol prints hold the truth, and how often it claims a difference where there is none.

    bench/truth/coverage.py --danggol build/release/bin/danggol [--data DIR] [--draws N] [--rooms ROOM,...]
                            [--populations NAME,...] [--write FILE.md] [--check]

A population is customers whose whole histories are known: of a simulated shop, and of real ones (crowds.py). A draw
takes some of them at random, with replacement, imports what they did and runs the analyses for fixed dates. As draws
are made so, the truth of a figure is the figure of the population, and an interval of 95 % should hold it in 95 % of
the draws. Claims are counted on shops, each simulated anew, in which there is nothing to claim.

With --check a few figures of the populations are computed a second time with pandas, and the exit status is 1 where an
interval or a claim is out of bounds.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

import crowds
from crowds import Crowd
from judge import arguments, run, table

ROOMS = ["rfm", "sales_trend", "order_frequency", "abc", "grade_change", "pay_share", "channel_divergence",
         "campaign.measure"]
# What is run beside the defaults; with the default at most five of a room, for a store keeps no more. Not there is
# how the deck compared leavers, with everybody: that they have fewer rows is not in its test, and README says so.
OPTIONS = [
    ("pay_share", "--period=year"),
    ("channel_divergence", "--period=year"),
    ("channel_divergence", "--h1-grade=top", "--h2-grade=top"),
    ("channel_divergence", "--group=raw.customer:gender=f"),
    ("channel_divergence", "--group=raw.customer:gender=f", "--against=everybody"),
]

# How many customers or receipts are behind a row, where its intervals are approximations; Wilson's are for any number.
CELL = ("CASE WHEN p < 0.02 THEN 0 ELSE (SELECT min(group_customers) FROM history.channel_divergence_total t WHERE "
        "t.run_id = h.run_id) END")
SUPPORT = {
    ("sales_trend", "amount_per_receipt"): "receipts",
    ("sales_trend", "purchases_per_buyer"): "buyers",
    ("sales_trend", "amount_per_buyer"): "buyers",
    ("pay_share_group", "mean"): "customers",
    ("channel_divergence", "difference"): CELL,
    ("pay_share_trend", "difference"): "customers",
    ("campaign_effect", "effect"): "least(exposed, holdout)",
    ("campaign_effect", "lift"): "least(exposed, holdout)",
}
LEAST_SUPPORT = 30
# Which rows are of customers of one grade: grades compare a customer with the others of the draw.
GRADED = {
    "grade_change": "true",
    "pay_share": "segment <> 'all'",
    "pay_share_group": "segment <> 'all'",
    "channel_divergence": "l.params->>'group' = ''",
    "campaign_effect": "grade <> 'all'",
}
GRADED_FACTS = ["top_stays_top"]
# Bounds that may hold more than they say, for what they count is whole: shares, ranks.
DISCRETE = ["wilson", "points", "share_of_h1", "ranks", "fact"]
BOUNDED = {"share": "share_of_h1"}  # bounds that are not named as their column
APART = {"order_quantile": "figure"}  # a key by whose values the column is told apart, as they are of another kind


def quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def sentences(room: str, ids: list[str], most: str) -> str:
    """Of each run of the room how many sentences of these ids it says, and how many there could be."""
    return (f"SELECT l.run_id, 'sentence: {' or '.join(ids)}', count(s.id), ({most}) FROM run.log l LEFT JOIN "
            f"run.sentence s ON s.run_id = l.run_id AND s.id IN ({quoted(ids)}) WHERE l.room = '{room}' GROUP BY "
            "l.run_id")


# What is claimed, by a table that is there where it is: the run, the claim, and in how many of how many comparisons.
CLAIMS = [
    ("channel_divergence", "SELECT run_id, 'cell marked', count(*) FILTER (marked), count(*) FROM "
     "history.channel_divergence GROUP BY ALL"),
    ("channel_divergence", "SELECT run_id, 'cell marked, ' || dimension, count(*) FILTER (marked), count(*) FROM "
     "history.channel_divergence GROUP BY ALL"),
    ("channel_divergence", sentences("channel_divergence", ["more", "less", "more_and_less"], "SELECT count(DISTINCT "
     "dimension) FROM history.channel_divergence t WHERE t.run_id = l.run_id")),
    ("pay_share", "SELECT run_id, name || ' <= .05', (value <= 0.05)::INT, 1 FROM run.fact WHERE name LIKE '%p_value'"),
    ("pay_share", sentences("pay_share", ["never_leave_more", "never_leave_less"], "1")),
    ("pay_share", sentences("pay_share", ["never_may_leave_more", "never_may_leave_less"], "1")),
    ("pay_share", "SELECT run_id, 'distance, q <= .05', count(*) FILTER (q_value <= 0.05), count(*) FROM "
     "history.pay_share_distance GROUP BY ALL"),
    ("sales_trend", sentences("sales_trend", ["grew", "shrank"], "SELECT count(DISTINCT slice) FROM "
     "history.sales_trend t WHERE t.run_id = l.run_id AND dimension = 'partner'")),
    ("campaign_effect", sentences("campaign.measure", ["more", "fewer"], "SELECT count(DISTINCT offer) FROM "
     "history.campaign_effect t WHERE t.run_id = l.run_id")),
    ("campaign_effect", "SELECT run_id, outcome || ', ' || method || CASE WHEN grade = 'all' THEN '' ELSE ', by grade' "
     "END || ', q <= .05', count(*) FILTER (q_value <= 0.05), count(*) FROM history.campaign_effect GROUP BY ALL"),
]
MOST_CLAIMS = 0.06
LEVEL, SLACK, NOISE = 0.95, 0.015, 3.3  # so many standard errors, clustered by draw, are chance: rows are many

NOTHING = "nothing"  # the shops where there is nothing to claim
FIGURE = ["room", "table", "column", "bounds", "by_grade"]  # what a row of the page is about


@dataclass
class Danggol:
    """The program; what it says of a shop comes from a store of its own."""

    program: Path
    rooms: list[str]
    seconds: dict[str, float] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)  # of each the SELECTs of its figures with bounds
    defaults: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for room in self.rooms:
            described = json.loads(self.run("describe", "describe", room, "--json"))
            self.defaults[room] = {param["name"]: param["default"] for param in described["params"]}
            for written in described["writes"]:
                name = written["name"].removeprefix("result.")
                self.tables[name] = selects(name, written["columns"])

    def figures(self, crowd: Crowd, seed: int, quick: bool = False) -> pd.DataFrame:
        """All figures with bounds."""
        facts = (f"SELECT run_id, 'run.fact' AS \"table\", name AS \"column\", 'fact' AS bounds, name IN "
                 f"({quoted(GRADED_FACTS)}) AS by_grade, name AS key, value, lo, hi, NULL AS support FROM run.fact "
                 "WHERE lo IS NOT NULL")
        with tempfile.TemporaryDirectory() as folder:
            written = self.analyse(crowd, seed, Path(folder), quick)
            return self.rows([facts, *(select for name in written for select in self.tables[name])], Path(folder))

    def claims(self, crowd: Crowd, seed: int) -> pd.DataFrame:
        """What is claimed, and what could be."""
        with tempfile.TemporaryDirectory() as folder:
            written = self.analyse(crowd, seed, Path(folder), quick=False)
            selects = [f"SELECT run_id, claim, made, of FROM ({select}) t(run_id, claim, made, of)"
                       for name, select in CLAIMS if name in written]
            return self.rows(selects, Path(folder)) if selects else pd.DataFrame()

    def analyse(self, crowd: Crowd, seed: int, folder: Path, quick: bool) -> list[str]:
        """Runs the analyses, with every option, on a store in the folder; the tables that are written."""
        started = time.monotonic()
        events, *exposures = crowd.write(folder)
        self.took("write", started)
        store = f"--store={folder}/store.duckdb"
        self.run("import", "import", str(events), *(["--class-top=class"] if "class" in crowd.events else []), store)
        for file in exposures:
            self.run("import", "import", "exposures", str(file), store)
        flags = [f"--from={crowd.start}", f"--split={crowd.split}", f"--until={crowd.until}", f"--as-of={crowd.until}",
                 f"--seed={seed}", store]
        runs = json.loads(self.run("pipeline", "pipeline", f"--rooms={','.join(self.rooms)}", "--json", *flags))["runs"]
        for room, *options in OPTIONS:
            known = {option.removeprefix("--").split("=")[0] for option in options} <= set(self.defaults.get(room, ()))
            has_group = crowd.has_gender or not any("gender" in option for option in options)
            if known and has_group and room in {run["room"] for run in runs}:
                self.run("options", "run", room, *options, *(["--resamples=100"] if quick else []), *flags)
        return [table.removeprefix("result.") for run in runs for table in run["rows_written"]]

    def rows(self, selects: list[str], folder: Path) -> pd.DataFrame:
        """All that is selected, and of which room it is."""
        all_of_them = "\nUNION ALL ".join(selects)
        select = f"SELECT l.room, l.params, t.* FROM ({all_of_them}) t JOIN run.log l USING (run_id)"
        store = f"--store={folder}/store.duckdb"
        rows = json.loads(self.run("read", "sql", select, "--rows=10000000", "--json", store))
        return pd.DataFrame(rows).assign(room=[self.label(row["room"], row["params"]) for row in rows])

    def label(self, room: str, params: str) -> str:
        """The room, with what is not its default."""
        said = [f"{name}={value}" for name, value in json.loads(params).items()
                if name != "resamples" and value != self.defaults[room].get(name)]
        return " ".join([room, *said])

    def run(self, step: str, *words: str) -> str:
        started = time.monotonic()
        printed = run(self.program, *words)
        self.took(step, started)
        return printed

    def took(self, step: str, started: float) -> None:
        self.seconds[step] = self.seconds.get(step, 0) + time.monotonic() - started


def selects(name: str, columns: list[dict]) -> list[str]:
    """One SELECT for each column of a table that has bounds."""
    names = [column["name"] for column in columns]
    key = "concat_ws(', ', " + ", ".join(f"\"{column['name']}\"" for column in columns if column.get("key")) + ")"
    out = []
    for column in columns:
        of = column["name"].removesuffix("_lo")
        if of == column["name"] or f"{of}_hi" not in names:
            continue
        value = BOUNDED.get(of, of)
        if value not in names:
            sys.exit(f"coverage: {name}: {column['name']} is a bound of no column")
        told = f"'{value}, ' || {APART[name]}" if name in APART else f"'{value}'"
        out.append(f"SELECT h.run_id, '{name}' AS \"table\", {told} AS \"column\", '{column['bounds']}' AS bounds, "
                   f"{GRADED.get(name, 'false')} AS by_grade, {key} AS key, {value}::DOUBLE AS value, "
                   f"{of}_lo::DOUBLE AS lo, {of}_hi::DOUBLE AS hi, ({SUPPORT.get((name, value), 'NULL')})::DOUBLE AS "
                   f"support FROM history.{name} h JOIN run.log l USING (run_id)")
    return out


def pairs(truth: pd.DataFrame, drawn: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Each interval of the draws beside its truth.

    Left out is what the population does not know, what has no bounds, and an approximation of which a draw would have
    less than LEAST_SUPPORT customers or receipts on average: the rule looks at the population, never at the draw.
    """
    known = truth.loc[truth["value"].notna(), [*FIGURE, "key", "value", "support"]]
    known = known[known["support"].isna() | (known["support"] * scale >= LEAST_SUPPORT)]
    drawn = drawn.loc[drawn["lo"].notna() & drawn["hi"].notna(), [*FIGURE, "key", "draw", "value", "lo", "hi"]]
    both = known.rename(columns={"value": "truth"}).merge(drawn, on=[*FIGURE, "key"])
    slack = 1e-9 * both["truth"].abs()  # sums of another order
    both["below"] = both["truth"] < both["lo"] - slack
    both["above"] = both["truth"] > both["hi"] + slack
    both["held"] = ~(both["below"] | both["above"])
    both["flat"] = both["lo"] == both["hi"]
    return both


def clustered(hits: pd.Series, of: pd.Series) -> tuple[float, float]:
    """The share of hits, and its standard error where draws are independent and what is within them is not.

    Both by draw. A draw more, half a hit, keeps the error above 0 where all or nothing is hit.
    """
    share = hits.sum() / of.sum()
    hits, of = np.append(hits, [of.mean() / 2]), np.append(of, [of.mean()])
    residuals = hits - hits.sum() / of.sum() * of
    return float(share), float(math.sqrt((residuals ** 2).sum()) / of.sum())


def summed(judged: pd.DataFrame) -> pd.DataFrame:
    """One row for each column with bounds."""
    rows = []
    for figure, of in judged.groupby(FIGURE):
        by_draw = of.groupby("draw")["held"].agg(["sum", "count"])
        held, error = clustered(by_draw["sum"], by_draw["count"])
        keys = of.groupby("key")["held"].agg(["mean", "count"])
        keys = keys[keys["count"] >= 50].sort_values("mean", kind="stable")
        worst = f"{keys.index[0]}: {100 * keys['mean'].iloc[0]:.1f} %" if len(keys) else "-"
        wide = of[~of["flat"]]
        bias = (3.92 * (wide["value"] - wide["truth"]) / (wide["hi"] - wide["lo"])).median() if len(wide) else math.nan
        rows.append([*figure, len(of), held, error, *of[["below", "above"]].mean(), bias, of["flat"].mean(), worst])
    return pd.DataFrame(rows, columns=[*FIGURE, "pairs", "held", "error", "below", "above", "bias", "flat", "worst"])


def interval_table(figures: pd.DataFrame) -> str:
    rows = [[row.room, row.table, row.column, "yes" if row.by_grade else "", f"{row.pairs:,}",
             f"{percent(row.held)} ± {100 * 1.96 * row.error:.1f}", percent(row.below), percent(row.above),
             "-" if math.isnan(row.bias) else f"{row.bias:+.2f}", percent(row.flat), row.worst]
            for row in figures.itertuples()]
    return table(["room", "table", "column", "by grade", "pairs", "held, %", "truth below, %", "above, %", "bias",
                  "lo = hi, %", "worst key"], rows)


def claim_table(claims: pd.DataFrame) -> str:
    rows = [[row.room, row.claim, f"{row.draws:,}", percent(row.share), f"{row.of:,}", percent(row.marked)]
            for row in claims.itertuples()]
    return table(["room", "claim", "draws", "draws with one, %", "comparisons", "marked, %"], rows)


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def counted(claimed: pd.DataFrame) -> pd.DataFrame:
    """Of each claim the share of draws that make it, and the share of comparisons."""
    rows = []
    for (room, claim), of in claimed.groupby(["room", "claim"]):
        share, error = clustered((of["made"] > 0).astype(float), pd.Series(1.0, of.index))
        made, most = int(of["made"].sum()), int(of["of"].sum())
        rows.append([room, claim, len(of), share, error, most, made / max(most, 1)])
    return pd.DataFrame(rows, columns=["room", "claim", "draws", "share", "error", "of", "marked"])


def failures(by_population: dict[str, pd.DataFrame], claims: pd.DataFrame | None) -> list[str]:
    """Of what --check asks. An interval of what is counted may hold more than it says."""
    out = []
    for name, figures in by_population.items():
        for row in figures.itertuples():
            reach = SLACK + NOISE * row.error
            if row.held < LEVEL - reach or (row.held > LEVEL + reach and row.bounds not in DISCRETE):
                graded = " by grade" if row.by_grade else ""
                out.append(f"{name} {row.room} {row.table}.{row.column}{graded} holds {percent(row.held)} %")
    for row in [] if claims is None else claims.itertuples():
        if row.share > MOST_CLAIMS + NOISE * row.error:
            out.append(f"{row.room}, {row.claim}: claimed in {percent(row.share)} % of the draws")
    return out


def on_draws(danggol: Danggol, crowd: Crowd, draws: int, check: bool) -> tuple[pd.DataFrame, list[str]]:
    """How the intervals do on draws from the crowd, and what of its own figures is not so."""
    truth = danggol.figures(crowd, 1, quick=True)  # few resamples: no interval of it is asked
    wrong = crowds.check(crowd, truth) if check else []
    danggol.seconds.clear()
    drawn = []
    for draw in range(draws):
        drawn.append(danggol.figures(crowd.sample(crowd.draw_size, draw + 1), draw + 1).assign(draw=draw))
        say_progress(danggol, crowd.name, draw + 1, draws)
    return summed(pairs(truth, pd.concat(drawn), crowd.draw_size / crowd.customers)), wrong


def claims(danggol: Danggol, draws: int) -> pd.DataFrame:
    """What is claimed of shops where there is nothing to claim."""
    danggol.seconds.clear()
    claimed = []
    for draw in range(draws):
        claimed.append(danggol.claims(crowds.nothing_to_claim(draw + 1), draw + 1))
        say_progress(danggol, NOTHING, draw + 1, draws)
    return counted(pd.concat([pd.DataFrame(columns=["room", "claim", "made", "of"]), *claimed]))


def say_progress(danggol: Danggol, name: str, done: int, draws: int) -> None:
    if done % max(draws // 10, 1) == 0:
        took = ", ".join(f"{step} {seconds / done:.2f}" for step, seconds in danggol.seconds.items())
        print(f"{name}: {done} of {draws} draws; seconds a draw: {took}", file=sys.stderr)


INTRODUCTION = (
    "# Coverage\n\nMade by `bench/truth/coverage.py`: how often the 95 % intervals hold the truth, which is the figure of "
    "the population that the draws are taken from. *Held* is of pairs of a draw and a key, with its own 95 % interval "
    "clustered by draw; *truth below* and *above* say on which side it lay; *bias* is the median of figure less truth "
    "in standard errors (an interval is 3.92 of them wide); *by grade* marks figures of customers of one grade, which "
    f"is relative to the draw. Judged are approximations with {LEAST_SUPPORT} customers or receipts in a draw on "
    "average, and cells with 2 % of the group's rows; shares whatever they count; the worst key of those with 50 draws.\n")


def sections(by_population: dict[str, pd.DataFrame], claimed: pd.DataFrame | None, draws: int) -> dict[str, str]:
    """The parts of the page by what they are of."""
    out = {name: f"## Intervals: {name}\n\n{draws:,} draws.\n\n" + interval_table(figures)
           for name, figures in by_population.items()}
    if claimed is not None and len(claimed) > 0:
        out[NOTHING] = f"## Claims where there is nothing to claim\n\n{draws:,} draws.\n\n" + claim_table(claimed)
    return out


def page(made: dict[str, str], before: str = "") -> str:
    """What was made, and of a page of before what was not made now."""
    parts = ["## " + part.rstrip("\n") + "\n" for part in before.split("\n## ")[1:]]
    headings = {name: f"## Intervals: {name}\n" for name in crowds.POPULATIONS}
    headings[NOTHING] = "## Claims where there is nothing to claim\n"
    kept = {name: part for name, heading in headings.items() for part in parts if part.startswith(heading)}
    return "\n".join([INTRODUCTION, *(made.get(name, kept.get(name)) for name in headings if name in {**kept, **made})])


def named(flag: str, text: str | None, known: list[str]) -> list[str]:
    """What a flag names, by default all."""
    names = text.split(",") if text else known
    if unknown := set(names) - set(known):
        sys.exit(f"coverage: --{flag}: {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    return names


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--rooms", help="only these, comma-separated")
    parser.add_argument("--populations", help=f"only these, comma-separated; {NOTHING} is where claims are counted")
    parser.add_argument("--write", type=Path, help="the page is written here, too; what was not run now stays")
    parser.add_argument("--check", action="store_true", help="exit with 1 where something is out of bounds")
    args = parser.parse_args()
    rooms = named("rooms", args.rooms, ROOMS)
    wanted = named("populations", args.populations, [*crowds.POPULATIONS, NOTHING])
    danggol = Danggol(args.danggol.resolve(), [room for room in ROOMS if room == "rfm" or room in rooms])
    by_population, wrong = {}, []
    for name in wanted:
        if name == NOTHING:
            continue
        if crowd := crowds.population(name, args.data):
            by_population[name], found = on_draws(danggol, crowd, args.draws, args.check)
            wrong += found
        else:
            print(f"{name}: no data", file=sys.stderr)
    claimed = claims(danggol, args.draws) if NOTHING in wanted else None
    made = sections(by_population, claimed, args.draws)
    print(page(made))
    if args.write:
        before = args.write.read_text(encoding="utf-8") if args.write.exists() else ""
        args.write.write_text(page(made, before), encoding="utf-8")
    if args.check and (failed := wrong + failures(by_population, claimed)):
        sys.exit("coverage: " + "; ".join(failed))


if __name__ == "__main__":
    main()
