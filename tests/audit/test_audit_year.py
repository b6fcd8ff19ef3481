"""The year after a plan (YEAR-1), netted by hand as Schedule D nets it: every figure, to the cent."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from realloc.audit.book import open_book
from realloc.audit.report import AuditedTotals
from realloc.audit.washed import Denied, Supply, Washed
from realloc.audit.year import check_year
from realloc.engine import rebalance
from realloc.household import Household
from realloc.plan import Plan, YearAfter


class Year(NamedTuple):
    """Dollars before and by the plan, and what becomes of them, all by hand; rates are 40% and 20%."""

    before: dict[str, float]
    plan: tuple[str, str]
    taxed: tuple[float, float]
    deducted: float
    carried: tuple[float, float]
    tax: float
    tax_before: float = 0.0
    status: str | None = None
    denied: tuple[tuple[bool, str], ...] = ()


YEARS = {
    "nothing": Year({}, ("0", "0"), (0, 0), 0, (0, 0), 0),
    "two gains": Year({}, ("100", "50.50"), (100, 50.50), 0, (0, 0), 50.10),
    "two gains, the long one below a dollar": Year({}, ("5", "0.50"), (5, 0.50), 0, (0, 0), 2.10),
    "two gains, the short one below a dollar": Year({}, ("0.50", "5"), (0.50, 5), 0, (0, 0), 1.20),
    "a long loss within the short gain": Year({}, ("100", "-30"), (70, 0), 0, (0, 0), 28),
    "a short loss within the long gain": Year({}, ("-30", "100"), (0, 70), 0, (0, 0), 14),
    "a long loss that uses the short gain up": Year({}, ("30", "-30"), (0, 0), 0, (0, 0), 0),
    "a long gain of half a dollar is left": Year({}, ("-30", "30.50"), (0, 0.50), 0, (0, 0), 0.10),
    "a short loss within the limit": Year({}, ("-3000", "0"), (0, 0), 3000, (0, 0), -1200),
    "a cent above the limit": Year({}, ("-3000.01", "0"), (0, 0), 3000, (0.01, 0), -1200),
    "both losses, short first": Year({}, ("-5000", "-2000"), (0, 0), 3000, (2000, 2000), -1200),
    "both losses, the short one below the limit": Year(
        {}, ("-1000", "-4500"), (0, 0), 3000, (0, 2500), -1200
    ),
    "a short loss beyond the long gain": Year({}, ("-5000", "1000"), (0, 0), 3000, (1000, 0), -1200),
    "a short loss and a long gain of half a dollar": Year(
        {}, ("-5000", "0.50"), (0, 0), 3000, (1999.50, 0), -1200
    ),
    "a long loss beyond the short gain": Year({}, ("1000", "-5000"), (0, 0), 3000, (0, 1000), -1200),
    "filed separately": Year(
        {}, ("-2000", "0"), (0, 0), 1500, (500, 0), -600, status="married_separate"
    ),
    "filed jointly": Year({}, ("-2000", "0"), (0, 0), 2000, (0, 0), -800, status="married_joint"),
    "the year so far": Year(
        {"realized_short_term": 700, "realized_long_term": 200, "carried_short_term": 300, "carried_long_term": 50},
        ("10", "20"),
        (410, 170),
        0,
        (0, 0),
        198,
        tax_before=190,  # 400 at 40%, 150 at 20%
    ),
    "denied losses are no losses": Year(
        {},
        ("-100", "-300"),
        (0, 0),
        280,  # 400 less 20, 30 and 70
        (0, 0),
        -112,
        denied=((False, "20"), (True, "30"), (True, "70")),
    ),
    "a denied short loss leaves a gain of that kind": Year(
        {}, ("90", "-20"), (110, 0), 0, (0, 0), 44, denied=((False, "30"), (False, "10"))
    ),
}  # fmt: skip


def judged(year: Year) -> tuple[Household, AuditedTotals, Washed, YearAfter]:
    """Return a household, what its plan realizes and is denied, and the year after it."""
    tax: dict[str, Any] = {"short_term_rate": 0.4, "long_term_rate": 0.2}
    document = {
        "as_of": "2026-11-20",
        "prices": {"A": 10},
        "accounts": [{"account_number": "T1", "cash": 100}],
        "model": {"name": "m", "targets": {"A": 1}},
        "policy": {"tax": {}},
        "tax_year": year.before,
    }
    if year.status:
        document["policy"] = {"tax": {"filing_status": year.status, "ordinary_income": 1, "year": 2026}}
    household = Household.from_dict(document)
    policy = replace(household.policy, tax=replace(household.policy.tax, **tax))
    supply = Supply(key=(date(2026, 11, 1), True, "T1", "x"), symbol="A", held=Decimal(9))
    denied = tuple(
        Denied("T1", "A", "lot", Decimal(1), Decimal(amount), long, supply) for long, amount in year.denied
    )
    short, long = (Decimal(dollars) for dollars in year.plan)
    totals = AuditedTotals(
        value=Decimal(100),
        drift_before=Decimal(0),
        drift_after=Decimal(0),
        realized_short_term=short,
        realized_long_term=long,
        orders=0,
    )
    back = {
        kind: sum(Decimal(amount) for each, amount in year.denied if each == kind) for kind in (False, True)
    }
    after = YearAfter(
        realized_short_term=year.before.get("realized_short_term", 0) + float(short + back[False]),
        realized_long_term=year.before.get("realized_long_term", 0) + float(long + back[True]),
        taxed_short_term=year.taxed[0],
        taxed_long_term=year.taxed[1],
        deducted=year.deducted,
        carried_short_term=year.carried[0],
        carried_long_term=year.carried[1],
        tax_before=year.tax_before,
        tax=year.tax,
    )
    return replace(household, policy=policy), totals, Washed(denied=denied), after


def findings(
    household: Household, totals: AuditedTotals, washed: Washed, after: YearAfter | None
) -> list[tuple[str, str]]:
    plan: Plan = replace(rebalance(household), tax_year=after)
    return [(each.code, each.where) for each in check_year(open_book(household), plan, totals, washed)]


@pytest.mark.parametrize("name", YEARS)
def test_year_1_a_year_worked_out_by_hand_passes_and_no_figure_of_it_may_be_wrong(name: str) -> None:
    household, totals, washed, after = judged(YEARS[name])
    assert findings(household, totals, washed, after) == []
    for each in fields(YearAfter):
        number = getattr(after, each.name)
        near = replace(after, **{each.name: round(number + 0.02, 2)})
        far = replace(after, **{each.name: round(number - 0.03, 2)})
        assert findings(household, totals, washed, near) == []
        assert findings(household, totals, washed, far) == [("YEAR-1", f"tax_year.{each.name}")]


def test_year_1_the_year_is_stated_where_the_household_states_it_and_only_there() -> None:
    household, totals, washed, after = judged(YEARS["nothing"])
    silent = replace(household, tax_year=None)
    assert findings(silent, totals, washed, None) == []
    assert findings(silent, totals, washed, after) == [("YEAR-1", "tax_year")]
    assert findings(household, totals, washed, None) == [("YEAR-1", "tax_year")]
