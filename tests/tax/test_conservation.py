"""Over any sequence of plans no dollar of basis or gain appears or is lost, and no loss counts twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import fsum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc import Account, Household, Lot, Plan, RecentTrade, rebalance
from realloc.policy import WashSales
from realloc.tax.exact import ZERO, exact
from realloc.tax.journal import household_history, lots_after
from realloc.tax.ledger import Settlement, settle
from realloc.tax.regimes.united_states import UnitedStates
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn


def with_known_basis(home: Household, mode: Any) -> Household:
    """Return the household with a lot for every position, under one mode for wash sales, without recent trades."""
    accounts = []
    for account in home.accounts:
        known = {lot.symbol for lot in account.lots}
        lots = [
            Lot(symbol=symbol, shares=shares, cost_per_share=home.prices[symbol], acquired=date(2024, 1, 2))
            for symbol, shares in account.positions.items()
            if shares and symbol not in known
        ]
        accounts.append(replace(account, lots=(*account.lots, *lots)))
    wash = WashSales(mode=mode, identical=home.policy.wash_sales.identical)
    tax = replace(home.policy.tax, regime="us")
    policy = replace(home.policy, wash_sales=wash, max_drift=None, tax=tax)
    return replace(home, accounts=tuple(accounts), recent_trades=(), policy=policy)


def basis_of(home: Household) -> Fraction:
    """Return the basis of all taxable lots in dollars."""
    return sum(
        (
            exact(lot.shares) * exact(lot.cost_per_share)
            for account in home.accounts
            if account.kind == "taxable"
            for lot in account.lots
        ),
        ZERO,
    )


def traded(home: Household, plan: Plan) -> tuple[Fraction, Fraction]:
    """Return what taxable accounts pay at the ask and get at the bid, in dollars."""
    paid = got = ZERO
    taxable = {account.account_number for account in home.accounts if account.kind == "taxable"}
    for trade in plan.trades:
        half = exact(home.spread_bps(trade.symbol)) / 20_000
        value = abs(exact(trade.shares)) * exact(home.prices[trade.symbol])
        if trade.account_id in taxable:
            paid += value * (1 + half) if trade.shares > 0 else 0
            got += value * (1 - half) if trade.shares < 0 else 0
    return paid, got


def after(home: Household, plan: Plan, settled: Settlement, days: int, factor: float) -> Household:
    """Return the household some days later: lots as the ledger leaves them, other prices, and recent trades.

    Of a loss that was denied nothing is left in the recent trades but the sale.
    """
    cash = {each.account_number: each.cash_after for each in plan.accounts}
    accounts: list[Account] = []
    for account in home.accounts:
        lots = tuple(replace(lot, id="") for lot in lots_after(settled, account.account_number))
        held = {lot.symbol for lot in lots}
        positions = {
            symbol: fsum(lot.shares for lot in lots if lot.symbol == symbol) for symbol in sorted(held)
        }
        left = max(cash[account.account_number], 0.0)
        accounts.append(replace(account, positions=positions, lots=lots, cash=left, cash_flow=0.0))
    recent: list[RecentTrade] = []
    for loss in (each for each in settled.realized if each.gain < 0):
        sale, shares = loss.sale, loss.holding.shares
        denied = sum((r.denial.shares for r in settled.replaced if r.denial.realized is loss), ZERO)
        for count, gain in (
            (denied, 0.0),
            (shares - denied, float(loss.gain * (shares - denied) / shares)),
        ):
            if count:
                recent.append(
                    RecentTrade(
                        account_number=sale.account_number,
                        symbol=sale.symbol,
                        shares=-float(count),
                        price=float(sale.price),
                        traded=sale.sold,
                        gain=gain,
                    )
                )
    prices = {symbol: round(max(price * factor, 0.01), 4) for symbol, price in home.prices.items()}
    later = home.as_of + timedelta(days=days)
    return replace(home, accounts=tuple(accounts), prices=prices, as_of=later, recent_trades=tuple(recent))


@settings(drawn, max_examples=25)
@given(
    households("small"),
    st.sampled_from(["avoid", "allow", "warn"]),
    st.lists(
        st.tuples(st.sampled_from([1, 15, 30, 31, 200]), st.sampled_from([0.7, 0.9, 1.2])),
        min_size=2,
        max_size=3,
    ),
)
def test_basis_and_gains_are_conserved_over_a_sequence_of_plans(
    home: Household, mode: Any, steps: list[tuple[int, float]]
) -> None:
    """LEDGER-2 and LEDGER-3, plan after plan."""
    home = with_known_basis(home, mode)
    losses = denied = ZERO
    first, paid_in, got_out, recognized, lost = basis_of(home), ZERO, ZERO, ZERO, ZERO
    for days, factor in steps:
        plan = rebalance(home)
        settled = settle(UnitedStates(), household_history(home, plan.trades))
        paid, got = traded(home, plan)
        own = [each for each in settled.realized if not each.sale.reported]
        added = [each.denial for each in settled.replaced if each.denial.effect != "reported"]
        recognized += sum((each.gain for each in own), ZERO) + sum((each.amount for each in added), ZERO)
        lost += settled.lost
        losses -= sum((each.gain for each in own if each.gain < 0), ZERO)
        denied += settled.disallowed
        paid_in, got_out = paid_in + paid, got_out + got
        for each in settled.realized:
            assert settled.denied(each) <= max(ZERO, -each.gain)
        if mode == "avoid":
            assert not settled.disallowed
        home = after(home, plan, settled, days, factor)
    left = basis_of(home) + got_out - recognized + lost
    assert float(left) == pytest.approx(float(first + paid_in), rel=1e-9, abs=1e-4)
    assert denied <= losses + Fraction(1, 10**6)
