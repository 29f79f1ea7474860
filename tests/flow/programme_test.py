#!/usr/bin/env python3
"""A loyalty programme of the deck's size, simulated, imported and analysed: its published figures come out of danggol's
own tables, and the forecast by the deck's protocol stands beside the deck's.

    programme_test.py DANGGOL WORK_DIR

A smaller programme with randomised offers goes through the whole pipeline; its report stays in WORK_DIR as report.html for
the browser test.
"""

import argparse
import json
import re
import subprocess
import sys

from flow_test import Flow

PERIODS = ["--from=2021-01-01", "--split=2021-07-01", "--until=2022-01-01"]
GRADES_H1 = {"top": 0.274, "good": 0.268, "regular": 0.227, "other": 0.231}
# What the deck prints of its LightGBM on a random fifth, and what "the grade stays" scores on its supports.
DECK = {"accuracy": 0.41, "weighted F1": 0.35, "F1 other -> inactive": 0.73, "F1 top -> top": 0.74}
DECK_GRADE_STAYS = 0.468


def simulate(flow, name, *options):
    folder = flow.path(name)
    subprocess.run([flow.danggol, "simulate", "lpoint", "--out", folder, *options], check=True, capture_output=True)
    return folder


def near(value, published, share):
    return abs(value - published) <= share * published


def check_trend(flow):
    months = flow.sql(
        "SELECT month(month) AS month, buyers, sales, amount_per_receipt, purchases_per_buyer, amount_per_buyer "
        "FROM result.sales_trend WHERE dimension = 'all'"
    )
    flow.expect(len(months) == 12, "twelve months")
    of = {row["month"]: row for row in months}

    def extreme(figure, most):
        return (max if most else min)(of, key=lambda month: float(of[month][figure]))

    for figure, month, most, published, share in [
        ("buyers", 1, False, 19_394, 0.03),
        ("buyers", 5, True, 21_358, 0.03),
        ("sales", 5, True, 10_121_793_088, 0.04),
        ("sales", 7, False, 7_732_686_662, 0.04),
        ("amount_per_receipt", 7, False, 59_392, 0.04),
        ("amount_per_receipt", 11, True, 76_550, 0.04),
    ]:
        value = float(of[month][figure])
        flow.expect(
            near(value, published, share) and extreme(figure, most) == month,
            f"{figure} of month {month}: {value:,.0f}, published {published:,}, the {'most' if most else 'least'}",
        )
    flow.expect(of[5]["purchases_per_buyer"] > 6.3, f"purchases a buyer in May: {of[5]['purchases_per_buyer']:.2f} > 6.3")
    flow.expect(of[11]["purchases_per_buyer"] < 5.3, f"in November: {of[11]['purchases_per_buyer']:.2f} < 5.3")
    flow.expect(of[5]["amount_per_buyer"] > 500_000, f"amount a buyer in May: {of[5]['amount_per_buyer']:,.0f} > 500,000")
    course = {
        row["slice"]: row["after"] / row["before"]
        for row in flow.sql(
            "SELECT slice, avg(sales) FILTER (month(month) > 6) AS after, avg(sales) FILTER (month(month) < 6) AS before "
            "FROM result.sales_trend WHERE dimension = 'partner' GROUP BY slice"
        )
    }
    rest = [course[slice] for slice in ("A01", "A02", "A03", "A05")]
    flow.expect(course["A04"] > max(rest), f"A04 up from June: x {course['A04']:.2f}, the others at most {max(rest):.2f}")
    flow.expect(course["A06"] < min(rest), f"A06 down from June: x {course['A06']:.2f}, the others at least {min(rest):.2f}")


def facts(flow, room):
    return {
        row["name"]: row["value"]
        for row in flow.sql(
            f"SELECT name, value FROM run.fact WHERE run_id = (SELECT max(run_id) FROM run.log WHERE room = '{room}')"
        )
    }


def check_customers(flow):
    frequency = facts(flow, "order_frequency")
    flow.expect(frequency["customers"] == 29_756, "customers: 29,756")
    once = frequency["one_time_buyers"]
    flow.expect(near(once, 1_908, 0.1), f"one-receipt customers: {once:,.0f}, published 1,908")
    quartile = frequency["lower_quartile_receipts"]
    flow.expect(abs(quartile - 11) <= 1, f"lower quartile of receipts: {quartile:.0f}, published 11")

    moves = {(row["h1_grade"], row["h2_grade"]): row for row in flow.sql("SELECT * FROM result.grade_change")}
    h1 = {grade: sum(row["customers"] for (now, _), row in moves.items() if now == grade) for grade in GRADES_H1}
    buyers = sum(h1.values())
    for grade, published in GRADES_H1.items():
        share = h1[grade] / buyers
        flow.expect(abs(share - published) <= 0.04, f"{grade} in the first half: {share:.1%}, published {published:.1%}")
    left = {grade: moves[grade, "inactive"]["customers"] for grade in GRADES_H1 if (grade, "inactive") in moves}
    share = sum(left.values()) / buyers
    flow.expect(abs(share - 0.07) <= 0.015, f"left: {share:.1%}, published 7 %")
    share = left["other"] / sum(left.values())
    flow.expect(0.70 <= share <= 0.78, f"of them from other: {share:.1%}, published 72 to 77 %")
    share = moves["top", "top"]["share_of_h1"]
    flow.expect(0.60 <= share <= 0.75, f"top stays top: {share:.1%}, published two thirds")


def check_habits(flow):
    rows = flow.sql("SELECT dimension, cell, element, marked FROM result.channel_divergence WHERE element IS NOT NULL ORDER BY element")
    for dimension, most, least in [("channel x partner", "online A06", "offline A02"), ("affiliate", "C01", "D01")]:
        cells = [row for row in rows if row["dimension"] == dimension]
        flow.expect(
            cells[-1]["cell"] == most and cells[0]["cell"] == least and cells[-1]["marked"] and cells[0]["marked"],
            f"{dimension}: leavers over-use {cells[-1]['cell']} ({cells[-1]['element']:+.4f}) and under-use "
            f"{cells[0]['cell']} ({cells[0]['element']:+.4f})",
        )
    never = {row["segment"]: row["never"] for row in flow.sql("SELECT segment, never FROM result.pay_share_group")}
    flow.expect(
        never["other -> inactive"] > never["all"] > never["top -> top"],
        f"who never pays with L.pay: leavers {never['other -> inactive']:.0%}, all {never['all']:.0%}, "
        f"loyal {never['top -> top']:.0%}",
    )


def check_ranges(flow):
    """What goes through all sequences says the same where they do not fit into memory and come by ranges of customers."""
    runs = {
        "sales_trend": ["sales_trend"],
        "order_frequency": ["order_frequency", "order_quantile", "silence"],
        "pay_share": ["pay_share", "pay_share_group", "pay_share_distance", "pay_share_dose"],
        "channel_divergence --against=everybody --period=year": ["channel_divergence", "channel_divergence_total"],
    }
    for run, tables in runs.items():
        rows = " UNION ALL ".join(f"SELECT '{t}' AS t, count(*) AS n, sum(hash(x)) AS h FROM result.{t} x" for t in tables)
        whole = flow.sql(rows)
        flow.run("run", *run.split(), "--memory=130MB", *PERIODS)
        flow.expect(all(row["n"] > 0 for row in whole) and flow.sql(rows) == whole, f"{run} by ranges: the same")


def check_forecast(flow):
    split = {
        (row["metric"], row["predictor"]): row for row in flow.sql("SELECT * FROM result.forecast_random_split")
    }

    def f1(table, h1, h2):
        rows = flow.sql(f"SELECT f1 FROM result.{table} WHERE h1_grade = '{h1}' AND h2_grade = '{h2}'")
        return rows[0]["f1"]

    likeliest = "likeliest grade"
    ours = {
        "accuracy": split["accuracy", likeliest],
        "weighted F1": split["weighted_f1", likeliest],
    }
    figures = {name: (row["value"], row["across_time"]) for name, row in ours.items()}
    for name, (h1, h2) in {"F1 other -> inactive": ("other", "inactive"), "F1 top -> top": ("top", "top")}.items():
        figures[name] = (f1("forecast_random_split_pair", h1, h2), f1("forecast_pair", h1, h2))
    stays = split["accuracy", "grade stays"]
    print(f"{'':22}  deck  random fifth  across time")
    for name, (value, across_time) in figures.items():
        print(f"{name:22}  {DECK[name]:.2f}  {value:12.3f}  {across_time:11.3f}")
    print(f"{'the grade stays':22}  {DECK_GRADE_STAYS:.3f}  {stays['value']:11.3f}  {stays['across_time']:11.3f}")
    accuracy = figures["accuracy"][0]
    flow.expect(accuracy > stays["value"], f"accuracy {accuracy:.3f} beats the grade stays, {stays['value']:.3f}")
    flow.expect(accuracy > DECK["accuracy"], f"and the deck's {DECK['accuracy']}")
    flow.expect(figures["weighted F1"][0] > DECK["weighted F1"], "weighted F1 beats the deck's")
    flow.expect(figures["F1 top -> top"][0] > DECK["F1 top -> top"], "F1 of top -> top beats the deck's")
    flow.expect(
        ours["accuracy"]["across_time"] > stays["across_time"], "and the grade stays across time, which is what counts"
    )


def check_names(flow):
    """the report tells products by their names"""
    with open(flow.path("report.html"), encoding="utf-8") as page:
        data = json.loads(re.search(r'id="report-data"[^>]*>(.*?)</script>', page.read(), re.DOTALL)[1])
    tables = {table["id"]: table for section in data["sections"] for table in section["tables"]}
    names = {row["product_name"] for row in flow.sql("SELECT product_name FROM raw.product", store="small.duckdb")}
    for table, columns in {"recommendation": ("product_id", "because_product_id"), "campaign": ("product_id",)}.items():
        shown = tables[f"result.{table}"]
        for at in (i for i, column in enumerate(shown["columns"]) if column["name"] in columns):
            told = {row[at] for row in shown["rows"]} - {"", None}
            flow.expect(told and told <= names, f"{table}: products by name: {sorted(told)[:2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("danggol")
    parser.add_argument("folder")
    args = parser.parse_args()
    flow = Flow(args.danggol, args.folder)

    flow.run("import", "lpoint", simulate(flow, "programme"))
    for room in ["sales_trend", "order_frequency", "rfm", "grade_change", "pay_share"]:
        flow.run("run", room, *PERIODS)
    flow.run("run", "channel_divergence", "--against=everybody", "--period=year", *PERIODS)
    check_trend(flow)
    check_customers(flow)
    check_habits(flow)
    check_ranges(flow)
    flow.run("run", "grade_forecast.backtest", *PERIODS)
    flow.run("run", "grade_forecast.random_split", *PERIODS)
    check_forecast(flow)

    small = "small.duckdb"
    flow.run("import", "lpoint", simulate(flow, "small", "--customers=4000", "--offers"), store=small)
    flow.run("set", "channel_divergence.against=everybody", store=small)
    flow.run("pipeline", "--report", flow.path("report.html"), store=small)
    check_names(flow)
    rooms = {row["room"] for row in flow.sql("SELECT room FROM run.log WHERE state = 'done'", store=small)}
    flow.expect({"pay_share", "campaign", "campaign.measure"} <= rooms, f"nothing is left out: {len(rooms)} analyses")
    offers = flow.sql("SELECT DISTINCT offer, offer_place, pay_discount FROM result.campaign", store=small)
    found = flow.sql(
        "SELECT EXISTS(FROM result.channel_divergence WHERE marked AND difference > 0) AS places, EXISTS(FROM "
        "result.pay_share_trend WHERE among = 'receipts' AND z < 0 AND p_value <= 0.05 AND difference_lo > 0) AS pays",
        store=small,
    )[0]
    flow.expect(
        found["places"]
        and any(offer["offer_place"] for offer in offers)
        and any(offer["pay_discount"] for offer in offers) == found["pays"],
        f"the campaign offers what the other analyses found, and no more: {len(offers)} kinds",
    )
    return 1 if flow.problems else 0


if __name__ == "__main__":
    sys.exit(main())
