"""Which purchases deny which losses, share by share (WASH-4 to WASH-6), and what a plan states of them, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc.audit.book import Book, open_book
from realloc.audit.orders import read_orders
from realloc.audit.wash_claims import check_wash_claims
from realloc.audit.washed import Denied, Supply, Washed, match_washes
from realloc.household import Household, RecentTrade
from realloc.plan import NoBuy, PlannedWashSales, WashSale
from realloc.tax.planned import wash_sales_of
from realloc.testing.strategies import SYMBOLS, households
from realloc.trades import Trade
from tests.optimizer.cases import drawn
from tests.reference.orders import orders
from tests.reference.plans import as_trades
from tests.reference.statement import state

AS_OF = date(2026, 11, 20)


def ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def lot(name: str, shares: float, cost: float, days: int, symbol: str = "A") -> dict[str, Any]:
    return {"symbol": symbol, "shares": shares, "cost_per_share": cost, "acquired": ago(days), "id": name}


def recent(account: str, shares: float, days: int, symbol: str = "A", **more: Any) -> dict[str, Any]:
    return {
        "account_number": account,
        "symbol": symbol,
        "shares": shares,
        "price": 90,
        "traded": ago(days),
        **more,
    }


def book(
    joint: list[dict[str, Any]], ira: list[dict[str, Any]] | None = None, *trades: dict[str, Any], **wash: Any
) -> Book:
    """Return a taxable account T1 and an IRA R1 with these lots, and recent trades; A and B cost $90."""
    accounts = []
    for number, kind, lots in (("T1", "taxable", joint), ("R1", "tax_deferred", ira or [])):
        held: dict[str, float] = {}
        for each in lots:
            held[each["symbol"]] = held.get(each["symbol"], 0) + each["shares"]
        accounts.append(
            {
                "account_number": number,
                "kind": kind,
                "cash": 5000,
                "positions": held,
                "lots": lots,
                "owner": number[0],
            }
        )
    return open_book(
        Household.from_dict(
            {
                "as_of": AS_OF.isoformat(),
                "prices": {"A": 90, "B": 90},
                "accounts": accounts,
                "model": {"name": "m", "targets": {"A": 1, "B": 1}},
                "recent_trades": list(trades),
                "policy": {"wash_sales": {"mode": "allow", **wash}},
            }
        )
    )


def match(subject: Book, *trades: Trade) -> Washed:
    issues: list[Any] = []
    return match_washes(subject, read_orders(subject, trades, issues, lots_required=False))


def said(washed: Washed) -> list[tuple[str, str, float, float, bool, str]]:
    """Return of each denied loss: account, lot, shares, dollars, whether long, and the name of what denies it."""
    return [
        (each.account, each.lot, float(each.shares), float(each.amount), each.long, each.supply.key[3])
        for each in washed.denied
    ]


OLD = lot("old", 10, 100, 1000)


@pytest.mark.parametrize(("days", "denies"), [(0, True), (30, True), (31, False)])
def test_wash_4_a_lot_of_the_window_denies_as_many_shares_as_it_has(days: int, denies: bool) -> None:
    subject = book([OLD], [lot("new", 4, 95, days)])
    washed = match(subject, Trade("T1", "A", -10))
    assert said(washed) == ([("T1", "old", 4, 40, True, "new")] if denies else [])
    assert [each.supply.taxable for each in washed.denied] == [False] * denies
    assert washed.standing == {"A": AS_OF}


def test_wash_4_a_loss_that_is_denied_as_a_whole_opens_no_window() -> None:
    washed = match(book([OLD], [lot("new", 10, 95, 3)]), Trade("T1", "A", -10))
    assert said(washed) == [("T1", "old", 10, 100, True, "new")]
    assert washed.standing == {}


def test_wash_4_replacements_are_used_up_by_date_and_untaxed_before_taxed() -> None:
    subject = book([OLD, lot("taxed", 3, 80, 5), lot("later", 9, 80, 4)], [lot("ira", 2, 95, 5)])
    washed = match(subject, Trade("T1", "A", -6, lots=()))
    assert said(washed) == [
        ("T1", "old", 2, 20, True, "ira"),
        ("T1", "old", 3, 30, True, "taxed"),
        ("T1", "old", 1, 10, True, "later"),
    ]


def test_wash_4_a_share_denies_one_loss_and_the_older_lot_comes_first() -> None:
    subject = book([lot("second", 4, 96, 90), lot("first", 4, 100, 800)], [lot("ira", 6, 95, 5)])
    washed = match(subject, Trade("T1", "A", -8))
    assert said(washed) == [
        ("T1", "first", 4, 40, True, "ira"),
        ("T1", "second", 2, 12, False, "ira"),
    ]


def test_wash_4_a_lot_does_not_deny_its_own_sale_but_what_is_left_of_another() -> None:
    alone = book([lot("new", 5, 100, 3)])
    assert said(match(alone, Trade("T1", "A", -2))) == []
    two = book([lot("one", 5, 100, 4), lot("two", 5, 80, 3)])
    assert said(match(two, Trade("T1", "A", -5))) == [("T1", "one", 5, 50, False, "two")]
    assert said(match(two, Trade("T1", "A", -8))) == [("T1", "one", 2, 20, False, "two")]


def test_wash_4_what_the_orders_buy_denies_also_of_identical_symbols() -> None:
    trades = (Trade("T1", "A", -5), Trade("R1", "B", 2), Trade("T1", "B", 1))
    assert said(match(book([OLD]), *trades)) == []
    washed = match(book([OLD], identical=[["A", "B"]]), *trades)
    assert said(washed) == [("T1", "old", 2, 20, True, "plan/B"), ("T1", "old", 1, 10, True, "plan/B")]
    assert [each.supply.key[2] for each in washed.denied] == ["R1", "T1"]


def test_wash_4_a_recent_loss_is_denied_by_what_the_orders_buy_after_what_was_bought_already() -> None:
    loss = recent("T1", -10, 30, gain=-50)
    washed = match(book([], [lot("seen", 4, 95, 12)], loss), Trade("R1", "A", 8))
    assert said(washed) == [("T1", "", 6, 30, False, "plan/A")]
    assert washed.standing == {}
    left = match(book([], [lot("seen", 4, 95, 12)], loss), Trade("R1", "A", 5))
    assert said(left) == [("T1", "", 5, 25, False, "plan/A")]
    assert left.standing == {"A": AS_OF - timedelta(days=30)}
    late = recent("T1", -10, 31, gain=-50)
    assert said(match(book([], None, late), Trade("R1", "A", 8))) == []


@pytest.mark.parametrize(
    "trade",
    [
        recent("R1", -10, 5, gain=-50),  # a loss in an IRA is none
        recent("T1", -10, 5, gain=50),
        recent("T1", -10, 5, gain=0),
        recent("T1", -10, 5),
        recent("T1", -10, 5, "B", gain=-50),
    ],
)
def test_wash_4_what_is_no_loss_of_the_symbol_is_not_denied(trade: dict[str, Any]) -> None:
    assert match(book([], None, trade), Trade("R1", "A", 8)).denied == ()


def test_wash_4_a_loss_in_an_account_that_is_not_in_the_household_counts() -> None:
    washed = match(book([], None, recent("away", -2, 5, gain=-1)), Trade("R1", "A", 8))
    assert said(washed) == [("away", "", 2, 1, False, "plan/A")]


def test_wash_4_a_recent_purchase_counts_as_far_as_no_lot_shows_it() -> None:
    seen = book([OLD], [lot("new", 3, 95, 9)], recent("R1", 5, 9), recent("R1", 1, 9))
    washed = match(seen, Trade("T1", "A", -10))
    assert said(washed) == [
        ("T1", "old", 3, 30, True, "new"),
        ("T1", "old", 3, 30, True, f"recent/A/{ago(9)}"),
    ]
    gone = match(book([OLD], None, recent("away", 4, 30)), Trade("T1", "A", -10))
    assert [(float(each.shares), each.supply.taxable) for each in gone.denied] == [(4, True)]
    assert match(book([OLD], None, recent("away", 4, 31)), Trade("T1", "A", -10)).denied == ()
    ira = match(book([OLD], None, recent("R1", 4, 30)), Trade("T1", "A", -10))
    assert [each.supply.taxable for each in ira.denied] == [False]


def test_wash_4_the_window_is_the_policys_and_canada_has_rules_of_its_own() -> None:
    subject = book([OLD], [lot("new", 4, 95, 60)], window_days=60)
    assert said(match(subject, Trade("T1", "A", -10))) == [("T1", "old", 4, 40, True, "new")]
    policy = subject.household.policy
    canada = replace(subject.household, policy=replace(policy, tax=replace(policy.tax, regime="canada")))
    washed = match(open_book(canada), Trade("T1", "A", -10))
    assert (washed.denied, washed.standing) == ((), {})


# what the plan states: 4 of 10 shares are replaced in the IRA, 2 in the taxable account
STATED = PlannedWashSales(
    disallowed=(
        WashSale(account_number="T1", symbol="A", lot="old", shares=4, disallowed=40, effect="lost",
                 replaced_in="R1", replaced_by="A", bought=date(2026, 11, 15)),
        WashSale(account_number="T1", symbol="A", lot="old", shares=2, disallowed=20, effect="deferred",
                 replaced_in="T1", replaced_by="B", bought=date(2026, 11, 16)),
    ),
    deferred=20,
    lost=40,
    no_buy=(
        NoBuy(symbol="A", until=date(2026, 12, 20), accounts=("T1", "R1"), owners=("R", "T")),
        NoBuy(symbol="B", until=date(2026, 12, 20), accounts=("T1", "R1"), owners=("R", "T")),
    ),
)  # fmt: skip


def matched() -> tuple[Book, Washed]:
    subject = book([OLD], identical=[["A", "B"]])
    ira = Supply(key=(date(2026, 11, 15), False, "R1", "x"), symbol="A", held=Decimal(4))
    joint = Supply(key=(date(2026, 11, 16), True, "T1", "y"), symbol="B", held=Decimal(9))
    one = Denied("T1", "A", "old", Decimal(4), Decimal(40), long=True, supply=ira)
    two = Denied("T1", "A", "old", Decimal(2), Decimal(20), long=True, supply=joint)
    return subject, Washed(denied=(one, two), standing={"A": AS_OF})


def claimed(**changes: Any) -> list[tuple[str, str]]:
    subject, washed = matched()
    return [
        (each.code, each.where) for each in check_wash_claims(subject, replace(STATED, **changes), washed)
    ]


def with_sale(**changes: Any) -> list[tuple[str, str]]:
    return claimed(disallowed=(replace(STATED.disallowed[0], **changes), STATED.disallowed[1]))


def test_wash_4_what_is_stated_rightly_passes_in_any_order_and_in_parts() -> None:
    assert claimed() == []
    assert claimed(disallowed=STATED.disallowed[::-1], no_buy=STATED.no_buy[::-1]) == []
    whole, other = STATED.disallowed
    parts = (replace(whole, shares=1, disallowed=10), other, replace(whole, shares=3, disallowed=30))
    assert claimed(disallowed=parts) == []
    by_account = [
        NoBuy(symbol=each.symbol, until=each.until, accounts=(number,), owners=(number[0],))
        for each in STATED.no_buy
        for number in each.accounts
    ]
    assert claimed(no_buy=tuple(by_account)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"shares": 4.00001},
        {"disallowed": 40.01},
        {"disallowed": 39.99},
        {"account_number": "R1"},
        {"symbol": "B"},
        {"lot": ""},
        {"effect": "deferred"},
        {"replaced_in": "T1"},
        {"replaced_by": "B"},
        {"bought": date(2026, 11, 14)},
        {"shares": float("nan")},
        {"disallowed": float("inf")},
    ],
)
def test_wash_4_a_wrong_row_is_found(changes: dict[str, Any]) -> None:
    assert {code for code, _ in with_sale(**changes)} == {"WASH-4"}
    assert ("WASH-4", "wash_sales.disallowed['A' in T1]") in with_sale(**changes)


def test_wash_4_a_row_left_out_is_found_and_half_a_cent_is_rounding() -> None:
    assert claimed(disallowed=STATED.disallowed[:1]) == [("WASH-4", "wash_sales.disallowed['A' in T1]")]
    assert with_sale(disallowed=40.005) == with_sale(shares=4.000001) == []


@pytest.mark.parametrize("name", ["deferred", "lost"])
def test_wash_6_the_sums_are_within_a_cent(name: str) -> None:
    dollars = getattr(STATED, name)
    assert claimed(**{name: dollars + 0.01}) == []
    assert claimed(**{name: dollars + 0.02}) == [("WASH-6", f"wash_sales.{name}")]
    assert claimed(**{name: 0.0}) == [("WASH-6", f"wash_sales.{name}")]


@pytest.mark.parametrize(
    "change",
    [
        {"until": date(2026, 12, 19)},
        {"until": date(2026, 12, 21)},
        {"accounts": ("T1",)},
        {"owners": ("T",)},
        {"symbol": "C"},
    ],
)
def test_wash_7_the_window_after_the_plan_is_of_every_symbol_account_and_owner(
    change: dict[str, Any],
) -> None:
    first, second = STATED.no_buy
    found = claimed(no_buy=(replace(first, **change), second))
    assert {code for code, _ in found} == {"WASH-7"}
    assert ("WASH-7", "wash_sales.no_buy['A']") in found
    assert {code for code, _ in claimed(no_buy=(first,))} == {"WASH-7"}
    assert {code for code, _ in claimed(no_buy=(*STATED.no_buy, replace(first, symbol="C")))} == {"WASH-7"}


def test_wash_7_a_window_ends_with_its_last_loss_and_not_before_the_plan() -> None:
    subject, washed = matched()
    until = {"A": NoBuy(symbol="A", until=AS_OF, accounts=("T1", "R1"), owners=("R", "T"))}
    claim = PlannedWashSales(no_buy=(until["A"], replace(until["A"], symbol="B")))
    ends = replace(washed, denied=(), standing={"A": AS_OF - timedelta(days=30)})
    assert list(check_wash_claims(subject, claim, ends)) == []
    over = replace(ends, standing={"A": AS_OF - timedelta(days=31)})
    assert list(check_wash_claims(subject, PlannedWashSales(), over)) == []
    both = replace(ends, standing={"A": AS_OF - timedelta(days=30), "B": AS_OF - timedelta(days=2)})
    later = AS_OF + timedelta(days=28)
    twice = PlannedWashSales(no_buy=tuple(replace(each, until=later) for each in claim.no_buy))
    assert list(check_wash_claims(subject, twice, both)) == []


RECENT = st.lists(
    st.builds(
        RecentTrade,
        account_number=st.sampled_from(["A0", "A1", "away"]),
        symbol=st.sampled_from(SYMBOLS[:3]),
        shares=st.sampled_from([-3.0, -1.5, 1.0, 2.5]),
        price=st.just(10.0),
        traded=st.sampled_from([0, 1, 29, 30, 31, 32]).map(
            lambda days: date(2026, 3, 1) - timedelta(days=days)
        ),
        gain=st.sampled_from([-7.0, -0.3, 4.0, None]),
    ),
    max_size=4,
)


@settings(drawn, max_examples=80)
@given(households("small"), RECENT, st.data())
def test_wash_4_to_7_the_plan_and_the_audit_match_the_same_losses_of_any_orders(
    subject: Household, recent: list[RecentTrade], data: st.DataObject
) -> None:
    """Two derivations, share by share, of one law: the ledger's and the audit's."""
    policy = replace(subject.policy, wash_sales=replace(subject.policy.wash_sales, mode="allow", avoid=False))
    policy = replace(policy, tax=replace(policy.tax, regime="us"))
    dated = [replace(each, gain=each.gain if each.shares < 0 else None) for each in recent]
    subject = replace(subject, policy=policy, recent_trades=tuple(dated))
    statement = state(subject)
    trades = as_trades(statement, data.draw(orders(statement)))
    claim, audited = wash_sales_of(subject, trades), open_book(subject)
    assert list(check_wash_claims(audited, claim, match(audited, *trades))) == []
