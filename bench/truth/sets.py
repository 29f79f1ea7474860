"""The real shops of the benchmark: their purchases, the forecast horizon and the cutoffs."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd


@dataclass
class ShopData:
    """One shop. `purchases` has one row a receipt: customer, day, amount, receipt, product.

    `truth` is for simulated shops: by cutoff, the probability with which each customer leaves within the horizon.
    `items` is for shops with products, one row a customer, day and product.
    """

    name: str
    purchases: pd.DataFrame
    horizon_months: int
    cutoffs: list[date]
    truth: dict[date, pd.Series] = field(default_factory=dict)
    items: pd.DataFrame | None = None


@dataclass(frozen=True)
class Source:
    """Where a shop's rows lie, how to read them, and when it is forecast."""

    name: str
    files: tuple[str, ...]
    read: Callable[[list[Path]], pd.DataFrame]
    horizon_months: int
    cutoffs: tuple[str, ...]


def sets(data: Path) -> list[ShopData]:
    """All shops whose files are in the folder."""
    shops = []
    for source in SOURCES:
        paths = [Path(data) / file for file in source.files]
        if not all(path.exists() for path in paths):
            continue
        cutoffs = [date.fromisoformat(text) for text in source.cutoffs]
        rows = source.read(paths)
        shops.append(ShopData(source.name, receipts(rows), source.horizon_months, cutoffs, items=items(rows)))
    return shops


def add_months(day: date, months: int) -> pd.Timestamp:
    """The same day of the month, `months` later (earlier if negative), at midnight."""
    return pd.Timestamp(day) + pd.DateOffset(months=months)


def buyers(purchases: pd.DataFrame, start: date, end: date) -> pd.Index:
    """The customers with a purchase in [start, end), ascending."""
    inside = (purchases["day"] >= pd.Timestamp(start)) & (purchases["day"] < pd.Timestamp(end))
    return pd.Index(sorted(purchases.loc[inside, "customer"].unique()), name="customer")


def left(purchases: pd.DataFrame, cutoff: date, months: int) -> pd.Series:
    """1 for each buyer of the `months` before the cutoff who buys nothing in the `months` after it, else 0."""
    before = buyers(purchases, add_months(cutoff, -months), cutoff)
    after = buyers(purchases, cutoff, add_months(cutoff, months))
    return pd.Series((~before.isin(after)).astype(int), index=before, name="left")


def receipts(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a receipt from rows of customer, day, amount and, where the set has it, receipt."""
    if "receipt" not in rows:
        rows = rows.assign(receipt=rows["customer"] + "|" + rows["day"].dt.strftime("%Y-%m-%d"))
    # min_count keeps the amount NaN where the set has no amounts; a plain sum would make it 0.
    summed = rows.groupby(["day", "customer", "receipt"], as_index=False)["amount"].sum(min_count=1)
    summed["product"] = ""
    summed["day"] = summed["day"].astype("datetime64[ns]")
    return summed[["customer", "day", "amount", "receipt", "product"]]


def items(rows: pd.DataFrame) -> pd.DataFrame | None:
    """One row a customer, day and product from rows of these; None where the set has no products."""
    if "product" not in rows:
        return None
    known = rows.loc[rows["product"] != "", ["customer", "day", "product"]].drop_duplicates()
    return known.sort_values(["day", "customer", "product"], ignore_index=True)


def read_text(path: Path, **options: object) -> pd.DataFrame:
    """A table with every column as text, so that ids keep their leading zeros."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options)


def read_online_retail(paths: list[Path]) -> pd.DataFrame:
    """Both files; the first covers 2010-12-01..09 in full, so the second counts from the 10th on."""
    columns = ["invoice", "code", "description", "quantity", "time", "price", "customer", "country"]
    first, second = (read_text(path, header=0, names=columns) for path in paths)
    rows = pd.concat([first, second[second["time"] >= "2010-12-10"]], ignore_index=True)
    quantity = rows["quantity"].astype(float)
    bought = (rows["customer"] != "") & ~rows["invoice"].str.startswith("C") & (quantity > 0)
    amount = quantity * rows["price"].astype(float)
    table = pd.DataFrame({
        "customer": rows["customer"],
        "day": pd.to_datetime(rows["time"], format="%Y-%m-%d %H:%M:%S").dt.normalize(),
        "amount": amount,
        "receipt": rows["invoice"],
        "product": rows["code"],
    })
    return table[bought]


def read_cdnow(paths: list[Path]) -> pd.DataFrame:
    columns = ["customer", "day", "cds", "amount"]
    rows = read_text(paths[0], sep=r"\s+", header=0, names=columns)
    return plain(rows, "customer", "day", "%Y%m%d", "amount")


def read_cdnow_sample(path: Path) -> pd.DataFrame:
    """The sample of 2,357 customers, for which the BG/NBD parameters are published; not a set of its own."""
    columns = ["master", "customer", "day", "cds", "amount"]
    rows = read_text(path, sep=r"\s+", header=None, names=columns)
    return receipts(plain(rows, "customer", "day", "%Y%m%d", "amount"))


def read_grocery(paths: list[Path]) -> pd.DataFrame:
    return plain(read_text(paths[0]), "cust", "date", "%Y-%m-%d", None)


def read_tafeng(paths: list[Path]) -> pd.DataFrame:
    rows = read_text(paths[0])
    return plain(rows, "CUSTOMER_ID", "TRANSACTION_DT", "%m/%d/%Y", "SALES_PRICE").assign(product=rows["PRODUCT_ID"])


def read_apparel(paths: list[Path]) -> pd.DataFrame:
    return plain(read_text(paths[0]), "Id", "Date", "%Y-%m-%d", "Price")


def read_relay(paths: list[Path]) -> pd.DataFrame:
    rows = read_text(paths[0])
    return plain(rows, "UserId", "OrderDate", "%Y-%m-%d", "TotalCharges").assign(receipt=rows["OrderId"])


def read_random_retail(paths: list[Path]) -> pd.DataFrame:
    return plain(read_text(paths[0]), "customer_id", "trans_date", "%m/%d/%Y", "tran_amount")


def plain(rows: pd.DataFrame, customer: str, day: str, day_format: str, amount: str | None) -> pd.DataFrame:
    """Customer, day and amount from the named columns."""
    return pd.DataFrame({
        "customer": rows[customer],
        "day": pd.to_datetime(rows[day], format=day_format),
        "amount": rows[amount].astype(float) if amount else float("nan"),
    })


# Each cutoff has 2 horizons of whole months before it and 1 after it within the data; the tests check this.
SOURCES = [
    Source("online_retail_ii", ("online_retail_ii/2009_2010.csv.gz", "online_retail_ii/2010_2011.csv.gz"),
           read_online_retail, 3,
           ("2010-09-01", "2010-11-01", "2011-01-01", "2011-03-01", "2011-05-01", "2011-07-01", "2011-09-01")),
    Source("cdnow", ("cdnow/CDNOW_master.txt.gz",), read_cdnow, 3,
           ("1997-07-01", "1997-09-01", "1997-11-01", "1998-02-01", "1998-04-01")),
    Source("grocery_elog", ("grocery_elog/groceryElog.csv.gz",), read_grocery, 3,
           ("2006-07-01", "2006-10-01", "2007-02-01", "2007-05-01", "2007-09-01")),
    Source("tafeng_dated", ("tafeng_dated/third0.csv.gz",), read_tafeng, 1,
           ("2001-01-01", "2001-02-01")),
    Source("apparel", ("apparel/apparelTrans.csv.gz",), read_apparel, 6,
           ("2006-04-01", "2007-02-01", "2007-12-01", "2008-10-01", "2009-08-01", "2010-06-01")),
    Source("relay_foods", ("relay_foods/purchases_full_study.csv.gz",), read_relay, 2,
           ("2009-06-01", "2009-07-01", "2009-09-01", "2009-11-01", "2010-01-01")),
    Source("random_retail", ("random_retail/Retail_Data_Transactions.csv.gz",), read_random_retail, 3,
           ("2011-12-01", "2012-09-01", "2013-06-01", "2014-03-01", "2014-12-01")),
]
