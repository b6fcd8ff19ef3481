"""What the tax package refuses: the code of each finding and the place that it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from realloc.accounts import Lot
from realloc.errors import InputError
from realloc.policy import Tax
from realloc.returns import DEFAULT_RETURNS
from realloc.tax.history import DenialRules, History, Purchase, Sale, check_history
from realloc.tax.location import location_costs, preference_costs
from realloc.tax.rates import federal_income_tax, loss_limit, tax_policy
from realloc.tax.relief import relief_places, relieve
from realloc.tax.terms import long_term_cutoff, long_term_from

DAY = date(2026, 3, 2)
LOT = Lot(symbol="VTI", shares=10, cost_per_share=50.0, acquired=date(2020, 1, 2), id="old")
OTHER = Lot(symbol="BND", shares=10, cost_per_share=50.0, acquired=date(2020, 1, 2), id="other")


def policy(**values: Any) -> Callable[[], object]:
    complete: dict[str, Any] = {"filing_status": "single", "ordinary_income": 1.0, "year": 2026} | values
    return lambda: tax_policy(**complete)


def owed(**values: Any) -> Callable[[], object]:
    complete: dict[str, Any] = {"filing_status": "single", "year": 2026, "ordinary_income": 1.0} | values
    return lambda: federal_income_tax(**complete)


def sale(shares: float = 1, *lots: Lot, **more: Any) -> Callable[[], object]:
    return lambda: relieve(lots or (LOT,), shares, price=90.0, sold=DAY, **more)


def bought(name: str, shares: float = 1) -> Purchase:
    return Purchase(account_number="T1", id=name, symbol="A", shares=shares, cost_per_share=1.0, bought=DAY)


def history(*purchases: Purchase, sales: tuple[Sale, ...] = ()) -> Callable[[], object]:
    return lambda: check_history(History(purchases=purchases, sales=sales, rules=DenialRules()))


FAULTS: dict[str, tuple[Callable[[], object], list[tuple[str, str]]]] = {
    "year": (policy(year=2019), [("rates.year", "year")]),
    "status": (policy(filing_status="x"), [("rates.status", "filing_status")]),
    "ordinary income": (policy(ordinary_income=-0.01), [("number.range", "ordinary_income")]),
    "long-term income": (policy(long_term_income=-0.01), [("number.range", "long_term_income")]),
    "deduction": (policy(deduction=-1.0), [("number.range", "deduction")]),
    "state rate": (policy(state_rate=1.01), [("number.range", "state_rate")]),
    "loss value": (policy(loss_value=-0.01), [("number.range", "loss_value")]),
    "income owed for": (owed(ordinary_income=-0.01), [("number.range", "ordinary_income")]),
    "gain owed for": (owed(long_term_income=-0.01), [("number.range", "long_term_income")]),
    "deduction owed for": (owed(deduction=-0.01), [("number.range", "deduction")]),
    "limit": (lambda: loss_limit("x"), [("rates.status", "filing_status")]),  # type: ignore[arg-type]
    "method": (sale(method="fiffo"), [("relief.method", "")]),
    "order of a method": (
        lambda: relief_places([LOT], method="specific", price=1.0, sold=DAY),
        [("relief.method", "")],
    ),
    "two symbols": (sale(1, LOT, OTHER), [("relief.symbols", "")]),
    "no shares": (sale(0), [("relief.shares", "")]),
    "more shares than there are": (sale(10.01), [("relief.oversold", "")]),
    "an unknown lot": (sale(method="specific", chosen={"odl": 1}), [("relief.chosen", "")]),
    "more than a lot has": (
        sale(11, LOT, LOT, method="specific", chosen={"old": 11}),
        [("relief.chosen", "")],
    ),
    "too few chosen": (sale(2, method="specific", chosen={"old": 1}), [("relief.chosen", "")]),
    "withdrawal rate": (
        lambda: location_costs(DEFAULT_RETURNS, Tax(), withdrawal_rate=1.01),
        [("location.value", "withdrawal_rate")],
    ),
    "horizon": (
        lambda: location_costs(DEFAULT_RETURNS, Tax(), horizon_years=200.5),
        [("location.value", "horizon_years")],
    ),
    "step": (lambda: preference_costs({}, step=1.01), [("location.value", "step")]),
    "kind": (lambda: preference_costs({"b": ["roth"]}), [("location.value", "b")]),
    "kind twice": (lambda: preference_costs({"b": ["taxable", "taxable"]}), [("location.value", "b")]),
    "before the calendar": (lambda: long_term_cutoff(date(2, 1, 1)), [("date.range", "")]),
    "after the calendar": (lambda: long_term_from(date(9998, 12, 31)), [("date.range", "")]),
    "shares of a purchase": (history(bought("a", 0)), [("ledger.shares", "T1/A")]),
    "an id twice": (history(bought("a"), bought("b"), bought("a")), [("ledger.duplicate", "T1/a")]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_refused_names_its_place(name: str) -> None:
    call, expected = FAULTS[name]
    with pytest.raises(InputError) as caught:
        call()
    assert [(issue.code, issue.where) for issue in caught.value.issues] == expected


@pytest.mark.parametrize(
    "call",
    [
        policy(ordinary_income=0.0, long_term_income=0.0, deduction=0.0, state_rate=1.0, loss_value=0.0),
        policy(state_rate=0.0, loss_value=1.0),
        sale(10),
        sale(10, method="specific", chosen={"old": 10}),
        lambda: location_costs(DEFAULT_RETURNS, Tax(), withdrawal_rate=0.0, horizon_years=200.0),
        lambda: location_costs(DEFAULT_RETURNS, Tax(), withdrawal_rate=1.0),
        lambda: preference_costs({}, step=1.0),
        history(bought("a", 0.01), bought("b")),
    ],
)
def test_the_last_value_that_is_allowed_is(call: Callable[[], object]) -> None:
    call()
