"""Rules CA-1 to CA-6 of docs/spec/tax.md: Canada behind the same seam."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import AccountKind
from realloc.policy import Tax
from realloc.tax.history import DenialRules, History, Purchase, Sale
from realloc.tax.ledger import Settlement, settle, tax_due
from realloc.tax.regimes import Canada, UnitedStates

CANADA = Canada()
START = date(2026, 1, 5)


def buy(
    when: int,
    shares: float,
    price: float,
    *,
    account: str = "A",
    owner: str = "Donna",
    kind: AccountKind = "taxable",
) -> Purchase:
    return Purchase(
        account_number=account,
        id=f"{account}{when}",
        symbol="XYZ",
        shares=shares,
        cost_per_share=price,
        bought=START + timedelta(days=when),
        owner=owner,
        kind=kind,
    )


def sell(when: int, shares: float, price: float, *, account: str = "A") -> Sale:
    return Sale(
        account_number=account, symbol="XYZ", shares=shares, price=price, sold=START + timedelta(days=when)
    )


def worked_out(*trades: Purchase | Sale) -> Settlement:
    return settle(
        CANADA,
        History(
            purchases=tuple(each for each in trades if isinstance(each, Purchase)),
            sales=tuple(each for each in trades if isinstance(each, Sale)),
            rules=DenialRules(),
        ),
    )


def cost_base(settlement: Settlement, owner: str = "Donna") -> Fraction:
    return sum(
        (
            each.shares * each.basis
            for each in settlement.book
            if (each.purchase.owner, each.purchase.kind) == (owner, "taxable")
        ),
        Fraction(0),
    )


def test_ca_1_cost_is_the_average_over_all_non_registered_accounts_of_a_taxpayer() -> None:
    settlement = worked_out(
        buy(-400, 100, 10),
        buy(-300, 100, 20, account="B"),
        buy(-300, 100, 90, account="RRSP", kind="tax_deferred"),
        buy(-300, 100, 90, account="S", owner="Spouse"),
        sell(0, 50, 18),
    )
    assert [each.gain for each in settlement.realized] == [Fraction(50 * (18 - 15))]
    assert cost_base(settlement) == 150 * 15


def test_ca_3_it_456r_paragraph_12_fifteen_of_twenty_are_considered_reacquired() -> None:
    # 50 on hand, 20 sold at a loss, 15 reacquired in the period, 45 left: the loss on 15 is superficial.
    settlement = worked_out(buy(-400, 50, 10), sell(0, 20, 6), buy(10, 15, 5))
    assert settlement.disallowed == 15 * 4
    assert settlement.recognized("long") == -5 * 4
    assert cost_base(settlement) == 30 * 10 + 15 * 5 + 60


def test_ca_3_golombek_s_donna_sells_half_of_what_she_doubled_the_day_before() -> None:
    # 100 for 300 and 100 more for 100 the day before; 100 sold for 100: a loss of 100 on an average of 2.
    # S = 100, P = 100, B = 100: by the formula all of it is superficial.
    settlement = worked_out(buy(-60, 100, 3), buy(-1, 100, 1), sell(0, 100, 1))
    assert settlement.disallowed == 100
    assert cost_base(settlement) == 300


def test_ca_3_a_course_s_example_the_denied_loss_comes_back_when_all_is_sold() -> None:
    # 500 at 50; 400 sold at 42 and bought back at 40 within 30 days; all sold at 45: a loss of 1,700.
    settlement = worked_out(buy(-560, 500, 50), sell(0, 400, 42), buy(23, 400, 40), sell(294, 500, 45))
    assert settlement.recognized("long") == -1_700
    assert settlement.disallowed == 3_200


def test_ca_2_nothing_is_denied_where_nothing_is_left_at_the_end_of_the_period() -> None:
    settlement = worked_out(buy(-400, 100, 10), sell(0, 100, 6), buy(5, 100, 6), sell(20, 100, 6))
    assert settlement.disallowed == 0


def test_ca_3_what_is_left_at_the_end_limits_the_denial() -> None:
    # 100 at 10 and 50 at 10, 120 sold at 6: S = 120, P = 50, B = 30, so a quarter of the loss of 480.
    settlement = worked_out(buy(-400, 100, 10), buy(-10, 50, 10), sell(0, 120, 6))
    assert settlement.disallowed == 120
    assert cost_base(settlement) == 300 + 120


@pytest.mark.parametrize(("when", "denied"), [(-31, 0), (-30, 400), (30, 400), (31, 0)])
def test_ca_2_the_period_begins_30_days_before_and_ends_30_days_after(when: int, denied: int) -> None:
    settlement = worked_out(buy(-400, 100, 10), buy(when, 100, 10), sell(0, 100, 6))
    assert settlement.disallowed == denied


def test_ca_4_a_spouse_s_purchase_takes_over_the_loss() -> None:
    settlement = worked_out(buy(-400, 100, 10), sell(0, 100, 6), buy(5, 100, 6, account="S", owner="Spouse"))
    assert settlement.disallowed == 400
    assert settlement.lost == 0
    assert cost_base(settlement, "Spouse") == 1_000


def test_ca_4_a_registered_plan_s_purchase_loses_it() -> None:
    settlement = worked_out(
        buy(-400, 100, 10), sell(0, 100, 6), buy(5, 100, 6, account="TFSA", kind="tax_exempt")
    )
    assert (settlement.disallowed, settlement.lost) == (Fraction(400), Fraction(400))


def test_ca_4_several_persons_share_it_in_proportion_to_what_they_hold_at_the_end() -> None:
    # CRA 2022-0940941C6: as if they were one person, then prorated by the substituted property held.
    settlement = worked_out(
        buy(-400, 100, 10),
        sell(0, 100, 6),
        buy(5, 60, 6),
        buy(5, 20, 6, account="S", owner="Spouse"),
        buy(5, 20, 6, account="RRSP", kind="tax_deferred"),
    )
    assert settlement.disallowed == 400
    assert settlement.lost == 80
    assert cost_base(settlement) == 60 * 6 + 240
    assert cost_base(settlement, "Spouse") == 20 * 6 + 80


def test_ca_6_half_of_a_gain_is_taxed_at_the_ordinary_rate_whatever_its_age() -> None:
    settlement = worked_out(buy(-3, 100, 10), sell(0, 100, 16))
    assert tax_due(settlement, CANADA, Tax(short_term_rate=0.4, long_term_rate=0.1)) == 600 * Fraction(1, 5)


def test_the_seam_one_history_two_regimes() -> None:
    trades = (buy(-500, 100, 10), buy(-400, 100, 20), sell(0, 100, 12))
    history = History(purchases=trades[:2], sales=(trades[2],), rules=DenialRules())
    assert settle(UnitedStates(), history).recognized("long") == 100 * (12 - 10)
    assert settle(CANADA, history).recognized("long") == 100 * (12 - 15)


@given(
    st.lists(
        st.tuples(
            st.integers(-60, 60), st.integers(1, 5), st.integers(5, 15), st.sampled_from(["A", "B", "R"])
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda row: (row[0], row[3]),
    ),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 5), st.integers(5, 15)), max_size=3),
)
def test_cost_and_recognized_gains_are_conserved_but_for_what_is_lost(
    bought: list[tuple[int, int, int, str]], sold: list[tuple[int, int, int]]
) -> None:
    purchases: list[Purchase] = []
    for when, count, price, account in bought:
        kind: AccountKind = "tax_exempt" if account == "R" else "taxable"
        purchases.append(buy(when, count, price, account=account, kind=kind))
    sales: list[Sale] = []
    for when, count, price in sorted(sold):
        held = sum(
            int(each.shares)
            for each in purchases
            if each.account_number == "A" and each.bought <= START + timedelta(days=when)
        )
        if held - sum(int(each.shares) for each in sales) >= count:
            sales.append(sell(when, count, price))
    settlement = worked_out(*purchases, *sales)
    paid = sum(
        Fraction(each.shares) * Fraction(each.cost_per_share) for each in purchases if each.kind == "taxable"
    )
    received = sum(Fraction(each.shares) * Fraction(each.price) for each in sales)
    assert paid == cost_base(settlement) + received - settlement.recognized("long") + settlement.lost
    for loss in settlement.realized:
        assert 0 <= settlement.denied(loss) <= max(Fraction(0), -loss.gain)
