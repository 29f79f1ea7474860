"""Populations whose every figure is known, samples of them, and shops where no group, partner or offer differs."""
from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sets import SOURCES, receipts

PEOPLE = 2500  # of the simulated population, each there once for every course the experiment could have taken
DRAW = 600
FIRST, START, SPLIT, UNTIL = "2023-01-01", "2023-03-01", "2023-09-01", "2024-03-01"
DAYS = 425  # from FIRST to UNTIL
PARTNERS, CLASSES = ["mart", "mall", "store", "corner"], ["food", "care", "home", "wear", "toys"]
AFFILIATES = ["cafe", "cinema", "taxi"]
EXPOSED_ON = ["2023-11-06", "2024-01-15"]  # further apart than the window in which purchases count
WINDOW_DAYS = 28
# Of two kinds of people, what one in four of them is offered.
ARMS = [["coupon_A", "coupon_B", "none", "none"], ["coupon_A", "coupon_A", "coupon_B", "none"]]


@dataclass
class Crowd:
    """Customers 0, 1, ... and all their events, in order of customer."""

    name: str
    start: str
    split: str
    until: str
    draw_size: int
    customers: int
    events: pd.DataFrame
    exposures: pd.DataFrame | None = None
    known: dict[str, float] = field(default_factory=dict)  # what was put in

    @property
    def has_gender(self) -> bool:
        return "gender" in self.events

    def sample(self, size: int, seed: int) -> Crowd:
        """So many customers with replacement; who is drawn twice is two."""
        chosen = np.random.default_rng(seed).integers(0, self.customers, size)
        exposures = None if self.exposures is None else of_customers(self.exposures, chosen)
        return Crowd(self.name, self.start, self.split, self.until, size, size, of_customers(self.events, chosen),
                     exposures)

    def write(self, folder: Path) -> list[Path]:
        """The events, and the exposures if there are any, as files to import."""
        tables = {"events.csv": self.events}
        if self.exposures is not None:
            tables["exposures.csv"] = self.exposures
        for name, rows in tables.items():
            ids = rows["customer"].map("c{:06d}".format)
            rows.drop(columns="customer").assign(customer_id=ids).to_csv(folder / name, index=False)
        return [folder / name for name in tables]


def of_customers(rows: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    """The rows of the chosen customers, who are numbered anew in that order."""
    ends = np.searchsorted(rows["customer"].to_numpy(), np.arange(chosen.max() + 2))
    counts = ends[chosen + 1] - ends[chosen]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    taken = rows.iloc[np.repeat(ends[chosen], counts) + within]
    return taken.assign(customer=np.repeat(np.arange(len(chosen)), counts))


def population(name: str, data: Path) -> Crowd | None:
    """Nothing where its files are missing."""
    if name == "simulated":
        return simulated(PEOPLE, 1, differs=True)
    source = next(source for source in SOURCES if source.name == name)
    paths = [Path(data) / file for file in source.files]
    return real(name, receipts(source.read(paths))) if all(path.exists() for path in paths) else None


# Of the real ones: first day of H1, of H2, and after it.
REAL = {"online_retail_ii": ("2010-12-01", "2011-06-01", "2011-12-01"),
        "grocery_elog": ("2006-10-01", "2007-04-01", "2007-10-01")}
POPULATIONS = ["simulated", *REAL]


def real(name: str, purchases: pd.DataFrame) -> Crowd:
    """The day of the week stands for the channel, which none of these shops tells."""
    start, split, until = REAL[name]
    seen = purchases[purchases["day"] < until]
    numbers, ids = pd.factorize(seen["customer"], sort=True)
    rows = pd.DataFrame({"customer": numbers, "ts": seen["day"].dt.strftime("%Y-%m-%d"), "action": "purchase",
                         "receipt_id": seen["receipt"], "channel": seen["day"].dt.day_name()})
    if seen["amount"].notna().any():
        rows["amount"] = seen["amount"].round(4)
    return Crowd(name, start, split, until, DRAW, len(ids), rows.sort_values("customer", kind="stable"))


def nothing_to_claim(seed: int) -> Crowd:
    """A shop of its own, in which chance alone makes groups, months and offers differ."""
    return simulated(DRAW, seed, differs=False)


def simulated(people: int, seed: int, differs: bool) -> Crowd:
    """A shop with payments, partners, classes and an experiment.

    If it differs, those who leave early use the mall more and pay less with our service, the mall grows, women buy
    other classes and coupon_A brings receipts; else none of it. A population has each person in each of the 16 courses
    of the experiment, so that its arms differ by what was caused alone; a shop where nothing differs has each in one.
    """
    random = np.random.default_rng(seed)
    life = np.where(random.random(people) < 0.3, DAYS, random.exponential(150, people))
    arrival = np.where(random.random(people) < 0.6, random.uniform(0, 60, people), random.uniform(0, DAYS - 1, people))
    rate = random.gamma(0.6, 1 / 20, people)  # receipts a day, after the first
    traits = {
        "leaves": (life < 200) if differs else random.random(people) < 0.5,
        "woman": random.random(people) < 0.5,
        "partner_use": random.beta(0.6, 3, people),
        "online": random.beta(0.7, 1.2, people),
        "spends": random.normal(0, 0.6, people),
        "pays": np.where(random.random(people) < 0.45, 0, random.beta(1.2, 2.0, people)),
        "rate": rate,
    }
    traits["pays"] *= np.where(traits["leaves"], 0.5, 1.0) if differs else 1.0
    traits["partners"] = random.dirichlet([1.0, 0.6, 0.5, 0.3], people)
    traits["classes"] = random.dirichlet([1.2, 0.8, 0.5, 0.5, 0.4], people)
    if differs:
        traits["partners"] *= np.where(traits["leaves"][:, None], [0.7, 2, 1, 1], 1)
        traits["classes"] *= np.where(traits["woman"][:, None], [1, 1.5, 1, 1.4, 0.7], 1)
    more = random.poisson(rate * np.minimum(life, DAYS - arrival))
    person = np.repeat(np.arange(people), 1 + more)
    is_first = np.r_[True, person[1:] != person[:-1]]
    day = arrival[person] + np.where(is_first, 0, random.random(len(person)) * np.minimum(life, DAYS - arrival)[person])
    base = lines_of(random, person, np.minimum(day, DAYS - 0.01), np.arange(len(person)), traits, differs)

    kind = (random.random(people) < 0.5).astype(int)
    pairs = list(itertools.product(range(4), repeat=2)) if differs else None
    copies = len(pairs) if pairs else 1
    arms = np.tile(pairs, (people, 1)) if pairs else random.integers(0, 4, (people, 2))
    owner = np.repeat(np.arange(people), copies)  # the person of each customer
    offers = np.array(ARMS)[kind[owner][:, None], arms]
    exposures, parts, known = [], [of_copies(base, copies)], {}
    for number, day_text in enumerate(EXPOSED_ON):
        offer = offers[:, number]
        propensity = (np.array(ARMS)[kind[owner]] == offer[:, None]).mean(axis=1)
        exposures.append(pd.DataFrame({"customer": np.arange(len(owner)), "ts": day_text, "offer": offer,
                                       "propensity": propensity}))
        if not differs:
            continue
        moved = np.flatnonzero(random.random(people) < 0.05 + 0.4 * np.minimum(1, rate * 30))
        exposed = (pd.Timestamp(day_text) - pd.Timestamp(FIRST)).days
        caused = lines_of(random, moved, exposed + random.uniform(1, WINDOW_DAYS - 1, len(moved)),
                          len(person) + number * people + np.arange(len(moved)), traits, differs)
        sold = caused[caused["action"] != "pay"]
        known["receipts"] = known.get("receipts", 0) + sold["receipt_id"].nunique() / people / len(EXPOSED_ON)
        known["spend"] = known.get("spend", 0) + sold["amount"].sum() / people / len(EXPOSED_ON)
        copied = of_copies(caused, copies)
        parts.append(copied[offer[copied["customer"]] == "coupon_A"])
    events = pd.concat(parts).sort_values("customer", kind="stable")
    return Crowd("simulated", START, SPLIT, UNTIL, DRAW, len(owner), events,
                 pd.concat(exposures).sort_values("customer", kind="stable"), known)


def of_copies(rows: pd.DataFrame, copies: int) -> pd.DataFrame:
    """Customer i becomes the customers copies * i, copies * i + 1, ..."""
    return pd.concat([rows.assign(customer=rows["customer"] * copies + copy) for copy in range(copies)])


def lines_of(random: np.random.Generator, person: np.ndarray, day: np.ndarray, number: np.ndarray,
             traits: dict[str, np.ndarray], differs: bool) -> pd.DataFrame:
    """The rows of receipts, of which each has a person, a day and a number: what was bought, and what was paid."""
    count = len(person)
    used = random.random(count) < traits["partner_use"][person]
    partner = np.array(PARTNERS)[chosen(random, traits["partners"][person])]
    if differs:
        partner = np.where(random.random(count) < 0.3 * day / DAYS, "mall", partner)
    online = (random.random(count) < traits["online"][person]) | (partner == "mall")
    paid = random.random(count) < traits["pays"][person]
    lines = np.where(used, 1, 1 + random.poisson(0.7, count))
    line = np.repeat(np.arange(count), lines)
    product = chosen(random, traits["classes"][person[line]])
    seconds = pd.Timestamp(FIRST) + pd.to_timedelta(np.floor(day * 86400), unit="s")
    rows = pd.DataFrame({
        "customer": person[line], "ts": seconds[line], "action": np.where(used, "partner_use", "purchase")[line],
        "product_id": np.where(used[line], "", np.char.add("P", product.astype(str))),
        "class": np.where(used[line], "", np.array(CLASSES)[product]),
        "amount": np.exp(9.3 + traits["spends"][person[line]] + random.normal(0, 0.8, len(line))).round(),
        "receipt_id": number[line],
        "partner": np.where(used, np.array(AFFILIATES)[number % 3], partner)[line],
        "channel": np.where(used, "", np.where(online, "online", "offline"))[line],
    })
    off = np.where(random.random(len(line)) < 0.3, random.uniform(0.05, 0.5, len(line)), 0)
    rows["list_price"] = np.where(used[line], "", (rows["amount"] / (1 - off)).round(2).astype(str))
    payments = rows[paid[line] & ~rows["receipt_id"].duplicated()].assign(action="pay", channel="")
    apart = payments[random.random(len(payments)) < 0.2].assign(partner="transit")  # where we know payments alone
    for paying in (payments, apart):
        paying["product_id"], paying["class"] = "", ""
    out = pd.concat([rows, payments, apart], ignore_index=True)
    out["ts"] = out["ts"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return out.assign(gender=np.where(traits["woman"][out["customer"]], "f", "m"))


def chosen(random: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row, as likely as its weight."""
    up_to = np.cumsum(weights, axis=1)
    return (up_to < random.random(len(weights))[:, None] * up_to[:, -1:]).sum(axis=1)


# --- a second computation of some figures of a population ---


def second(crowd: Crowd) -> dict[tuple[str, str, str, str], float]:
    """By room, table, column and key, from the events alone."""
    rows = crowd.events[crowd.events["ts"] < crowd.until].assign(day=lambda all_rows: all_rows["ts"].str[:10])
    sales = rows[rows["action"] != "pay"]
    by_receipt = sales.drop_duplicates(["customer", "day", "receipt_id"])
    bought = sales[sales["action"] == "purchase"]
    h1 = set(bought.loc[bought["day"].between(crowd.start, crowd.split, inclusive="left"), "customer"])
    h2 = set(bought.loc[bought["day"] >= crowd.split, "customer"])
    year = by_receipt[by_receipt["day"] >= crowd.start].groupby("customer").size()
    quantile = ("order_frequency", "order_quantile", "value, receipts per customer")
    out = {
        ("order_frequency", "run.fact", "one_time_share", "one_time_share"): (
            by_receipt.groupby("customer").size() == 1).mean(),
        ("grade_change", "run.fact", "left_share_of_h1", "left_share_of_h1"): len(h1 - h2) / len(h1),
        (*quantile, "receipts per customer, 0.5"): float(np.sort(year)[(len(year) - 1) // 2]),
        (*quantile, "receipts per customer, 0.9"): float(np.sort(year)[-(len(year) // 10) - 1]),
    }
    month = bought[bought["day"] >= str((pd.Timestamp(crowd.until) - pd.DateOffset(months=1)).date())]
    key = f"{month['day'].min()[:7]}-01, all, all"
    out["sales_trend", "sales_trend", "purchases_per_buyer", key] = (
        len(month.drop_duplicates(["customer", "day", "receipt_id"])) / month["customer"].nunique())
    if "amount" in rows:
        out["sales_trend", "sales_trend", "amount_per_buyer", key] = month["amount"].sum() / month["customer"].nunique()
    if crowd.exposures is not None:
        first = rows[rows["day"].between(crowd.start, crowd.split, inclusive="left")]
        count = first.drop_duplicates(["customer", "day", "receipt_id", "action"])
        receipt_count = count[count["action"] != "pay"].groupby("customer").size()
        paid = count[(count["action"] == "pay") & (count["partner"] != "transit")].groupby("customer").size()
        share = (paid.reindex(receipt_count.index).fillna(0) / receipt_count).clip(upper=1)
        out["pay_share", "pay_share_group", "mean", "all"] = share.mean()
        out["pay_share", "pay_share_group", "never", "all"] = (share == 0).mean()
        classed = first[first["customer"].isin(h1 | h2) & (first["class"] != "")]
        q = (classed["class"] == "care").mean()
        p = (classed.loc[classed["gender"] == "f", "class"] == "care").mean()
        women, cell = "group=raw.customer:gender=f", "product class, care"
        out[f"channel_divergence against=everybody {women}", "channel_divergence", "difference", cell] = p - q
        for outcome, effect in crowd.known.items():
            for method in ("difference", "cuped"):
                out["campaign.measure", "campaign_effect", "effect", f"coupon_A, {outcome}, {method}, all"] = effect
                out["campaign.measure", "campaign_effect", "effect", f"coupon_B, {outcome}, {method}, all"] = 0.0
    return out


def check(crowd: Crowd, truth: pd.DataFrame) -> list[str]:
    """Which figures of the program's are others than those of the second computation, of the columns that it has."""
    said = truth.set_index(["room", "table", "column", "key"])["value"]
    known = set(zip(truth["room"], truth["table"], truth["column"]))
    out = []
    for of, value in second(crowd).items():
        if of[:3] in known and not (of in said.index and abs(said[of] - value) <= 1e-6 * max(1.0, abs(value))):
            out.append(f"{crowd.name} {' '.join(of)}: {said.get(of)} said, {value} counted")
    return out
