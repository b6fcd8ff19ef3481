"""Small broker files and portfolio files for the tests, with invented numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "brokers"
EXAMPLE = Path(__file__).parents[2] / "examples" / "portfolio"

Row = tuple[str, str, str, str, str]
"""Account number, account name, symbol, shares, price; ``SPAXX**`` has its dollars as shares."""

FIDELITY = (
    "Account number,Account name,Symbol,Description,Quantity,Last price,Current value,Cost basis total,Type"
)


def fidelity(path: Path, day: str, rows: Iterable[Row]) -> Path:
    """Write a Fidelity positions file that was downloaded on `day` (``Nov-20-2026``)."""
    lines = [FIDELITY]
    for number, name, symbol, shares, price in rows:
        if symbol == "SPAXX**":
            lines.append(f"{number},{name},SPAXX**,HELD IN MONEY MARKET,,,${shares},,Cash,")
        else:
            value = f"{float(shares) * float(price):.2f}"
            lines.append(f"{number},{name},{symbol},{symbol} FUND,{shares},${price},${value},--,Cash,")
    text = "\n".join([*lines, "", f'"Date downloaded {day} 5:45 p.m ET"', ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


HOUSEHOLD = """\
# Our portfolio
as_of = 2026-11-20

[[accounts]]  # the joint one
label = "Joint"
account_number = "Z00000101"
kind = "taxable"
import = "downloads/Portfolio_Positions_*.csv"
lots = [  # from the broker's page
    { symbol = "VTI", shares = 100, cost_per_share = 182.30, acquired = 2021-03-04, id = "a1" },  # first
    { symbol = "VTI", shares = 20, cost_per_share = 262.75, acquired = 2026-01-15 },  # at a loss
]

[[accounts]]
label = "IRA"
account_number = "200000303"
kind = "tax_deferred"
import = "downloads/Portfolio_Positions_*.csv"

# What we want
[model.targets]
VTI = 0.6
BND = 0.4

[prices]
ITOT = 110.0  # not held yet

[policy.wash_sales]
identical = [["VTI", "ITOT"]]
"""

BEFORE: list[Row] = [
    ("Z00000101", "Joint", "SPAXX**", "1000.00", ""),
    ("Z00000101", "Joint", "VTI", "120", "250.00"),
    ("200000303", "Rollover IRA", "SPAXX**", "500.00", ""),
    ("200000303", "Rollover IRA", "BND", "100", "72.00"),
]


def household(folder: Path, text: str = HOUSEHOLD) -> Path:
    """Write a portfolio file and the broker's file of 20 November that it points to."""
    fidelity(folder / "downloads" / "Portfolio_Positions_Nov-20-2026.csv", "Nov-20-2026", BEFORE)
    path = folder / "portfolio.toml"
    path.write_text(text, encoding="utf-8", newline="")
    return path
