"""Measures of probability forecasts. Everywhere p is the forecast that a customer leaves, y is 1 if he left, else 0.

In `steps` alone p is the forecast that a customer buys a product if he comes back.
"""
from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

CLIP = 1e-6
BINS = 10
ECE_DRAWS = 200
BOOTSTRAP_DRAWS = 2000


def log_losses(p: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Log loss of each customer."""
    p, y = as_arrays(p, y)
    p = np.clip(p, CLIP, 1 - CLIP)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def log_loss(p: ArrayLike, y: ArrayLike) -> float:
    return float(log_losses(p, y).mean())


def squared_errors(p: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Brier score of each customer."""
    p, y = as_arrays(p, y)
    return (p - y) ** 2


def brier(p: ArrayLike, y: ArrayLike) -> float:
    return float(squared_errors(p, y).mean())


def auc(p: ArrayLike, y: ArrayLike) -> float:
    """Chance that a leaver has a higher p than one who stays, ties count half; NaN if there is only one kind."""
    p, y = as_arrays(p, y)
    leavers = int(y.sum())
    stayers = len(y) - leavers
    if leavers == 0 or stayers == 0:
        return float("nan")
    rank_sum = rankdata(p)[y == 1].sum()
    return float((rank_sum - leavers * (leavers + 1) / 2) / (leavers * stayers))


def ece10(p: ArrayLike, y: ArrayLike) -> float:
    """Mean absolute gap between forecast and share of leavers over ten bins of equal count by p."""
    p, y = as_arrays(p, y)
    order = np.argsort(p, kind="stable")
    p = p[order]
    y = mean_over_ties(p, y[order])
    bins = [part for part in np.array_split(np.arange(len(p)), BINS) if len(part)]
    return float(sum(abs(p[part].mean() - y[part].mean()) * len(part) for part in bins) / len(p))


def mean_over_ties(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """y averaged over customers with equal p, for sorted p.

    A bin's edge may cut through such customers; without this the result would hang on their order in the table.
    """
    _, group, counts = np.unique(p, return_inverse=True, return_counts=True)
    return (np.bincount(group, weights=y) / counts)[group]


def ece10_debiased(p: ArrayLike, y: ArrayLike, seed: int) -> float:
    """ece10 less what a perfect forecast of this p would show by chance, at least 0."""
    p, y = as_arrays(p, y)
    random = np.random.default_rng(seed)
    by_chance = [ece10(p, random.random(len(p)) < p) for _ in range(ECE_DRAWS)]
    return max(0.0, ece10(p, y) - float(np.mean(by_chance)))


def paired(loss_a: ArrayLike, loss_b: ArrayLike, seed: int) -> tuple[float, float, float]:
    """Mean of loss_a - loss_b and its 95 % bootstrap interval over customers: (mean, low, high).

    One value a customer. Rows of one customer from several cutoffs are not independent: average them first.
    """
    a, b = as_arrays(loss_a, loss_b)
    difference = a - b
    random = np.random.default_rng(seed)
    n = len(difference)
    means = [difference[random.integers(0, n, n)].mean() for _ in range(BOOTSTRAP_DRAWS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def winkler(lo: ArrayLike, hi: ArrayLike, truth: ArrayLike, level: float = 0.95) -> float:
    """Interval score, lower is better: the width, plus 2 / (1 - level) times the miss; the mean over intervals."""
    lo, hi, truth = (np.asarray(value, dtype=float) for value in (lo, hi, truth))
    miss = np.maximum(lo - truth, 0) + np.maximum(truth - hi, 0)
    return float(np.mean(hi - lo + 2 / (1 - level) * miss))


def steps(said: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """By distinct p, lo and hi of what is said: how many pairs there are, and the share of them that came.

    `said` has a customer, product, p, lo and hi a row, `bought` a customer and product. A pair counts where its
    customer bought anything, and came where they bought that product.
    """
    back = said[said["customer"].isin(bought["customer"])]
    came = pd.MultiIndex.from_frame(back[["customer", "product"]]).isin(
        pd.MultiIndex.from_frame(bought[["customer", "product"]]))
    by_step = back.assign(came=came).groupby(["p", "lo", "hi"])["came"]
    return by_step.agg(pairs="size", came="mean").reset_index()


def as_arrays(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both as float arrays; pandas Series must have the same index, since only positions are compared."""
    if isinstance(a, pd.Series) and isinstance(b, pd.Series) and not a.index.equals(b.index):
        raise ValueError("the two have different customers or another order")
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) == 0:
        raise ValueError(f"need two vectors of one length, got {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("a value is missing or infinite")
    return a, b
