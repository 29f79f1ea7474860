"""The deck's questions with pandas: the six tables in typed form, every code a categorical of the table that lists it, and
as Parquet files (as pandas writes them by default), as danggol leaves a store; then the answers.

--engine c       the C parser, told every type: the least memory
--engine pyarrow the multi-threaded Arrow parser, asked for dictionaries: the fastest import
"""

import os
import tempfile
import time

import numpy
import pandas
import pyarrow
import pyarrow.csv
import pyarrow.parquet  # noqa: F401  so that its loading is not timed

import answer_deck as answer

FROM, SPLIT, UNTIL = map(pandas.Timestamp, (answer.FROM, answer.SPLIT, answer.UNTIL))
RECEIPT = ["bought", "cust", "de_dt", "rct_no"]
NUMBERS = {"rct_no": "int64", "chnl_dv": "int8", "de_hr": "int8", "buy_am": "int32", "buy_ct": "int16"}
CODES = ["cust", "pd_c", "br_c", "cop_c"]
FAST = {"observed": True, "sort": False, "as_index": False}


def read_c(path, dates, codes):
    return pandas.read_csv(path, dtype=NUMBERS | codes, parse_dates=dates, date_format="%Y%m%d")


def read_pyarrow(path, dates, codes):
    kinds = {name: pyarrow.type_for_alias(kind) for name, kind in NUMBERS.items()}
    kinds |= dict.fromkeys(codes, pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
    kinds |= dict.fromkeys(dates, pyarrow.timestamp("s"))
    options = pyarrow.csv.ConvertOptions(column_types=kinds, timestamp_parsers=["%Y%m%d"], strings_can_be_null=True)
    lines = pyarrow.csv.read_csv(path, convert_options=options).to_pandas()
    return lines.astype({name: kind for name, kind in codes.items() if name in lines})


def read_files(files, engine):
    """The tables by name; the short ones first, for their codes are the types of the long ones."""
    read = read_pyarrow if engine == "pyarrow" else read_c
    tables = {name: pandas.read_csv(files[name], dtype="str") for name in ("demo", "product", "store")}
    codes = {
        "cust": tables["demo"]["cust"],
        "pd_c": tables["product"]["pd_c"],
        "br_c": tables["store"]["br_c"],
        "cop_c": sorted({*tables["store"]["cop_c"].dropna(), "L00", "L01"}),  # the last two: payments, no branches
    }
    codes = {name: pandas.CategoricalDtype(values) for name, values in codes.items()}
    tables["product"] = tables["product"].astype({"pd_c": codes["pd_c"], "clac_hlv_nm": "category"})
    tables["store"] = tables["store"].astype({"br_c": codes["br_c"], "zon_hlv": "category"})
    tables["purchase"] = read(files["purchase"], ["de_dt"], codes)
    tables["partner_use"] = read(files["partner_use"], ["de_dt", "vst_dt"], codes)
    tables["pay"] = read(files["pay"], ["de_dt"], codes)
    return tables


def during(lines, begin, end):
    return lines[(lines["de_dt"] >= begin) & (lines["de_dt"] < end)]


def parts(lines, bought):
    """A receipt is a customer, day, number and kind (bought or used); here a row for each place of a receipt."""
    places = ["cust", "de_dt", "rct_no", "chnl_dv", "cop_c", "br_c"]
    part = lines.groupby(places, dropna=False, **FAST).agg({"buy_am": "sum", "de_hr": "max"})
    return part.assign(bought=bought)


def by_slice(dimension, rows, column):
    """Rows of receipts into one row per month and slice. A receipt counts where it first stands in a slice."""
    first = ~rows.duplicated([*RECEIPT, column])
    buyer = pandas.DataFrame(
        {
            "month": rows["de_dt"].to_numpy().astype("datetime64[M]").astype("datetime64[s]"),
            "slice": rows[column],
            "cust": rows["cust"],
            "amount": rows["buy_am"],
            "receipts": first,
            "purchases": first & rows["bought"],
            "spent": rows["buy_am"] * rows["bought"],
        }
    )
    buyer = buyer.groupby(["month", "slice", "cust"], **FAST).sum()
    buyer["buyers"], buyer["product_buyers"] = 1, buyer["purchases"] > 0
    trend = buyer.drop(columns="cust").groupby(["month", "slice"], **FAST).sum()
    trend["slice"] = trend["slice"].astype("str")
    trend["amount_per_receipt"] = trend["amount"] / trend["receipts"]
    trend["purchases_per_buyer"] = trend["purchases"] / trend["product_buyers"]  # not a number where nobody bought
    trend["amount_per_buyer"] = trend["spent"] / trend["product_buyers"]
    return trend.rename(columns={"amount": "sales"}).assign(dimension=dimension)[list(answer.TABLES["sales_trend"])]


def sales_trend(tables, part):
    columns = ["cust", "de_dt", "rct_no", "buy_am", "pd_c"]
    line = during(tables["purchase"][columns], FROM, UNTIL).merge(tables["product"][["pd_c", "clac_hlv_nm"]], on="pd_c")
    return pandas.concat(
        [
            by_slice("all", part.assign(all="all"), "all"),
            by_slice("partner", part, "cop_c"),
            by_slice("channel", part.assign(channel=part["chnl_dv"].map(answer.CHANNELS)), "channel"),
            by_slice("store region", part.merge(tables["store"][["br_c", "zon_hlv"]], on="br_c"), "zon_hlv"),
            by_slice("product class", line.assign(bought=True), "clac_hlv_nm"),
        ]
    )


def order_frequency(receipt):
    receipts = receipt["cust"].value_counts()  # of all categories, so of those without one, too
    customers = receipts[receipts > 0].clip(upper=answer.MOST_RECEIPTS + 1).value_counts()
    return customers.rename_axis("receipts_from").reset_index(name="customers")


def score(values, ascending=True):
    """1..5 by the share of buyers that are strictly below (above, where small is better)."""
    below = values.rank(method="min", ascending=ascending).astype("int64") - 1
    return 1 + (5 * below // len(values)).clip(upper=4)


def rfm(receipt, period, begin, end):
    bought = during(receipt[receipt["bought"]], begin, end)
    last = bought["de_dt"] + pandas.to_timedelta(bought["de_hr"], unit="h")
    buyer = (
        bought.assign(last=last)
        .groupby("cust", observed=True)
        .agg(last=("last", "max"), frequency=("cust", "size"), monetary=("buy_am", "sum"))
    )
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
    return buyer.assign(period=period).reset_index()[["cust", *list(answer.TABLES["rfm"])[1:]]]


def pairs(buyer):
    """One row per customer that bought in either period."""
    h1, h2 = (buyer.loc[buyer["period"] == period, ["cust", "grade"]] for period in ("H1", "H2"))
    pair = h1.merge(h2, on="cust", how="outer").set_axis(["cust", "h1_grade", "h2_grade"], axis=1)
    return pair.fillna({"h1_grade": "inactive", "h2_grade": "inactive"})


def grade_change(pair):
    change = pair.groupby(["h1_grade", "h2_grade"]).size().rename("customers").reset_index()
    n = change.groupby("h1_grade")["customers"].transform("sum")
    share, zz = change["customers"] / n, answer.Z95**2
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = answer.Z95 / (1 + zz / n) * numpy.sqrt(share * (1 - share) / n + zz / (4 * n * n))
    change["share_of_h1"], change["share_lo"], change["share_hi"] = share, middle - half, middle + half
    change["share_of_all"] = change["customers"] / len(pair)
    return change[list(answer.TABLES["grade_change"])]


def in_group(pair, grades):
    return (pair["h1_grade"] == grades[0]) & (pair["h2_grade"] == grades[1])


def channel_divergence(tables, pair):
    """Few combinations are left of all lines, so that cutting them four ways costs nothing."""
    grouped = pair[["cust"]].assign(group_rows=in_group(pair, answer.GROUPS[0]), all_rows=True)

    def count(name, columns):
        lines = during(tables[name][["cust", "de_dt", *columns]], FROM, SPLIT).merge(grouped, on="cust")
        return lines.groupby(columns, **FAST)[["all_rows", "group_rows"]].sum()

    def cut(dimension, rows, cell):
        cells = rows[["all_rows", "group_rows"]].groupby(cell.astype("str")).sum()
        p, q = cells["group_rows"] / cells["group_rows"].sum(), cells["all_rows"] / cells["all_rows"].sum()
        element = p * numpy.log((p / q).where(p > 0, 1))
        table = pandas.DataFrame({"dimension": dimension, "p": p, "q": q, "element": element})
        return table.rename_axis("cell").reset_index()[list(answer.TABLES["channel_divergence"])]

    bought, used = count("purchase", ["chnl_dv", "cop_c", "pd_c"]), count("partner_use", ["cop_c"])
    bought = bought.merge(tables["product"][["pd_c", "clac_hlv_nm"]], on="pd_c", how="left")
    channel = bought["chnl_dv"].map(answer.CHANNELS)
    return pandas.concat(
        [
            cut("channel x partner", bought, channel + " " + bought["cop_c"].astype("str")),
            cut("partner", bought, bought["cop_c"]),
            cut("product class", bought, bought["clac_hlv_nm"]),
            cut("affiliate", used, used["cop_c"]),
        ]
    )


def pay_share(tables, receipt, pair):
    """Partners with payments and nothing else have no receipts that their payments could be a share of."""
    known = {*tables["purchase"]["cop_c"].unique(), *tables["partner_use"]["cop_c"].unique()}
    pay = during(tables["pay"], FROM, SPLIT)
    payment = pay[pay["cop_c"].isin(known)].drop_duplicates(["cust", "de_dt", "rct_no"])
    receipts = during(receipt, FROM, SPLIT)["cust"].value_counts()
    receipts = receipts[receipts > 0]
    share = (payment["cust"].value_counts().reindex(receipts.index) / receipts).clip(upper=1)
    rows = []
    groups = [("all", share)]
    for grades in answer.GROUPS:
        groups.append((" -> ".join(grades), share[share.index.isin(pair.loc[in_group(pair, grades), "cust"])]))
    for segment, shares in groups:
        rows.append((segment, len(shares), (shares == 0).sum(), shares.mean()))
    return pandas.DataFrame(rows, columns=list(answer.TABLES["pay_share"]))


def analyse(tables):
    """The answers by name."""
    part = pandas.concat(
        [
            parts(during(tables[name], FROM, UNTIL), bought)
            for name, bought in (("purchase", True), ("partner_use", False))
        ],
        ignore_index=True,
    )
    receipt = part.groupby(RECEIPT, **FAST).agg({"buy_am": "sum", "de_hr": "max"})
    buyer = pandas.concat([rfm(receipt, "H1", FROM, SPLIT), rfm(receipt, "H2", SPLIT, UNTIL)])
    pair = pairs(buyer)
    return {
        "sales_trend": sales_trend(tables, part),
        "order_frequency": order_frequency(receipt),
        "rfm": buyer,
        "grade_change": grade_change(pair),
        "channel_divergence": channel_divergence(tables, pair),
        "pay_share": pay_share(tables, receipt, pair),
    }


def main():
    parser = answer.arguments(__doc__)
    parser.add_argument("--engine", choices=["c", "pyarrow"], default="c")
    args = parser.parse_args()
    start = time.perf_counter()
    tables = read_files(answer.files(args.data), args.engine)
    read = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        written = time.perf_counter()
        for name, rows in tables.items():
            rows.to_parquet(os.path.join(folder, name + ".parquet"))
        written = time.perf_counter() - written
    started = time.perf_counter()
    answers = analyse(tables)
    analysed = time.perf_counter()
    peak_mb = answer.peak_rss_mb()

    answer.report(
        "pandas" if args.engine == "c" else "pandas-pyarrow",
        pandas.__version__,
        pyarrow.cpu_count(),
        read - start,
        read - start + written,
        analysed - started,
        peak_mb,
        {name: len(tables[name]) for name in answer.FILES},
        {name: rows.itertuples(index=False) for name, rows in answers.items()},
        args.out,
    )


if __name__ == "__main__":
    main()
