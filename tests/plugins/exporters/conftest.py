"""One household and one plan, made by hand, whose files are in ``golden``, made by hand as well."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from realloc.household import Household
from realloc.plan import AccountCash, Certificate, ClassWeight, HouseholdTotals, Plan, PlanCosts
from realloc.trades import LotSale, Trade

GOLDEN = Path(__file__).with_name("golden")
LOT = LotSale(id="a1", shares=30.0, cost_per_share=180.0, acquired=date(2021, 3, 4), term="long", gain=2103.0)
TRADES = (
    Trade("401K-9", "FXAIX", -10.125, price=200.0, notional=-2025.0, sequence=1, reason="Sells stocks."),
    Trade("A-77", "VTI", -2.5, price=250.1, notional=-625.25, sequence=2, reason="Sells stocks."),
    Trade(
        "U0000001",
        "VTI",
        -30,
        price=250.1,
        notional=-7503.0,
        sequence=3,
        lots=(LOT,),
        reason="Sells us_stock.",
    ),
    Trade("401K-9", "FXNAX", 202.5, price=10.0, notional=2025.0, sequence=4, reason="Buys bonds."),
    Trade("A-77", "BND", 8, price=72.3, notional=578.4, sequence=5, reason="Buys bonds, [all] of them."),
    Trade("U0000001", "BND", 103, price=72.3, notional=7446.9, sequence=6, reason="Buys bonds."),
)
DOCUMENT = {
    "as_of": "2026-11-20",
    "prices": {"VTI": 250.1, "BND": 72.3, "FXAIX": 200.0, "FXNAX": 10.0},
    "accounts": [
        {
            "label": "Joint",
            "account_number": "U0000001",
            "cash": 1000.0,
            "positions": {"VTI": 100},
            "lots": [
                {
                    "id": "a1",
                    "symbol": "VTI",
                    "shares": 60,
                    "cost_per_share": 180.0,
                    "acquired": "2021-03-04",
                },
                {
                    "id": "a2",
                    "symbol": "VTI",
                    "shares": 40,
                    "cost_per_share": 262.75,
                    "acquired": "2026-01-15",
                },
            ],
        },
        {
            "label": "=Roth",
            "account_number": "A-77",
            "kind": "tax_exempt",
            "cash": 20.0,
            "positions": {"VTI": 2.5},
        },
        {
            "label": "Ben 401(k)",
            "account_number": "401K-9",
            "kind": "tax_deferred",
            "fractional": True,
            "only": ["FXAIX", "FXNAX"],
            "positions": {"FXAIX": 50.125},
        },
    ],
    "model": {"name": "bonds", "targets": {"BND": 1.0}},
}
PLAN = Plan(
    trades=TRADES,
    accounts=(
        AccountCash(account_number="401K-9", cash_before=0.0, cash_after=0.0),
        AccountCash(account_number="A-77", cash_before=20.0, cash_after=66.85),
        AccountCash(account_number="U0000001", cash_before=1000.0, cash_after=1056.1),
    ),
    classes=(ClassWeight(name="bonds", target=1.0, before=0.0, after=0.5, band=0.05),),
    household=HouseholdTotals(
        value=36680.25,
        drift_before=0.9,
        drift_after=0.5,
        realized_short_term=0.0,
        realized_long_term=2103.0,
    ),
    costs=PlanCosts(objective=1.0, do_nothing=2.0, drift=0.5, tax=0.5, trading=0.0, location=0.0),
    certificate=Certificate(status="certified", objective=1.0, bound=0.9, gap=0.1, gap_bps=0.01),
)


@pytest.fixture(name="household")
def _household() -> Household:
    return Household.from_dict(DOCUMENT)


@pytest.fixture(name="plan")
def _plan() -> Plan:
    return PLAN


@pytest.fixture(name="golden")
def _golden() -> Path:
    return GOLDEN
