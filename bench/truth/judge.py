#!/usr/bin/env python3
"""How well danggol's forecasts of leaving hold on later data of real and simulated shops, beside peers.

    bench/truth/judge.py --danggol build/release/bin/danggol [--data DIR] [--sets NAME,...] [--write FILE.md] [--check]

Rolling hold-outs: at each cutoff of each shop danggol and the peers see the purchases before it alone, and say of each
customer who bought within a horizon before it how likely they are to buy nothing within the horizon after it. What came
is known. The peers are in peers.py, the shops in sets.py and simulated.py, the measures in measures.py. At the last
cutoffs of shops with products, what danggol recommends is held against what those who came back bought, too.

With --check the exit status is 1 where danggol forecasts worse than leaving rates by grade, or its intervals of the number of
leavers hold less than two times in three, or it does better than the truth of a simulated shop: what no change may break, and far
from what is asked of it.
"""
from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import measures
import simulated
from peers import PEERS
from sets import ShopData, add_months, left, sets

OURS = "danggol"
SEED = 1
LAST_CUTOFFS = 2  # of a shop, at which it recommends, too
LEAST_PAIRS = 30  # of a step that is judged


def run(program: Path, *words: str) -> str:
    """What the program prints. A pipeline may leave rooms out; anything else that fails ends it all."""
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0 and not (words[0] == "pipeline" and done.stdout):
        sys.exit(f"{Path(sys.argv[0]).stem}: danggol {' '.join(words)}: ends with {done.returncode}\n{done.stderr}")
    return done.stdout


def arguments(doc: str) -> argparse.ArgumentParser:
    """What whoever judges the program is told."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--danggol", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DANGGOL_DATA", "../shared/data")))
    return parser


@dataclass
class Said:
    """What danggol says at a cutoff."""

    p_leave: pd.Series
    leavers: tuple[float, float, float]  # expected, and the bounds of its 95 % interval
    tested_ece: float  # of the back-test before the cutoff; NaN where it could not be made


@dataclass
class Test:
    """One cutoff of one shop: what came, and by forecaster what was said of it."""

    shop: str
    cutoff: date
    came: pd.Series
    p: dict[str, pd.Series] = field(default_factory=dict)
    said: Said | None = None
    why_not: str = ""
    truth: pd.Series | None = None  # with what probability each one left, where a simulator says so
    steps: pd.DataFrame | None = None  # what was said and came of pairs of customers and products, see measures.steps
    why_no_steps: str = ""  # where products are asked for and there is no answer


class Danggol:
    """The program, each time on a store of its own."""

    def __init__(self, program: Path):
        self.program = program

    def forecast(self, shop: ShopData, cutoff: date) -> Said | str:
        """What it says, or why it says nothing."""
        with tempfile.TemporaryDirectory() as folder:
            past = shop.purchases[shop.purchases["day"] < pd.Timestamp(cutoff)]
            columns = {"customer": "customer_id", "day": "ts", "receipt": "receipt_id"}
            if past["amount"].notna().any():
                columns["amount"] = "amount"
            store = ["--store", str(Path(folder) / "store.duckdb")]
            rooms = "rfm,grade_forecast.train,grade_forecast.predict,grade_forecast.backtest"
            pipeline = self.pipeline(rooms, past[list(columns)].rename(columns=columns), shop, cutoff, store)
            ran = {run["room"] for run in pipeline["runs"]}
            if "grade_forecast.predict" not in ran:
                return next(skip["why"] for skip in pipeline["skipped"] if skip["room"].startswith("grade_forecast"))
            p = self.rows("SELECT customer_id, p_leave FROM result.grade_forecast ORDER BY customer_id", store)
            leavers = self.rows("SELECT value, lo, hi FROM run.fact WHERE name = 'expected_leavers'", store)[0]
            tested = math.nan
            if "grade_forecast.backtest" in ran:
                tested = self.rows("SELECT arg_min(value, cutoff) AS value FROM result.forecast_metric WHERE metric = "
                                   "'calibration_error_leaving' AND predictor = 'model'", store)[0]["value"]
            return Said(pd.Series([row["p_leave"] for row in p], index=[row["customer_id"] for row in p]).sort_index(),
                        (leavers["value"], leavers["lo"], leavers["hi"]), tested)

    def recommend(self, shop: ShopData, cutoff: date) -> pd.DataFrame | str:
        """Its lists: customer, product, p, lo and hi, or why there are none."""
        if shop.items is None:
            return "the set has no products"
        with tempfile.TemporaryDirectory() as folder:
            past = shop.items[shop.items["day"] < pd.Timestamp(cutoff)]
            columns = {"customer": "customer_id", "day": "ts", "product": "product_id"}
            store = ["--store", str(Path(folder) / "store.duckdb")]
            pipeline = self.pipeline("rfm,recommend", past.rename(columns=columns), shop, cutoff, store)
            if "recommend" not in {run["room"] for run in pipeline["runs"]}:
                return next(skip["why"] for skip in pipeline["skipped"] if skip["room"] == "recommend")
            return pd.DataFrame(self.rows(
                "SELECT customer_id AS customer, product_id AS product, p_buy_if_back AS p, p_buy_if_back_lo AS lo, "
                "p_buy_if_back_hi AS hi FROM result.recommendation ORDER BY customer_id, place", store))

    def pipeline(self, rooms: str, events: pd.DataFrame, shop: ShopData, cutoff: date, store: list[str]) -> dict:
        """Imports the events into the store, and what the rooms did with them as of the cutoff."""
        file = Path(store[1]).with_name("events.csv")
        events.to_csv(file, index=False, date_format="%Y-%m-%d")
        self.run("import", str(file), *store)
        dates = [f"--as-of={cutoff}", f"--horizon-months={shop.horizon_months}"]
        return json.loads(self.run("pipeline", f"--rooms={rooms}", "--json", *dates, *store))

    def rows(self, select: str, store: list[str]) -> list[dict]:
        return json.loads(self.run("sql", select, "--rows=10000000", "--json", *store))

    def run(self, *words: str) -> str:
        return run(self.program, *words)


def hold_out(danggol: Danggol, shop: ShopData, cutoff: date) -> Test:
    test = Test(shop.name, cutoff, left(shop.purchases, cutoff, shop.horizon_months))
    if cutoff in shop.truth:
        test.truth = shop.truth[cutoff].loc[test.came.index]
    for name, peer in PEERS.items():
        test.p[name] = peer(shop, cutoff)
    said = danggol.forecast(shop, cutoff)
    if isinstance(said, str):
        test.why_not = said
    else:
        test.said = said
        test.p[OURS] = said.p_leave
    if cutoff in shop.cutoffs[-LAST_CUTOFFS:]:
        lists = danggol.recommend(shop, cutoff)
        if isinstance(lists, str):
            test.why_no_steps = lists
        else:
            until = add_months(cutoff, shop.horizon_months)
            bought = shop.items[(shop.items["day"] >= pd.Timestamp(cutoff)) & (shop.items["day"] < until)]
            test.steps = measures.steps(lists, bought)
    for name, p in test.p.items():
        if not p.index.equals(test.came.index):
            sys.exit(f"judge: {shop.name} {cutoff}: {name} speaks of other customers")
    return test


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def digits(value: float) -> str:
    """Three decimals, without a 0 before the point."""
    return "-" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


FORECASTERS = [OURS, *PEERS]


def by_shop(tests: list[Test], measure) -> str:
    """Means over the cutoffs at which danggol forecasts, shop by shop, then over shops."""
    rows, means = [], []
    for shop in dict.fromkeys(test.shop for test in tests):
        of = [test for test in tests if test.shop == shop and test.said]
        if not of:
            rows.append([shop, f"0 of {sum(test.shop == shop for test in tests)}", *["-"] * len(FORECASTERS)])
            continue
        values = [float(np.mean([measure(test.p[name], test.came) for test in of])) for name in FORECASTERS]
        means.append(values)
        tried = sum(test.shop == shop for test in tests)
        rows.append([shop, str(len(of)) if len(of) == tried else f"{len(of)} of {tried}", *map(digits, values)])
    rows.append(["**mean of shops**", "", *(f"**{digits(value)}**" for value in np.mean(means, axis=0))])
    return table(["shop", "tests", *FORECASTERS], rows)


def paired(tests: list[Test], against: str) -> list[list[str]]:
    rows = []
    for shop in dict.fromkeys(test.shop for test in tests):
        of = [test for test in tests if test.shop == shop and test.said]
        if not of:
            continue
        # one value a customer: those of several cutoffs are not independent
        losses = {name: pd.concat([pd.Series(measures.log_losses(test.p[name], test.came), index=test.came.index)
                                   for test in of]).groupby(level=0).mean() for name in (OURS, against)}
        mean, low, high = measures.paired(losses[OURS], losses[against], SEED)
        verdict = "better" if high < 0 else "worse" if low > 0 else "alike"
        rows.append([shop, against, f"{mean:+.4f}", f"{low:+.4f} to {high:+.4f}", verdict])
    return rows


def of_leavers(tests: list[Test]) -> str:
    rows, z, held, scores = [], [], 0, []
    of = [test for test in tests if test.said]
    for test in of:
        value, low, high = test.said.leavers
        truth = int(test.came.sum())
        held += low <= truth <= high
        z.append((truth - value) / max((high - low) / 3.92, 1e-9))
        scores.append(measures.winkler([low], [high], [truth]))
        rows.append([test.shop, str(test.cutoff), f"{len(test.came):,}", f"{truth:,}", f"{value:,.0f}",
                     f"{low:,.0f} to {high:,.0f}", "yes" if low <= truth <= high else "no"])
    summary = (f"The 95 % interval of the number of leavers held what came in {held} of {len(of)} tests; the error in "
               f"standard errors has the root mean square {np.sqrt(np.mean(np.square(z))):.1f} (1 where the interval is "
               f"honest); Winkler score {np.mean(scores):,.0f}.\n\n")
    return summary + table(["shop", "cutoff", "customers", "left", "expected", "95 % interval", "held"], rows)


def of_recommended(tests: list[Test]) -> str:
    """Of steps with enough pairs, shop by shop; and where nothing is recommended."""
    rows, held_of_all, steps_of_all = [], 0, 0
    for shop in dict.fromkeys(test.shop for test in tests if test.steps is not None):
        of = [test.steps for test in tests if test.shop == shop and test.steps is not None]
        steps = pd.concat(of).query("pairs >= @LEAST_PAIRS")
        held = steps["came"].between(steps["lo"], steps["hi"])
        held_of_all, steps_of_all = held_of_all + int(held.sum()), steps_of_all + len(steps)
        pairs = steps["pairs"].sum()
        by_pair = [(steps[column] * steps["pairs"]).sum() / pairs for column in ("p", "came")]
        rows.append([shop, str(len(of)), str(len(steps)), str(held.sum()), *map(digits, steps[["p", "came"]].mean()),
                     f"{pairs:,}", f"{steps['pairs'][held].sum():,}", *map(digits, by_pair)])
    summary = f"The 95 % bounds of {held_of_all} of {steps_of_all} steps hold what came.\n\n"
    header = ["shop", "tests", "steps", "held", "said", "came"]
    header += ["pairs", "in held steps", "said, by pair", "came, by pair"]
    silent = [[test.shop, str(test.cutoff), test.why_no_steps] for test in tests if test.why_no_steps]
    return (summary + table(header, rows) if rows else "") + (
        "\nNothing is recommended here:\n\n" + table(["shop", "cutoff", "why"], silent) if silent else "")


def of_backtest(tests: list[Test]) -> str:
    pairs = [(test.said.tested_ece, measures.ece10(test.p[OURS], test.came)) for test in tests
             if test.said and not math.isnan(test.said.tested_ece)]
    if len(pairs) < 3:
        return "Too few tests have a back-test.\n"
    said, came = np.array(pairs).T
    return (f"The back-test's calibration error correlates {np.corrcoef(said, came)[0, 1]:.2f} with that of what then came "
            f"({len(pairs)} tests; on average {digits(said.mean())} said, {digits(came.mean())} came).\n")


def of_truth(tests: list[Test]) -> str:
    """Means over the cutoffs, shop by shop."""
    rows = []
    for shop in dict.fromkeys(test.shop for test in tests):
        of = [test for test in tests if test.shop == shop]
        values = [[(test.p[OURS] - test.truth).abs().mean(), measures.log_loss(test.p[OURS], test.came),
                   measures.log_loss(test.truth, test.came)] for test in of]
        rows.append([shop, str(len(of)), *map(digits, np.mean(values, axis=0))])
    return table(["shop", "tests", "mean absolute difference", "log loss of danggol", "of the truth"], rows)


def page(tests: list[Test]) -> str:
    ours = [test for test in tests if test.said]
    known = [test for test in ours if test.truth is not None]
    silent = [[test.shop, str(test.cutoff), test.why_not] for test in tests if not test.said]
    parts = [
        "# Truth\n\nMade by `./dev truth`: rolling hold-outs of who leaves, danggol beside peers that see the same. A test is a "
        f"cutoff of a shop; {len(ours)} of {len(tests)} have a forecast of danggol's, and the tables are of these.\n",
        "## Log loss of leaving\n\n" + by_shop(tests, measures.log_loss),
        "## Is danggol better?\n\nLog loss of danggol less that of the peer, paired by customer, with 95 % bootstrap "
        "intervals; below 0 danggol is better.\n\n"
        + table(["shop", "peer", "difference", "95 % interval", "danggol is"],
                paired(tests, "bgnbd") + paired(tests, "lightgbm_stacked") + paired(tests, "blend")),
        "## How many leave\n\n" + of_leavers(tests),
        f"## What is recommended\n\nA pair is a customer who came back within the horizon and a product recommended to "
        f"them; a step is the pairs of a cutoff with the same probability and bounds, {LEAST_PAIRS} or more, at the "
        f"last {LAST_CUTOFFS} cutoffs of a shop. Said is the probability, came the share of pairs that were bought, "
        "each as the mean of steps and of pairs. What came is a sample, too, so that honest bounds hold it in fewer "
        "than 95 % of the steps.\n\n" + of_recommended(tests),
        "## Calibration\n\nECE10, the mean gap between forecast and share of leavers over tenths of the customers.\n\n"
        + by_shop(tests, measures.ece10)
        + "\nThe same less what a perfect forecaster with these probabilities shows by chance:\n\n"
        + by_shop(tests, lambda p, y: measures.ece10_debiased(p, y, SEED)),
        "## Ranking and Brier score\n\nAUC:\n\n" + by_shop(tests, measures.auc) + "\nBrier:\n\n"
        + by_shop(tests, measures.brier),
        "## Back-test against what came\n\n" + of_backtest(tests),
    ]
    if known:
        parts.append(
            "## Simulated shops: danggol against the true probability\n\nThe truth is each customer's own probability, given "
            "what nobody sees: their rate, their hazard and whether they have left. Its log loss is the floor, which no forecast "
            "from purchases reaches.\n\n" + of_truth(known))
    if silent:
        parts.append("## Where danggol says nothing\n\n" + table(["shop", "cutoff", "why"], silent))
    return "\n".join(parts)


def failures(tests: list[Test]) -> list[str]:
    """Of what --check asks."""
    ours = [test for test in tests if test.said]
    if not ours:
        return ["no test has a forecast"]
    loss = {name: float(np.mean([measures.log_loss(test.p[name], test.came) for test in ours]))
            for name in (OURS, "frequencies")}
    held = sum(test.said.leavers[1] <= test.came.sum() <= test.said.leavers[2] for test in ours)
    out = []
    if loss[OURS] > loss["frequencies"] + 0.01:
        out.append(f"log loss {loss[OURS]:.3f}, by leaving rates of grades {loss['frequencies']:.3f}")
    if 3 * held < 2 * len(ours):
        out.append(f"the interval of the number of leavers held {held} of {len(ours)} times")
    for test in ours:
        if test.truth is not None and measures.log_loss(test.p[OURS], test.came) < measures.log_loss(test.truth, test.came):
            out.append(f"{test.shop} {test.cutoff}: better than the truth, so it sees what it must not")
    return out


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--sets", help="only these, comma-separated")
    parser.add_argument("--write", type=Path, help="the page is written here, too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where danggol does worse than it must")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    danggol = Danggol(args.danggol.resolve())
    shops = sets(args.data) + simulated.sets(args.danggol.resolve())
    wanted = args.sets.split(",") if args.sets else [shop.name for shop in shops]
    if unknown := set(wanted) - {shop.name for shop in shops}:
        sys.exit(f"judge: --sets: {', '.join(sorted(unknown))}: there are {', '.join(shop.name for shop in shops)}")
    tests = []
    for shop in shops:
        for cutoff in shop.cutoffs if shop.name in wanted else []:
            tests.append(hold_out(danggol, shop, cutoff))
            print(f"{shop.name} {cutoff}", file=sys.stderr)
    text = page(tests)
    print(text)
    if args.write:
        args.write.write_text(text, encoding="utf-8")
    if args.check and (failed := failures(tests)):
        sys.exit("judge: " + "; ".join(failed))


if __name__ == "__main__":
    main()
