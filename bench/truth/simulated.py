"""Shops that danggol simulates: they prove the recovery of what was put in, and never that real shops behave so."""
from __future__ import annotations

import subprocess
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd

from sets import ShopData, items, receipts

CUTOFFS = [date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1)]
HORIZON_MONTHS = 3
# The plain model; then what real shops have beside it, each with what makes leaving harder to foresee.
SHOPS = {
    "simulated_800": ["--customers=800", "--seed=1"],
    "simulated_3000": ["--customers=3000", "--seed=2"],
    "simulated_growing": ["--customers=3000", "--seed=3", "--growth=3", "--cohort-month=2024-03", "--cohort-share=0.2",
                          "--cohort-hazard-factor=3", "--one-time-share=0.25"],
    "simulated_seasonal": ["--customers=3000", "--seed=4", "--growth=1", "--rate-drift=0.7", "--hazard-drift=1.3",
                           "--season=0.7,0.7,0.9,0.9,1,1,0.8,0.8,1,1.2,1.6,2"],
    "simulated_closing": ["--customers=3000", "--seed=5", "--growth=1", "--closed=2023-08,2024-02,2024-08"],
}


def sets(danggol: Path) -> list[ShopData]:
    return [shop(danggol, name, options) for name, options in SHOPS.items()]


def shop(danggol: Path, name: str, options: list[str]) -> ShopData:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "shop"
        subprocess.run([danggol, "simulate", "shop", "--months=24", *options, "--out", out], check=True,
                       capture_output=True)
        rows = pd.read_csv(out / "events.csv", dtype=str, keep_default_na=False)
        leave = pd.read_csv(out / "truth" / "leave.csv")
    rows = rows[rows["action"] == "purchase"]
    table = pd.DataFrame({
        "customer": rows["customer_id"],
        "day": pd.to_datetime(rows["ts"]).dt.normalize(),
        "amount": pd.to_numeric(rows["price"]) * pd.to_numeric(rows["quantity"]),
        "receipt": rows["receipt_id"],
        "product": rows["product_id"],
    })
    leave = leave[leave["horizon_months"] == HORIZON_MONTHS]
    truth = {date.fromisoformat(cutoff): known.set_index("customer_id")["p_leave"]
             for cutoff, known in leave.groupby("cutoff")}
    return ShopData(name, receipts(table), HORIZON_MONTHS, CUTOFFS, truth, items(table))
