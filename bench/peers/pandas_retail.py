"""Online Retail II with pandas: import the two files, then RFM of two half-years, grades and their change.

The import reads every column, as danggol does, and leaves a typed file (Parquet as pandas writes it by default), as
danggol leaves a store.

--engine c       the C parser, categoricals for repeated text: the least memory
--engine pyarrow the multi-threaded Arrow parser: the fastest import
"""

import os
import tempfile
import time

import numpy
import pandas
import pyarrow.csv  # noqa: F401  so that its loading is not timed
import pyarrow.parquet  # noqa: F401

import answer_retail as answer

NAMES = ["receipt", "product", "description", "quantity", "ts", "price", "customer", "country"]  # both files' order
TEXTS = ["receipt", "product", "description", "country"]


def read_c(path):
    return pandas.read_csv(
        path,
        header=0,
        names=NAMES,
        parse_dates=["ts"],
        date_format="%Y-%m-%d %H:%M:%S",
        dtype={
            **{name: "category" for name in TEXTS},
            "quantity": "int32",
            "price": "float64",
            "customer": "float64",
        },
    )


def read_pyarrow(path):
    header = pandas.read_csv(path, nrows=0).columns
    lines = pandas.read_csv(
        path,
        engine="pyarrow",
        dtype={
            **{header[NAMES.index(name)]: "str" for name in TEXTS},
            header[3]: "int32",
            header[5]: "float64",
            header[6]: "float64",
        },
    )
    return lines.set_axis(NAMES, axis=1)


def read_files(paths, engine):
    if engine == "pyarrow":
        return pandas.concat([read_pyarrow(path) for path in paths], ignore_index=True)
    parts = [read_c(path) for path in paths]
    for column in TEXTS:  # one set of categories, so that concat keeps the type
        union = pandas.api.types.union_categoricals([part[column] for part in parts]).categories
        for part in parts:
            part[column] = part[column].cat.set_categories(union)
    return pandas.concat(parts, ignore_index=True)


def events(lines):
    """All rows with a customer as events, and the number of those without (the rejects)."""
    event = lines.loc[lines["customer"].notna(), ["receipt", "product", "quantity", "ts", "price", "customer"]]
    event["customer"] = event["customer"].astype("int32")
    event["purchase"] = ~event["receipt"].str.startswith("C")
    event["amount"] = event["quantity"] * event["price"]
    return event, len(lines) - len(event)


def score(values, ascending=True):
    """1..5 by the share of buyers that are strictly below (above, where small is better)."""
    below = values.rank(method="min", ascending=ascending).astype("int64") - 1
    return 1 + (5 * below // len(values)).clip(upper=4)


def rfm(event, period, begin, end):
    inside = event.loc[(event["ts"] >= begin) & (event["ts"] < end), ["customer", "receipt", "ts", "amount", "purchase"]]
    bought, back = inside[inside["purchase"]], inside[~inside["purchase"]]
    buyer = bought.groupby("customer").agg(last=("ts", "max"), monetary=("amount", "sum"))
    receipt = bought.assign(day=bought["ts"].dt.normalize()).drop_duplicates(["customer", "day", "receipt"])
    buyer["frequency"] = receipt.groupby("customer").size()
    taken_back = back["amount"].abs().groupby(back["customer"]).sum()
    buyer["monetary"] = buyer["monetary"].sub(taken_back.reindex(buyer.index, fill_value=0))
    buyer["monetary"] = buyer["monetary"].round(3)  # exact again, so that ties are ties
    buyer["recency_days"] = (end - buyer["last"]).dt.days
    buyer["r_score"] = score(buyer["recency_days"], ascending=False)
    buyer["f_score"] = score(buyer["frequency"])
    buyer["m_score"] = score(buyer["monetary"])
    weighted = 0.3 * buyer["r_score"] + 0.2 * buyer["f_score"] + 0.5 * buyer["m_score"]
    buyer["rfm_score"] = (weighted * 100 / 5).round(9)
    buyer["grade"] = numpy.select(
        [buyer["rfm_score"] >= 80, buyer["rfm_score"] >= 60, buyer["rfm_score"] >= 40],
        ["top", "good", "regular"],
        "other",
    )
    buyer["period"] = period
    return buyer


def grade_change(h1, h2):
    pair = pandas.concat([h1["grade"].rename("h1_grade"), h2["grade"].rename("h2_grade")], axis=1).fillna(
        "inactive"
    )
    change = pair.groupby(["h1_grade", "h2_grade"]).size().rename("customers").reset_index()
    n = change.groupby("h1_grade")["customers"].transform("sum")
    share, zz = change["customers"] / n, answer.Z95**2
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = answer.Z95 / (1 + zz / n) * numpy.sqrt(share * (1 - share) / n + zz / (4 * n * n))
    change["share_of_h1"], change["share_lo"], change["share_hi"] = share, middle - half, middle + half
    change["share_of_all"] = change["customers"] / len(pair)
    return change


def main():
    parser = answer.arguments(__doc__)
    parser.add_argument("--engine", choices=["c", "pyarrow"], default="c")
    args = parser.parse_args()
    start = time.perf_counter()
    lines = read_files(answer.files(args.data), args.engine)
    event, rejects = events(lines)
    read = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        written = time.perf_counter()
        lines.to_parquet(os.path.join(folder, "retail.parquet"))
        written = time.perf_counter() - written
    del lines
    analyse = time.perf_counter()
    begin, split, end = map(pandas.Timestamp, (answer.FROM, answer.SPLIT, answer.UNTIL))
    h1, h2 = rfm(event, "H1", begin, split), rfm(event, "H2", split, end)
    change = grade_change(h1, h2)
    analysed = time.perf_counter()
    peak_mb = answer.peak_rss_mb()

    purchases = int(event["purchase"].sum())
    answer.report(
        "pandas" if args.engine == "c" else "pandas-pyarrow",
        pandas.__version__,
        pyarrow.cpu_count(),
        read - start,
        read - start + written,
        analysed - analyse,
        peak_mb,
        {"rows": len(event) + rejects, "purchase": purchases, "cancel": len(event) - purchases, "reject": rejects},
        pandas.concat([h1, h2]).reset_index()[["customer", *answer.RFM[1:]]].itertuples(index=False),
        change[answer.GRADE_CHANGE].itertuples(index=False),
        args.out,
    )


if __name__ == "__main__":
    main()
