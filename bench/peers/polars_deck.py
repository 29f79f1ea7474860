"""The deck's questions with polars: the six tables in typed form, every code an Enum of the table that lists it, and as
Parquet files (as polars writes them by default), as danggol leaves a store; then the answers."""

import os
import tempfile
import time
from datetime import date

import polars
from polars import col

import answer_deck as answer

FROM, SPLIT, UNTIL = map(date.fromisoformat, (answer.FROM, answer.SPLIT, answer.UNTIL))
KINDS = {
    "rct_no": polars.Int64,
    "chnl_dv": polars.UInt8,
    "de_hr": polars.UInt8,
    "buy_am": polars.Int32,
    "buy_ct": polars.Int16,
}  # dates are parsed from text, and what is not named is one


def read_table(path, columns, kinds):
    schema = {column: kinds.get(column, polars.String) for column in columns.split()}
    lines = polars.scan_csv(path, has_header=False, skip_rows=1, schema=schema)
    return lines.with_columns(col(name).str.to_date("%Y%m%d") for name in schema if name.endswith("_dt"))


def read_files(files):
    """The tables by name; the short ones first, for their codes are the types of the long ones."""
    demo = read_table(files["demo"], "cust ma_fem_dv ages zon_hlv", {}).collect()
    product = read_table(files["product"], "pd_c pd_nm clac_hlv_nm clac_mcls_nm", {}).collect()
    store = read_table(files["store"], "br_c cop_c zon_hlv zon_mcls", {}).collect()
    partners = sorted({*store["cop_c"].drop_nulls(), "L00", "L01"})  # the last two take payments and have no branch
    codes = {
        "cust": polars.Enum(demo["cust"]),
        "pd_c": polars.Enum(product["pd_c"]),
        "br_c": polars.Enum(store["br_c"]),
        "cop_c": polars.Enum(partners),
    }
    product = product.cast({"pd_c": codes["pd_c"], "clac_hlv_nm": polars.Enum(product["clac_hlv_nm"].unique().sort())})
    store = store.cast({"br_c": codes["br_c"], "zon_hlv": polars.Enum(store["zon_hlv"].unique().sort())})
    kinds = KINDS | codes
    purchase, partner_use, pay = polars.collect_all(
        [
            read_table(files["purchase"], "cust rct_no chnl_dv cop_c br_c pd_c de_dt de_hr buy_am buy_ct", kinds),
            read_table(files["partner_use"], "cust rct_no cop_c br_c chnl_dv de_dt vst_dt de_hr buy_am", kinds),
            read_table(files["pay"], "cust rct_no cop_c chnl_dv de_dt de_hr buy_am", kinds),
        ]
    )
    return {
        "demo": demo,
        "purchase": purchase,
        "partner_use": partner_use,
        "product": product,
        "store": store,
        "pay": pay,
    }


def during(begin, end):
    return (col("de_dt") >= begin) & (col("de_dt") < end)


def channel(column="chnl_dv"):
    return col(column).replace_strict(answer.CHANNELS, default=None, return_dtype=polars.String)


def parts(tables):
    """A receipt is a customer, day, number and kind (bought or used); here a row for each place of a receipt."""
    keys = ["cust", "de_dt", "rct_no", "chnl_dv", "cop_c", "br_c"]
    return polars.concat(
        tables[name]
        .lazy()
        .filter(during(FROM, UNTIL))
        .group_by(keys)
        .agg(col("de_hr").max(), amount=col("buy_am").cast(polars.Int64).sum())
        .with_columns(bought=polars.lit(name == "purchase"))
        for name in ("purchase", "partner_use")
    )


def receipts(part):
    return part.group_by("bought", "cust", "de_dt", "rct_no").agg(col("de_hr").max(), col("amount").sum())


def by_slice(dimension, slice_text, receipt):
    """Receipts (slice, bought, cust, de_dt, amount) into one row per month and slice; codes become texts last."""
    purchases, spent, buyers = col("purchases").sum(), col("spent").sum(), (col("purchases") > 0).sum()
    return (
        receipt.filter(col("slice").is_not_null())
        .group_by(col("de_dt").dt.truncate("1mo").alias("month"), "slice", "cust")
        .agg(
            col("amount").sum(),
            receipts=polars.len(),
            purchases=col("bought").sum(),
            spent=(col("amount") * col("bought")).sum(),
        )
        .group_by("month", "slice")
        .agg(
            col("receipts").sum(),
            buyers=polars.len(),
            sales=col("amount").sum(),
            amount_per_receipt=col("amount").sum() / col("receipts").sum(),
            purchases_per_buyer=purchases / buyers,  # not a number where nobody bought a product
            amount_per_buyer=spent / buyers,
        )
        .with_columns(dimension=polars.lit(dimension), slice=slice_text)
        .select(list(answer.TABLES["sales_trend"]))
    )


def sales_trend(tables, part, receipt):
    def cut(lines, column):
        return lines.group_by(col(column).alias("slice"), "bought", "cust", "de_dt", "rct_no").agg(col("amount").sum())

    store = tables["store"].lazy().select("br_c", "zon_hlv")
    line = (
        tables["purchase"]
        .lazy()
        .filter(during(FROM, UNTIL))
        .join(tables["product"].lazy().select("pd_c", "clac_hlv_nm"), on="pd_c")
        .select("clac_hlv_nm", "cust", "de_dt", "rct_no", bought=True, amount=col("buy_am").cast(polars.Int64))
    )
    text = col("slice").cast(polars.String)
    return polars.concat(
        [
            by_slice("all", text, receipt.with_columns(slice=polars.lit("all"))),
            by_slice("partner", text, cut(part, "cop_c")),
            by_slice("channel", channel("slice"), cut(part, "chnl_dv")),
            by_slice("store region", text, cut(part.join(store, on="br_c"), "zon_hlv")),
            by_slice("product class", text, cut(line, "clac_hlv_nm")),
        ]
    )


def order_frequency(receipt):
    return (
        receipt.group_by("cust")
        .agg(receipts=polars.len())
        .group_by(receipts_from=polars.min_horizontal("receipts", answer.MOST_RECEIPTS + 1))
        .agg(customers=polars.len())
    )


def score(column, descending=False):
    """1..5 by the share of the period's buyers that are strictly below (above, where small is better)."""
    below = col(column).rank("min", descending=descending).cast(polars.Int64) - 1
    return (1 + polars.min_horizontal(4, 5 * below // polars.len())).over("period")


def rfm(receipt):
    last = col("de_dt").cast(polars.Datetime("us")) + polars.duration(hours="de_hr")
    end = polars.when(col("period") == "H1").then(polars.lit(SPLIT)).otherwise(polars.lit(UNTIL))
    return (
        receipt.filter(col("bought"))
        .group_by(
            polars.when(col("de_dt") < SPLIT).then(polars.lit("H1")).otherwise(polars.lit("H2")).alias("period"), "cust"
        )
        .agg(last=last.max(), frequency=polars.len(), monetary=col("amount").sum())
        .with_columns(recency_days=(end.cast(polars.Datetime("us")) - col("last")).dt.total_days())
        .with_columns(
            r_score=score("recency_days", descending=True), f_score=score("frequency"), m_score=score("monetary")
        )
        .with_columns(
            rfm_score=((0.3 * col("r_score") + 0.2 * col("f_score") + 0.5 * col("m_score")) * 100 / 5).round(9)
        )
        .with_columns(
            grade=polars.when(col("rfm_score") >= 80)
            .then(polars.lit("top"))
            .when(col("rfm_score") >= 60)
            .then(polars.lit("good"))
            .when(col("rfm_score") >= 40)
            .then(polars.lit("regular"))
            .otherwise(polars.lit("other"))
        )
        .select("cust", *list(answer.TABLES["rfm"])[1:])
    )


def pairs(buyer):
    """One row per customer that bought in either period."""
    h1 = buyer.filter(col("period") == "H1").select("cust", h1_grade="grade")
    h2 = buyer.filter(col("period") == "H2").select("cust", h2_grade="grade")
    return h1.join(h2, on="cust", how="full", coalesce=True).with_columns(
        col("h1_grade", "h2_grade").fill_null("inactive")
    )


def grade_change(pair):
    n, share, zz = col("n"), col("share_of_h1"), answer.Z95**2
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = answer.Z95 / (1 + zz / n) * (share * (1 - share) / n + zz / (4 * n * n)).sqrt()
    return (
        pair.group_by("h1_grade", "h2_grade")
        .agg(customers=polars.len().cast(polars.Int64))
        .with_columns(
            n=col("customers").sum().over("h1_grade"), share_of_all=col("customers") / col("customers").sum()
        )
        .with_columns(share_of_h1=col("customers") / n)
        .with_columns(share_lo=middle - half, share_hi=middle + half)
        .select(list(answer.TABLES["grade_change"]))
    )


def channel_divergence(tables, pair):
    """Few combinations are left of all lines, so that cutting them four ways costs nothing."""
    h1_grade, h2_grade = answer.GROUPS[0]
    grouped = pair.select("cust", in_group=(col("h1_grade") == h1_grade) & (col("h2_grade") == h2_grade))
    counts = {"all_rows": polars.len(), "group_rows": col("in_group").sum()}
    bought, used = (
        tables[name].lazy().filter(during(FROM, SPLIT)).join(grouped, on="cust")
        for name in ("purchase", "partner_use")
    )
    bought = (
        bought.group_by("chnl_dv", "cop_c", "pd_c")
        .agg(**counts)
        .join(tables["product"].lazy().select("pd_c", "clac_hlv_nm"), on="pd_c", how="left")
    )

    def cut(dimension, lines, cell):
        cells = lines.group_by(cell=cell.cast(polars.String)).agg(col("all_rows", "group_rows").sum())
        return (
            cells.filter(col("cell").is_not_null())
            .with_columns(
                dimension=polars.lit(dimension),
                p=col("group_rows") / col("group_rows").sum(),
                q=col("all_rows") / col("all_rows").sum(),
            )
            .with_columns(element=polars.when(col("p") > 0).then(col("p") * (col("p") / col("q")).log()).otherwise(0.0))
            .select(list(answer.TABLES["channel_divergence"]))
        )

    return polars.concat(
        [
            cut("channel x partner", bought, polars.format("{} {}", channel(), col("cop_c").cast(polars.String))),
            cut("partner", bought, col("cop_c")),
            cut("product class", bought, col("clac_hlv_nm")),
            cut("affiliate", used.group_by("cop_c").agg(**counts), col("cop_c")),
        ]
    )


def pay_share(tables, receipt, pair):
    """Partners with payments and nothing else have no receipts that their payments could be a share of."""
    known = [tables[name].lazy().select("cop_c").unique() for name in ("purchase", "partner_use")]
    paid = (
        tables["pay"]
        .lazy()
        .filter(during(FROM, SPLIT))
        .join(polars.concat(known), on="cop_c", how="semi")
        .select("cust", "de_dt", "rct_no")
        .unique()
        .group_by("cust")
        .agg(payments=polars.len())
    )
    share = (
        receipt.filter(col("de_dt") < SPLIT)
        .group_by("cust")
        .agg(receipts=polars.len())
        .join(paid, on="cust", how="left")
        .join(pair, on="cust", how="left")
        .select(
            "h1_grade", "h2_grade", share=polars.min_horizontal(1.0, col("payments").fill_null(0) / col("receipts"))
        )
    )

    def group(segment, rows):
        return rows.select(
            segment=polars.lit(segment),
            customers=polars.len(),
            never=(col("share") == 0).sum(),
            mean=col("share").mean(),
        )

    return polars.concat(
        [
            group("all", share),
            *(
                group(f"{h1} -> {h2}", share.filter((col("h1_grade") == h1) & (col("h2_grade") == h2)))
                for h1, h2 in answer.GROUPS
            ),
        ]
    )


def analyse(tables):
    """The answers by name. What several of them need is collected once; polars does not find that by itself."""

    def collect(plan):
        return plan.collect(engine="streaming")

    part = collect(parts(tables)).lazy()
    receipt = collect(receipts(part)).lazy()
    buyer = collect(rfm(receipt))
    pair = collect(pairs(buyer.lazy())).lazy()
    return {
        "sales_trend": collect(sales_trend(tables, part, receipt)),
        "order_frequency": collect(order_frequency(receipt)),
        "rfm": buyer,
        "grade_change": collect(grade_change(pair)),
        "channel_divergence": collect(channel_divergence(tables, pair)),
        "pay_share": collect(pay_share(tables, receipt, pair)),
    }


def main():
    args = answer.arguments(__doc__).parse_args()
    start = time.perf_counter()
    tables = read_files(answer.files(args.data))
    read = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        written = time.perf_counter()
        for name, rows in tables.items():
            rows.write_parquet(os.path.join(folder, name + ".parquet"))
        written = time.perf_counter() - written
    started = time.perf_counter()
    answers = analyse(tables)
    analysed = time.perf_counter()
    peak_mb = answer.peak_rss_mb()

    answer.report(
        "polars",
        polars.__version__,
        polars.thread_pool_size(),
        read - start,
        read - start + written,
        analysed - started,
        peak_mb,
        {name: len(tables[name]) for name in answer.FILES},
        {name: rows.iter_rows() for name, rows in answers.items()},
        args.out,
    )


if __name__ == "__main__":
    main()
