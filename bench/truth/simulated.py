"""Shops that danggol simulates: they prove the recovery of what was put in, and never that real shops behave so."""
from __future__ import annotations

import subprocess
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd

from sets import ShopData, receipts

CUTOFFS = [date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1)]
SHOPS = [("simulated_800", 800, 1), ("simulated_3000", 3000, 2)]  # name, customers, seed
HORIZON_MONTHS = 3


def sets(danggol: Path) -> list[ShopData]:
    return [shop(danggol, *of) for of in SHOPS]


def shop(danggol: Path, name: str, customers: int, seed: int) -> ShopData:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "shop"
        subprocess.run([danggol, "simulate", "shop", f"--customers={customers}", "--months=24", f"--seed={seed}", "--out",
                        out], check=True, capture_output=True)
        rows = pd.read_csv(out / "events.csv", dtype=str, keep_default_na=False)
    rows = rows[rows["action"] == "purchase"]
    table = pd.DataFrame({
        "customer": rows["customer_id"],
        "day": pd.to_datetime(rows["ts"]).dt.normalize(),
        "amount": pd.to_numeric(rows["price"]) * pd.to_numeric(rows["quantity"]),
        "receipt": rows["receipt_id"],
    })
    return ShopData(name, receipts(table), HORIZON_MONTHS, CUTOFFS)
