"""Checks coverage and crowds against plain second definitions: python3 test_coverage.py.

What needs the program is checked by it: coverage.py --check computes figures of the populations a second time.
"""
from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pandas as pd

import coverage
import crowds
from crowds import Crowd


def close(a: float, b: float, within: float = 1e-9) -> bool:
    return abs(a - b) <= within


def figure(draw: int, key: str, value: float, lo: float, hi: float, support: float = math.nan) -> dict:
    return {"room": "r", "table": "t", "column": "x", "bounds": "mean", "by_grade": False, "key": key, "draw": draw,
            "value": value, "lo": lo, "hi": hi, "support": support}


def judged(truth: list[dict], drawn: list[dict], scale: float = 1.0) -> pd.DataFrame:
    return coverage.pairs(pd.DataFrame(truth), pd.DataFrame(drawn), scale)


# --- coverage ---


def test_an_interval_holds_its_ends() -> None:
    truth = [figure(0, "a", 2.0, 0, 0)]
    both = judged(truth, [figure(1, "a", 2, 2, 3), figure(2, "a", 2, 1, 2), figure(3, "a", 3, 2.5, 4),
                          figure(4, "a", 1, 0, 1.5), figure(5, "a", 2, 2, 2)])
    assert list(both["held"]) == [True, True, False, False, True]
    assert list(both["below"]) == [False, False, True, False, False]
    assert list(both["above"]) == [False, False, False, True, False]
    assert list(both["flat"]) == [False, False, False, False, True]


def test_a_sum_of_another_order_is_held() -> None:
    truth = [figure(0, "a", 0.1 + 0.2, 0, 0)]
    assert judged(truth, [figure(1, "a", 0.3, 0.3, 0.3)])["held"].all()


def test_what_either_side_does_not_know_is_not_judged() -> None:
    truth = [figure(0, "a", 1, 0, 0), figure(0, "b", math.nan, 0, 0), figure(0, "c", 1, 0, 0)]
    both = judged(truth, [figure(1, "a", 1, 0, 2), figure(1, "b", 1, 0, 2), figure(1, "c", 1, math.nan, 2),
                          figure(1, "d", 1, 0, 2)])
    assert list(both["key"]) == ["a"]


def test_support_is_of_the_population() -> None:
    """An average draw has a hundredth of it; what the draw itself has does not count."""
    truth = [figure(0, "a", 1, 0, 0, 3000), figure(0, "b", 1, 0, 0, 2999), figure(0, "c", 1, 0, 0)]
    both = judged(truth, [figure(1, key, 1, 0, 2, support) for key, support in [("a", 1), ("b", 500), ("c", 1)]], 0.01)
    assert list(both["key"]) == ["a", "c"]


def test_clustered() -> None:
    share, error = coverage.clustered(pd.Series([9, 10, 7]), pd.Series([10, 10, 10]))
    assert close(share, 26 / 30)
    hits = [9, 10, 7, 5]  # one draw more, half a hit
    assert close(error, math.sqrt(sum((hit - 10 * sum(hits) / 40) ** 2 for hit in hits)) / 40)
    assert coverage.clustered(pd.Series([10, 10]), pd.Series([10, 10]))[1] > 0


def test_clustered_is_the_spread_of_shares() -> None:
    """Of many experiments of draws with unequal numbers of pairs that hang together."""
    random = np.random.default_rng(1)
    shares, errors = [], []
    for _ in range(400):
        of = random.integers(5, 30, 100)
        share, error = coverage.clustered(pd.Series(random.binomial(of, random.beta(9, 1, 100))), pd.Series(of))
        shares.append(share), errors.append(error)
    assert close(fmean(errors), stdev(shares), 0.1 * stdev(shares))


def test_summed() -> None:
    truth = [figure(0, "a", 1, 0, 0), figure(0, "b", 1, 0, 0)]
    drawn = [figure(draw, key, 2, 0 if draw % 4 or key == "a" else 1.5, 3.92) for draw in range(60) for key in "ab"]
    row = coverage.summed(judged(truth, drawn)).iloc[0]
    assert row["pairs"] == 120 and close(row["held"], 105 / 120) and close(row["below"], 15 / 120) and row["above"] == 0
    assert row["worst"] == "b: 75.0 %"
    assert close(row["bias"], 1)  # figure less truth is 1, and so are most standard errors
    assert coverage.summed(judged(truth, drawn[:60])).iloc[0]["worst"] == "-"  # of 30 draws


def test_counted() -> None:
    row = coverage.counted(pd.DataFrame({"room": "r", "claim": "c", "made": [0, 2, 0, 1], "of": [5, 5, 4, 6]})).iloc[0]
    assert row["draws"] == 4 and close(row["share"], 0.5) and row["of"] == 20 and close(row["marked"], 0.15)


def test_failures() -> None:
    def of(held: float, bounds: str, error: float = 0.001) -> list[str]:
        row = {"room": "r", "table": "t", "column": "x", "bounds": bounds, "by_grade": False, "held": held,
               "error": error}
        return coverage.failures({"shop": pd.DataFrame([row])}, None)

    assert of(0.931, "mean") and not of(0.932, "mean") and not of(0.968, "mean") and of(0.969, "mean")
    assert not of(0.99, "wilson") and of(0.93, "wilson")
    assert not of(0.91, "mean", 0.02)
    assert of(0.93, "mean") == ["shop r t.x holds 93.0 %"]
    claim = {"room": "r", "claim": "c", "share": 0.1, "error": 0.01}
    assert coverage.failures({}, pd.DataFrame([claim])) == ["r, c: claimed in 10.0 % of the draws"]
    assert coverage.failures({}, pd.DataFrame([claim | {"share": 0.08}])) == []


def test_selects_finds_the_columns_with_bounds() -> None:
    columns = [{"name": "segment", "key": True}, {"name": "x"}, {"name": "x_lo", "bounds": "mean"}, {"name": "x_hi"},
               {"name": "y"}, {"name": "y_lo", "bounds": "mean"}, {"name": "y_hi"}, {"name": "z_lo"}]
    found = coverage.selects("pay_share_group", columns)
    assert len(found) == 2 and "'x' AS \"column\"" in found[0] and "'y' AS \"column\"" in found[1]
    columns = [{"name": "share_of_h1"}, {"name": "share_lo", "bounds": "share_of_h1"}, {"name": "share_hi"}]
    assert "share_of_h1::DOUBLE AS value, share_lo::DOUBLE AS lo" in coverage.selects("grade_change", columns)[0]
    columns = [{"name": "figure", "key": True}, {"name": "x"}, {"name": "x_lo", "bounds": "ranks"}, {"name": "x_hi"}]
    assert "'x, ' || figure AS \"column\"" in coverage.selects("order_quantile", columns)[0]


# --- crowds ---


@cache
def population() -> Crowd:
    return crowds.simulated(200, 3, differs=True)


@cache
def same_everywhere() -> Crowd:
    return crowds.simulated(3000, 4, differs=False)


def test_a_sample_takes_whole_customers() -> None:
    crowd = population()
    sample = crowd.sample(150, 7)
    chosen = np.random.default_rng(7).integers(0, crowd.customers, 150)
    for whole, part in [(crowd.events, sample.events), (crowd.exposures, sample.exposures)]:
        columns = [name for name in whole if name != "customer"]
        by_customer = {customer: rows[columns].to_numpy().tolist() for customer, rows in whole.groupby("customer")}
        taken = {customer: rows[columns].to_numpy().tolist() for customer, rows in part.groupby("customer")}
        assert str(taken) == str({number: by_customer[customer] for number, customer in enumerate(chosen)})
    assert sample.events.equals(crowd.sample(150, 7).events) and not sample.events.equals(crowd.sample(150, 8).events)


def test_every_customer_has_an_event_and_every_row_a_day() -> None:
    for crowd in (population(), same_everywhere()):
        assert list(crowd.events["customer"].unique()) == list(range(crowd.customers))
        assert crowd.events["ts"].between(crowds.FIRST, crowds.UNTIL).all()
        assert (crowd.events["customer"].diff().dropna() >= 0).all()


def test_arms_of_the_population_differ_by_the_effect_alone() -> None:
    """Weighted by the inverse of the chance, receipts in the window, customer by customer."""
    crowd = population()
    days = defaultdict(dict)
    for row in crowd.events[crowd.events["action"] != "pay"].itertuples():
        days[row.customer][row.receipt_id] = pd.Timestamp(row.ts)
    after, before, weights = Counter(), Counter(), Counter()
    for row in crowd.exposures.itertuples():
        gaps = [(day - pd.Timestamp(row.ts)).days for day in days[row.customer].values()]
        weights[row.offer] += 1 / row.propensity
        after[row.offer] += sum(0 <= gap < crowds.WINDOW_DAYS for gap in gaps) / row.propensity
        before[row.offer] += sum(gap < 0 for gap in gaps) / row.propensity
    assert close(weights["coupon_A"], weights["none"], 1e-6) and close(weights["coupon_B"], weights["none"], 1e-6)
    assert close(before["coupon_A"], before["none"], 1e-6) and close(before["coupon_B"], before["none"], 1e-6)
    effect = (after["coupon_A"] - after["none"]) / weights["none"]
    assert effect > 0.1 and close(effect, crowd.known["receipts"])
    assert close(after["coupon_B"], after["none"], 1e-6)


def test_where_nothing_differs_nothing_does() -> None:
    events = same_everywhere().events
    bought = events[events["action"] == "purchase"]
    receipts = bought.drop_duplicates("receipt_id")
    late = receipts["ts"] >= "2023-10-01"
    one_a_customer = bought.drop_duplicates("customer")
    woman = one_a_customer["gender"] == "f"
    for values, is_in in [(one_a_customer["class"] == "care", woman), (receipts["partner"] == "mall", late),
                          (one_a_customer["channel"] == "online", woman)]:
        error = math.sqrt(values[is_in].var() / is_in.sum() + values[~is_in].var() / (~is_in).sum())
        assert abs(values[is_in].mean() - values[~is_in].mean()) < 6 * error  # receipts of a customer hang together
    exposures = same_everywhere().exposures
    for offer, rows in exposures.groupby("offer"):
        assert close((1 / rows["propensity"]).sum(), len(exposures), 0.1 * len(exposures)), offer


def test_payments_are_of_receipts_or_apart() -> None:
    events = population().events
    sold = events[events["action"] != "pay"]
    known = set(zip(sold["customer"], sold["receipt_id"], sold["ts"]))
    paid = events[events["action"] == "pay"]
    assert set(zip(paid["customer"], paid["receipt_id"], paid["ts"])) <= known
    inside = paid[paid["partner"] != "transit"]
    assert not inside.duplicated(["customer", "receipt_id"]).any() and "transit" not in set(sold["partner"])


def test_chosen() -> None:
    weights = np.tile([1.0, 0.0, 3.0], (40_000, 1)) * np.arange(1, 40_001)[:, None]
    share = np.bincount(crowds.chosen(np.random.default_rng(5), weights), minlength=3) / 40_000
    assert close(share[0], 0.25, 0.01) and share[1] == 0 and close(share[2], 0.75, 0.01)


def test_real_shops_have_weekdays_for_channels() -> None:
    rows = [("a", "2010-11-30", 1.0), ("b", "2010-12-01", 2.0), ("a", "2011-11-30", 3.0), ("c", "2011-12-01", 4.0)]
    purchases = pd.DataFrame(rows, columns=["customer", "day", "amount"]).assign(receipt=["1", "2", "3", "4"])
    crowd = crowds.real("online_retail_ii", purchases.assign(day=pd.to_datetime(purchases["day"])))
    assert crowd.customers == 2 and not crowd.has_gender  # c comes after the dates
    assert crowd.events[["customer", "ts", "channel", "amount"]].to_numpy().tolist() == [
        [0, "2010-11-30", "Tuesday", 1.0], [0, "2011-11-30", "Wednesday", 3.0], [1, "2010-12-01", "Wednesday", 2.0]]


def test_missing_files_are_left_out() -> None:
    for name in crowds.REAL:
        assert crowds.population(name, Path("/nonexistent")) is None


def test_second_computation_by_hand() -> None:
    rows = [(0, "2010-12-03", "1", 10.0), (0, "2010-12-03", "2", 5.0), (0, "2011-11-04", "3", 7.0),
            (1, "2011-05-31", "4", 1.0), (2, "2011-06-01", "5", 1.0), (2, "2011-11-30", "6", 4.0)]
    events = pd.DataFrame(rows, columns=["customer", "ts", "receipt_id", "amount"]).assign(action="purchase")
    second = crowds.second(Crowd("x", "2010-12-01", "2011-06-01", "2011-12-01", 3, 3, events))
    assert list(itertools.islice(second.values(), 4)) == [1 / 3, 1 / 2, 2.0, 3.0]
    assert second["sales_trend", "sales_trend", "amount_per_buyer", "2011-11-01, all, all"] == 5.5


def test_a_figure_that_is_otherwise_or_missing_is_named() -> None:
    crowd = population()
    rows = [[*of, value] for of, value in crowds.second(crowd).items()]
    truth = pd.DataFrame(rows, columns=["room", "table", "column", "key", "value"])
    assert crowds.check(crowd, truth) == [] and crowds.check(crowd, truth[:0]) == []
    assert crowds.check(crowd, truth[truth["room"] == "sales_trend"]) == []  # the others were not run
    wrong = truth.assign(value=truth["value"].where(truth["key"] != "one_time_share", 0.5))
    assert [text.split(":")[0] for text in crowds.check(crowd, wrong)] == [
        "simulated order_frequency run.fact one_time_share one_time_share"]
    assert len(crowds.check(crowd, truth[truth["key"] != "receipts per customer, 0.9"])) == 1


def test_page_keeps_what_was_not_made() -> None:
    """In the order of the populations, each part once."""
    heading = "## Intervals: {}\n\n{} draws.\n"
    first = coverage.page({"grocery_elog": heading.format("grocery_elog", 7), coverage.NOTHING:
                           "## Claims where there is nothing to claim\n\n7 draws.\n"})
    both = coverage.page({"simulated": heading.format("simulated", 9)}, first)
    assert [line for line in both.splitlines() if line.startswith("## ")] == [
        "## Intervals: simulated", "## Intervals: grocery_elog", "## Claims where there is nothing to claim"]
    assert both.count("7 draws.") == 2 and both.count("9 draws.") == 1
    again = coverage.page({"simulated": heading.format("simulated", 8)}, both)
    assert "9 draws." not in again and again.count("8 draws.") == 1 and again.count("# Coverage") == 1


def main() -> None:
    passed = 0
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            passed += 1
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
