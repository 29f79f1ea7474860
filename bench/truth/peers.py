"""Forecasts to judge others beside. Each peer takes a shop and a cutoff and gives p_leave by customer.

The customers are those with a purchase in the horizon before the cutoff; p_leave is the probability that they
buy nothing in the horizon after it. No peer sees a purchase on or after the cutoff. Supervised peers learn from
the same question asked one horizon earlier, when the answer is known at the cutoff.
"""
from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter
from lifetimes.utils import ConvergenceError
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sets import ShopData, add_months, buyers, left

MAX_ORIGINS = 12
PENALIZERS = (0.001, 0.01)
RFM_WEIGHTS = {"recency": 0.3, "frequency": 0.2, "monetary": 0.5}
GRADES = {"top": 80, "good": 60, "regular": 40}
WINDOW_DAYS = (30, 60, 90, 180, 365)
CLIP = 1e-6


def frequencies(shop: ShopData, cutoff: date) -> pd.Series:
    """Leaving rate of the customer's RFM grade, as it was one horizon earlier."""
    past, months, origin = before(shop, cutoff)
    y = left(past, origin, months)
    trained = y.groupby(grades(past, origin, months)).agg(["sum", "count"])
    # Laplace: one leaver and one stayer more in each grade; a grade without customers gets one half.
    trained = trained.reindex([*GRADES, "other"], fill_value=0)
    rate = (trained["sum"] + 1) / (trained["count"] + 2)
    return named(grades(past, cutoff, months).map(rate).astype(float))


def logistic(shop: ShopData, cutoff: date) -> pd.Series:
    """Logistic regression on recency and frequency in the window."""
    past, months, origin = before(shop, cutoff)
    y = left(past, origin, months)
    now = log_recency_frequency(past, cutoff, months)
    if y.nunique() < 2:
        return constant(y, now.index)
    scaler = StandardScaler()
    model = LogisticRegression(C=10.0)
    model.fit(scaler.fit_transform(log_recency_frequency(past, origin, months)), y)
    return named(pd.Series(model.predict_proba(scaler.transform(now))[:, 1], index=now.index))


def lightgbm(shop: ShopData, cutoff: date) -> pd.Series:
    """Boosted trees, trained one horizon before the cutoff."""
    past, months, origin = before(shop, cutoff)
    return boosted(past, cutoff, months, [origin])


def lightgbm_stacked(shop: ShopData, cutoff: date) -> pd.Series:
    """Boosted trees, trained on up to twelve monthly origins together."""
    past, months, _ = before(shop, cutoff)
    return boosted(past, cutoff, months, monthly_origins(past, cutoff, months))


def bgnbd(shop: ShopData, cutoff: date) -> pd.Series:
    """BG/NBD: the exact chance of no purchase in the next horizon."""
    past, months, _ = before(shop, cutoff)
    table = repeat_table(past, cutoff)
    model = fit_bgnbd(table)
    active = table.loc[buyers(past, add_months(cutoff, -months), cutoff)]
    weeks = (add_months(cutoff, months) - pd.Timestamp(cutoff)).days / 7
    return named(p_no_purchase(model, active["frequency"], active["recency"], active["T"], weeks))


def blend(shop: ShopData, cutoff: date) -> pd.Series:
    """Mean of the logits of bgnbd and lightgbm_stacked."""
    return blended(bgnbd(shop, cutoff), lightgbm_stacked(shop, cutoff))


PEERS: dict[str, Callable[[ShopData, date], pd.Series]] = {
    "frequencies": frequencies,
    "logistic": logistic,
    "lightgbm": lightgbm,
    "lightgbm_stacked": lightgbm_stacked,
    "bgnbd": bgnbd,
    "blend": blend,
}


def before(shop: ShopData, cutoff: date) -> tuple[pd.DataFrame, int, pd.Timestamp]:
    """The purchases before the cutoff, the horizon in months, and the origin one horizon before the cutoff."""
    past = shop.purchases[shop.purchases["day"] < pd.Timestamp(cutoff)]
    return past, shop.horizon_months, add_months(cutoff, -shop.horizon_months)


def named(p: pd.Series) -> pd.Series:
    return p.rename("p_leave").rename_axis("customer").sort_index()


def constant(y: pd.Series, customers: pd.Index) -> pd.Series:
    """The smoothed rate for everyone, for training labels that are all the same."""
    return named(pd.Series((y.sum() + 1) / (len(y) + 2), index=customers))


def blended(p: pd.Series, q: pd.Series) -> pd.Series:
    """Mean of the two logits, as a probability."""
    p, q = p.clip(CLIP, 1 - CLIP), q.clip(CLIP, 1 - CLIP)
    logit = (np.log(p / (1 - p)) + np.log(q / (1 - q))) / 2
    return named(1 / (1 + np.exp(-logit)))


# --- recency, frequency, monetary ---


def window_table(past: pd.DataFrame, origin: date, months: int) -> pd.DataFrame:
    """Recency in days, receipts and amount of each buyer of the `months` before the origin."""
    inside = (past["day"] >= add_months(origin, -months)) & (past["day"] < pd.Timestamp(origin))
    by_customer = past[inside].groupby("customer")
    return pd.DataFrame({
        "recency": (pd.Timestamp(origin) - by_customer["day"].max()).dt.days,
        "frequency": by_customer.size(),
        "monetary": by_customer["amount"].sum(min_count=1),
    })


def quintile(values: pd.Series) -> pd.Series:
    """1 (lowest fifth) to 5 (highest fifth); equal values share their mean rank, hence one score."""
    return np.ceil(values.rank(pct=True) * 5).clip(1, 5)


def grades(past: pd.DataFrame, origin: date, months: int) -> pd.Series:
    """RFM grade of each buyer of the window; the quintiles are those of the window itself."""
    table = window_table(past, origin, months)
    scores = {"recency": quintile(-table["recency"]), "frequency": quintile(table["frequency"])}
    if table["monetary"].notna().any():
        scores["monetary"] = quintile(table["monetary"])
    total = sum(RFM_WEIGHTS[name] for name in scores)
    score = sum(RFM_WEIGHTS[name] * values for name, values in scores.items()) / total * 20
    return score.map(grade)


def grade(score: float) -> str:
    return next((name for name, least in GRADES.items() if score >= least), "other")


def log_recency_frequency(past: pd.DataFrame, origin: date, months: int) -> pd.DataFrame:
    return np.log1p(window_table(past, origin, months)[["recency", "frequency"]])


# --- boosted trees ---


def boosted(past: pd.DataFrame, cutoff: date, months: int, origins: list[pd.Timestamp]) -> pd.Series:
    x = pd.concat([features(past, origin, months) for origin in origins])
    y = pd.concat([left(past, origin, months) for origin in origins])
    now = features(past, cutoff, months)
    if y.nunique() < 2:
        return constant(y, now.index)
    model = LGBMClassifier(
        n_estimators=200, learning_rate=0.03, num_leaves=15, min_child_samples=20,
        deterministic=True, force_row_wise=True, random_state=1, n_jobs=1, verbose=-1,
    )
    model.fit(x, y)
    return named(pd.Series(model.predict_proba(now)[:, 1], index=now.index))


def monthly_origins(past: pd.DataFrame, cutoff: date, months: int) -> list[pd.Timestamp]:
    """One horizon before the cutoff, and the months before that with a whole horizon of history, at most twelve."""
    first_day = past["day"].min()
    origins = [add_months(cutoff, -months)]
    while len(origins) < MAX_ORIGINS:
        earlier = add_months(origins[-1], -1)
        if add_months(earlier, -months) < first_day:
            break
        origins.append(earlier)
    return origins[::-1]


def features(past: pd.DataFrame, origin: date, months: int) -> pd.DataFrame:
    """What is known at the origin of each buyer of the window before it, from all his history."""
    origin = pd.Timestamp(origin)
    seen = past[past["day"] < origin]
    customers = buyers(seen, add_months(origin, -months), origin)
    seen = seen[seen["customer"].isin(customers)]
    age = (origin - seen["day"]).dt.days
    parts = [day_features(seen, origin), amount_features(seen, age), count_features(seen, age)]
    table = pd.concat(parts, axis=1).reindex(customers)
    recent, earlier = table["receipts_90"], table["receipts_180"] - table["receipts_90"]
    table["trend"] = recent / (earlier + 1)
    return table


def day_features(seen: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """Recency, tenure and the gaps between days with a purchase."""
    days = seen[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    by_customer = days.groupby("customer")["day"]
    gaps = by_customer.diff().dt.days.groupby(days["customer"])
    table = pd.DataFrame({
        "recency": (origin - by_customer.max()).dt.days,
        "tenure": (origin - by_customer.min()).dt.days,
        "days_bought": by_customer.size(),
        "gap_mean": gaps.mean(),
        "gap_sd": gaps.std(),
        "gap_max": gaps.max(),
        "gap_last": gaps.last(),
    })
    table["recency_to_gap"] = table["recency"] / table["gap_mean"]
    table["days_per_tenure"] = table["days_bought"] / table["tenure"]
    return table


def amount_features(seen: pd.DataFrame, age: pd.Series) -> pd.DataFrame:
    """Amounts of the receipts; all NaN where the set has none."""
    by_customer = seen.groupby("customer")["amount"]
    recent = seen["amount"].where(age <= 90).groupby(seen["customer"])
    return pd.DataFrame({
        "amount_mean": by_customer.mean(),
        "amount_sd": by_customer.std(),
        "amount_last": by_customer.last(),
        "amount_90": recent.sum(min_count=1),
        "amount_all": by_customer.sum(min_count=1),
    })


def count_features(seen: pd.DataFrame, age: pd.Series) -> pd.DataFrame:
    """Receipts in the last days before the origin and in all."""
    table = {f"receipts_{days}": (age <= days).groupby(seen["customer"]).sum() for days in WINDOW_DAYS}
    table["receipts_all"] = seen.groupby("customer").size()
    return pd.DataFrame(table)


# --- BG/NBD ---


@dataclass(frozen=True)
class BgNbd:
    """Parameters with time in weeks, and the penalizer that was needed for the fit to converge."""

    r: float
    alpha: float
    a: float
    b: float
    penalizer: float


def repeat_table(past: pd.DataFrame, end: date) -> pd.DataFrame:
    """Repeat days, week of the last purchase and weeks observed, all from the customer's first day on."""
    days = past[["customer", "day"]].drop_duplicates().groupby("customer")["day"]
    first = days.min()
    return pd.DataFrame({
        "frequency": days.size() - 1,
        "recency": (days.max() - first).dt.days / 7,
        "T": (pd.Timestamp(end) - first).dt.days / 7,
    })


def fit_bgnbd(table: pd.DataFrame) -> BgNbd:
    """Maximum likelihood; where it does not converge with bounded parameters, and only then with a small penalizer."""
    # bounds are of the logarithms; a penalizer makes customers more unlike than they are
    for penalizer, bounds in [(0.0, None), (0.0, [(-9, 9)] * 4), *((penalizer, None) for penalizer in PENALIZERS)]:
        fitter = BetaGeoFitter(penalizer_coef=penalizer)
        try:
            # lifetimes prints the whole optimiser state when it does not converge.
            with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
                fitter.fit(table["frequency"], table["recency"], table["T"], bounds=bounds)
        except ConvergenceError:
            continue
        r, alpha, a, b = (float(fitter.params_[name]) for name in ("r", "alpha", "a", "b"))
        if np.isfinite([r, alpha, a, b]).all():
            return BgNbd(r, alpha, a, b, penalizer)
    raise ConvergenceError("BG/NBD did not converge with any penalizer")


def p_alive(model: BgNbd, x: pd.Series, tx: pd.Series, t: pd.Series) -> pd.Series:
    """Probability that the customer has not left for good by time t, after x repeat days, the last at tx."""
    growth = ((model.alpha + t) / (model.alpha + tx)) ** (model.r + x)
    dead_to_alive = model.a / (model.b + np.maximum(x, 1) - 1) * growth
    # Without a repeat purchase there was no chance to leave: the model lets customers go only after one.
    return 1 / (1 + dead_to_alive * (x > 0))


def p_no_purchase(model: BgNbd, x: pd.Series, tx: pd.Series, t: pd.Series, s: float) -> pd.Series:
    """Probability of no purchase in (t, t + s], given x repeat days, the last at tx, in (0, t].

    Derivation. With rate lambda ~ Gamma(r, alpha) and chance p ~ Beta(a, b) of leaving after each purchase, the
    history has the likelihood

        dead since tx (x > 0 only):  p (1 - p)^(x-1) lambda^x exp(-lambda tx)
        alive at t:                    (1 - p)^x     lambda^x exp(-lambda t)

    Given alive, lambda times its prior is proportional to lambda^(r+x-1) exp(-(alpha + t) lambda), so lambda ~
    Gamma(r + x, alpha + t), and it is independent of p. A customer can leave only right after a purchase, so one
    who is alive at t makes no purchase before t + s exactly if his next waiting time, which is exponential with
    rate lambda, exceeds s. Hence

        P(none | alive) = E[exp(-lambda s)] = ((alpha + t) / (alpha + t + s))^(r + x),
        P(none | dead)  = 1,
        P(none)         = 1 - P(alive) (1 - P(none | alive)).
    """
    none_if_alive = ((model.alpha + t) / (model.alpha + t + s)) ** (model.r + x)
    return 1 - p_alive(model, x, tx, t) * (1 - none_if_alive)
