"""Online Retail II with polars: import the two files, then RFM of two half-years, grades and their change.

The import reads every column, as danggol does, and leaves a typed file (Parquet as polars writes it by default), as
danggol leaves a store.
"""

import os
import tempfile
import time
from datetime import datetime

import polars
from polars import col

import answer_retail as answer

COLUMNS = {
    "receipt": polars.String,
    "product": polars.String,
    "description": polars.String,
    "quantity": polars.Int32,
    "ts": polars.Datetime("us"),
    "price": polars.Float64,
    "customer": polars.Int32,
    "country": polars.String,
}  # both files' order


def read_files(paths):
    lines = polars.concat([polars.scan_csv(path, has_header=False, skip_rows=1, schema=COLUMNS) for path in paths])
    return lines.collect()


def events(lines):
    """All rows with a customer as events, and the number of those without (the rejects)."""
    event = (
        lines.lazy()
        .filter(col("customer").is_not_null())
        .select(
            "receipt",
            "product",
            "quantity",
            "ts",
            "price",
            "customer",
            purchase=~col("receipt").str.starts_with("C"),
            amount=col("quantity") * col("price"),
        )
        .collect()
    )
    return event, len(lines) - len(event)


def score(column, descending=False):
    """1..5 by the share of the period's buyers that are strictly below (above, where small is better)."""
    below = col(column).rank("min", descending=descending).cast(polars.Int64) - 1
    return (1 + polars.min_horizontal(4, 5 * below // polars.len())).over("period")


def rfm(event, begin, split, end):
    first = col("ts") < split
    return (
        event.lazy()
        .filter((col("ts") >= begin) & (col("ts") < end))
        .group_by(
            "purchase",
            polars.when(first).then(polars.lit("H1")).otherwise(polars.lit("H2")).alias("period"),
            "customer",
            col("ts").dt.date().alias("day"),
            "receipt",
        )
        .agg(
            col("ts").max(), polars.when("purchase").then(col("amount")).otherwise(-col("amount").abs()).sum()
        )
        .group_by("period", "customer")
        .agg(
            col("ts").filter(col("purchase")).max().alias("last"),
            frequency=col("purchase").sum().cast(polars.Int64),
            monetary=col("amount").sum().round(3),  # exact again, so that ties are ties
        )
        .filter(col("frequency") > 0)
        .with_columns(
            recency_days=(
                polars.when(col("period") == "H1").then(polars.lit(split)).otherwise(polars.lit(end)) - col("last")
            ).dt.total_days()
        )
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
        .collect()
    )


def grade_change(buyer):
    h1 = buyer.lazy().filter(col("period") == "H1").select("customer", h1_grade="grade")
    h2 = buyer.lazy().filter(col("period") == "H2").select("customer", h2_grade="grade")
    n, share, zz = col("n"), col("share_of_h1"), answer.Z95**2
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = answer.Z95 / (1 + zz / n) * (share * (1 - share) / n + zz / (4 * n * n)).sqrt()
    return (
        h1.join(h2, on="customer", how="full", coalesce=True)
        .group_by(col("h1_grade").fill_null("inactive"), col("h2_grade").fill_null("inactive"))
        .agg(customers=polars.len().cast(polars.Int64))
        .with_columns(
            n=col("customers").sum().over("h1_grade"), share_of_all=col("customers") / col("customers").sum()
        )
        .with_columns(share_of_h1=col("customers") / n)
        .with_columns(share_lo=middle - half, share_hi=middle + half)
        .collect()
    )


def main():
    args = answer.arguments(__doc__).parse_args()
    start = time.perf_counter()
    lines = read_files(answer.files(args.data))
    event, rejects = events(lines)
    read = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        written = time.perf_counter()
        lines.write_parquet(os.path.join(folder, "retail.parquet"))
        written = time.perf_counter() - written
    del lines
    analyse = time.perf_counter()
    begin, split, end = map(datetime.fromisoformat, (answer.FROM, answer.SPLIT, answer.UNTIL))
    buyer = rfm(event, begin, split, end)
    change = grade_change(buyer)
    analysed = time.perf_counter()
    peak_mb = answer.peak_rss_mb()

    purchases = int(event["purchase"].sum())
    answer.report(
        "polars",
        polars.__version__,
        polars.thread_pool_size(),
        read - start,
        read - start + written,
        analysed - analyse,
        peak_mb,
        {"rows": len(event) + rejects, "purchase": purchases, "cancel": len(event) - purchases, "reject": rejects},
        buyer.select("customer", *answer.RFM[1:]).iter_rows(),
        change.select(answer.GRADE_CHANGE).iter_rows(),
        args.out,
    )


if __name__ == "__main__":
    main()
