"""Trades become orders by the rules of docs/exporters.md."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import ExportError, InputError
from realloc.household import Household
from realloc.orders import (
    Order,
    OrderSettings,
    Venue,
    blocks,
    is_fund,
    limit_price,
    order_list,
    require_taken,
)
from realloc.trades import Trade

NOTHING = OrderSettings()


def household(**account: Any) -> Household:
    """Return a household of one account, A1, with 1,000 dollars."""
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 100.0, "BND": 50.0, "FXAIX": 200.0, "FXNAX": 10.0, "VBTLX": 9.5},
            "accounts": [{"label": "One", "account_number": "A1", "cash": 1000.0, **account}],
            "model": {"name": "all", "targets": {"VTI": 1.0}},
            "policy": {"costs": {"commission": account.get("cash_reserve", 0.0) and 1.0}},
        }
    )


def days(trades: list[Trade], given_household: Household | None = None, **settings: Any) -> dict[str, int]:
    """Return the day of each symbol's order."""
    listed = order_list(trades, OrderSettings.read(settings), household=given_household)
    return {order.symbol: order.day for order in listed.orders}


def buy(symbol: str, shares: float) -> Trade:
    return Trade("A1", symbol, shares)


def sell(symbol: str, shares: float) -> Trade:
    return Trade("A1", symbol, -shares)


@pytest.mark.parametrize(
    ("last", "side", "slip", "expected"),
    [
        (250.10, "buy", 20, "250.61"),  # 250.6002
        (250.10, "sell", 20, "249.59"),  # 249.5998
        (72.30, "buy", 20, "72.45"),  # 72.4446
        (100.0, "buy", 0, "100.00"),
        (100.005, "sell", 0, "100.00"),
        (100.005, "buy", 0, "100.01"),
        (1.0, "sell", 20, "0.9980"),
        (1.0, "buy", 0, "1.00"),
        (0.5, "buy", 20, "0.5010"),
        (0.33333, "buy", 0, "0.3334"),
        (0.33333, "sell", 0, "0.3333"),
        (0.99995, "buy", 0, "1.0000"),
        (500000.0, "buy", 1, "500050.00"),
    ],
)
def test_a_limit_is_rounded_to_the_tick_so_that_it_can_fill(
    last: float, side: Any, slip: float, expected: str
) -> None:
    assert str(limit_price(last, side, slip)) == expected


def test_a_sale_whose_limit_would_be_zero_has_none() -> None:
    assert limit_price(0.00005, "sell", 0) is None
    assert limit_price(0.00005, "buy", 0) == Decimal("0.0001")


@given(
    st.floats(1e-4, 1e6).map(lambda price: float(f"{price:.6g}")),
    st.sampled_from(["buy", "sell"]),
    st.integers(0, 1000),
)
def test_a_limit_is_the_nearest_tick_beyond_the_exact_price(last: float, side: Any, slip: int) -> None:
    raw = Fraction(str(last)) * (1 + Fraction(slip if side == "buy" else -slip, 10_000))
    tick = Fraction(1, 100) if raw >= 1 else Fraction(1, 10_000)
    limit = Fraction(limit_price(last, side, slip) or 0)
    assert limit % tick == 0
    assert (raw <= limit < raw + tick) if side == "buy" else (raw - tick < limit <= raw)


@pytest.mark.parametrize(
    ("symbol", "fund"),
    [("FXAIX", True), ("VTSAX", True), ("SWVXX", True), ("VTI", False), ("NFLX", False), ("GOOGL", False),
     ("fxaix", False), ("FXAI1X", False), ("ABCDEX", False), ("BRK.X", False)],
)  # fmt: skip
def test_a_fund_is_known_by_five_letters_that_end_in_x(symbol: str, fund: bool) -> None:
    assert is_fund(symbol, NOTHING) is fund


def test_what_a_person_says_of_a_fund_goes_before_its_letters() -> None:
    settings = OrderSettings.read({"funds": "TRUST1", "not_funds": ["ABCDX"]})
    assert is_fund("TRUST1", settings)
    assert not is_fund("ABCDX", settings)


def test_orders_stand_by_account_and_day_with_sells_first() -> None:
    trades = [
        Trade("B", "VTI", 1, price=10.0),
        Trade("A", "BND", 5, price=10.0),
        Trade("A", "FXAIX", -1, price=50.0),
        Trade("A", "VTI", -3, price=10.0),
    ]
    listed = order_list(trades, NOTHING)
    assert [(order.account, order.symbol, order.day, order.sequence) for order in listed.orders] == [
        ("A", "FXAIX", 1, 3),
        ("A", "VTI", 1, 4),
        ("A", "BND", 2, 2),
        ("B", "VTI", 1, 1),
    ]


def test_the_sequence_is_the_plans_where_it_has_one() -> None:
    trades = [replace(sell("VTI", 1), sequence=7), replace(buy("BND", 1), sequence=9)]
    assert [order.sequence for order in order_list(trades, NOTHING).orders] == [7, 9]


def test_the_sale_of_an_etf_pays_for_a_purchase_on_the_same_day() -> None:
    assert days([sell("VTI", 50), buy("BND", 110)], household(positions={"VTI": 50})) == {"VTI": 1, "BND": 1}
    assert days([sell("VTI", 50), buy("FXAIX", 20)], household(positions={"VTI": 50})) == {
        "VTI": 1,
        "FXAIX": 1,
    }


def test_the_sale_of_a_fund_pays_for_nothing_on_its_day() -> None:
    trades = [sell("FXAIX", 10), buy("VTI", 25)]
    assert days(trades, household(positions={"FXAIX": 10})) == {"FXAIX": 1, "VTI": 2}
    listed = order_list(trades, NOTHING, household=household(positions={"FXAIX": 10}))
    assert listed.orders[1].timing.waits_for == "the proceeds of FXAIX"


def test_what_the_cash_pays_does_not_wait_for_a_fund() -> None:
    # Limits at 20 bps: VTI 100.20, BND 50.10. 9 VTI cost 901.80, 98.20 are left: 1 BND, not 2.
    held = household(positions={"FXAIX": 10})
    assert days([sell("FXAIX", 10), buy("VTI", 9), buy("BND", 1)], held) == {"FXAIX": 1, "VTI": 1, "BND": 1}
    assert days([sell("FXAIX", 10), buy("VTI", 9), buy("BND", 2)], held) == {"FXAIX": 1, "VTI": 1, "BND": 2}


def test_the_reserve_and_the_commission_are_not_spent_on_the_first_day() -> None:
    # 1000 - 397.80 leaves 602.20 = 6 VTI at 100.20 and 1.00 of commission.
    trades = [sell("FXAIX", 10), buy("VTI", 6)]
    assert days(trades, household(positions={"FXAIX": 10}, cash_reserve=397.8))["VTI"] == 1
    assert days(trades, household(positions={"FXAIX": 10}, cash_reserve=397.81))["VTI"] == 2


def test_cash_that_is_to_arrive_pays_on_the_second_day() -> None:
    arriving = household(cash_flow=500.0)
    listed = order_list([buy("VTI", 9), buy("BND", 5)], NOTHING, household=arriving)
    assert [(order.day, order.timing.waits_for) for order in listed.orders] == [
        (1, ""),
        (2, "the cash that is to arrive"),
    ]


def test_cash_that_is_to_leave_pays_for_nothing() -> None:
    trades = [sell("FXAIX", 10), buy("VTI", 9)]
    assert days(trades, household(positions={"FXAIX": 10}, cash_flow=-98.2))["VTI"] == 1
    assert days(trades, household(positions={"FXAIX": 10}, cash_flow=-98.21))["VTI"] == 2


def test_funds_of_one_family_are_exchanged_on_one_day() -> None:
    held = household(positions={"FXAIX": 10})
    trades = [sell("FXAIX", 10), buy("FXNAX", 300)]
    assert days(trades, held)["FXNAX"] == 2
    assert days(trades, held, families="FXAIX FXNAX")["FXNAX"] == 1
    assert days(trades, held, families="FXAIX VTSAX; FXNAX VBTLX")["FXNAX"] == 2
    more = [sell("FXAIX", 10), buy("FXNAX", 200), buy("VBTLX", 100), buy("VTI", 1)]
    assert days(more, held, families="FXAIX FXNAX") == {"FXAIX": 1, "FXNAX": 1, "VBTLX": 1, "VTI": 2}


def test_proceeds_are_exchanged_once() -> None:
    # 2,000 of proceeds and 1,000 of cash: after 2,000 of FXNAX, 105 VBTLX cost 997.50, 106 cost 1,007.00.
    held = household(positions={"FXAIX": 10})
    for shares, day in ((105, 1), (106, 2)):
        trades = [sell("FXAIX", 10), buy("FXNAX", 200), buy("VBTLX", shares)]
        assert days(trades, held, families="FXAIX FXNAX VBTLX") == {"FXAIX": 1, "FXNAX": 1, "VBTLX": day}


def test_without_the_household_a_fund_sale_makes_every_purchase_wait() -> None:
    assert days([sell("FXAIX", 10), buy("VTI", 1)]) == {"FXAIX": 1, "VTI": 2}
    assert days([sell("VTI", 10), buy("BND", 1)]) == {"VTI": 1, "BND": 1}


def test_a_fund_sale_in_one_account_makes_no_other_wait() -> None:
    trades = [Trade("A1", "FXAIX", -1, price=200.0), Trade("A2", "VTI", 1, price=100.0)]
    assert {order.account: order.day for order in order_list(trades, NOTHING).orders} == {"A1": 1, "A2": 1}


def test_a_purchase_with_unsettled_money_is_marked() -> None:
    listed = order_list(
        [sell("VTI", 50), buy("BND", 10), buy("FXAIX", 5)],
        NOTHING,
        household=household(positions={"VTI": 50}),
    )
    assert [order.timing.unsettled for order in listed.orders] == [False, False, True]


def test_the_price_of_a_trade_without_one_is_the_households() -> None:
    order = order_list([buy("BND", 3)], NOTHING, household=household()).orders[0]
    assert (order.price, order.notional, order.limit) == (Decimal(50), Decimal(150), Decimal("50.10"))
    assert order_list([buy("BND", 3)], NOTHING).orders[0].limit is None


def test_a_sale_of_all_shares_is_told_from_one_of_some() -> None:
    held = household(positions={"VTI": 2.5, "BND": 3})
    orders = order_list([sell("VTI", 2.5), sell("BND", 2)], NOTHING, household=held).orders
    assert [order.whole_position for order in orders] == [True, False]
    assert order_list([sell("VTI", 2.5)], NOTHING).orders[0].whole_position is False


def test_accounts_and_symbols_can_be_left_out_and_the_days_stay() -> None:
    trades = [sell("FXAIX", 10), buy("VTI", 25), Trade("A2", "BND", 1, price=50.0)]
    listed = order_list(trades, OrderSettings.read({"accounts": "A1", "leave_out": "FXAIX"}))
    assert [(order.symbol, order.day) for order in listed.orders] == [("VTI", 2)]


@pytest.mark.parametrize("settings", [{"accounts": "A9"}, {"accounts": "A1 A9"}, {"leave_out": "VTL"}])
def test_a_name_that_nothing_has_leaves_nothing_out_without_a_word(settings: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"no (account|order for) '(A9|VTL)'"):
        order_list([buy("VTI", 1)], OrderSettings.read(settings), household=household())
    with pytest.raises(InputError):
        order_list([buy("VTI", 1)], OrderSettings.read(settings))


@pytest.mark.parametrize(
    "given_settings",
    [
        {"slip_bps": -1}, {"slip_bps": 1001}, {"slip_bps": "20"}, {"slip_bps": True}, {"slip_bps": float("nan")},
        {"order_type": "stop"}, {"day": 3}, {"day": "1"}, {"day": True}, {"tag": "a b"}, {"tag": "a,b"}, {"tag": 1.5},
        {"funds": 1.5}, {"funds": ["", "A"]}, {"funds": [1]}, {"families": 3}, {"families": {"A": "B"}},
        {"funds": "A", "not_funds": "A"}, {"limits": 3},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_refused(given_settings: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        OrderSettings.read(given_settings)
    assert caught.value.issues[0].where in given_settings


def test_all_faults_of_the_settings_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        OrderSettings.read({"day": 9, "tag": "?", "x": 1})
    assert len(caught.value.issues) == 3


def test_names_are_a_list_or_a_text() -> None:
    read = OrderSettings.read({"accounts": "A1, A2;A3", "tag": 7})
    assert read.accounts == ("A1", "A2", "A3")
    assert read.tag == "7"
    assert OrderSettings.read({"accounts": 123}).accounts == ("123",)
    assert OrderSettings.read({"accounts": ["A 1"]}).accounts == ("A 1",)


@pytest.mark.parametrize(
    "bad",
    [
        Trade("A", "VTI", 0), Trade("A", "VTI", float("nan")), Trade("A", "VTI", 1, price=0.0), Trade("A", "", 1),
        Trade("A", "VTI", 1, price=float("inf")), {"account_id": "A", "symbol": "VTI"}, None, "VTI",
        {"account_id": "A", "symbol": "VTI", "shares": True}, {"account_id": None, "symbol": "VTI", "shares": 1},
    ],
)  # fmt: skip
def test_what_is_no_trade_is_refused_with_its_number(bad: Any) -> None:
    with pytest.raises(ExportError, match="Trade 2 cannot be exported"):
        order_list([buy("VTI", 1), bad], NOTHING)


def test_a_venue_refuses_every_order_that_it_cannot_take_at_once() -> None:
    trades = [
        Trade("A1", "FXAIX", 1, price=200.0),
        Trade("A1", "VTI", 1.5, price=100.0),
        Trade("A2", "BND", 1),
        Trade("A2", "OK", 1, price=1.0),
    ]
    with pytest.raises(InputError) as caught:
        require_taken(order_list(trades, NOTHING), Venue(name="V"))
    assert [(issue.code, issue.where) for issue in caught.value.issues] == [
        ("order.fund", "account 'A1', symbol 'FXAIX'"),
        ("order.fraction", "account 'A1', symbol 'VTI'"),
        ("order.limit", "account 'A2', symbol 'BND'"),
    ]
    assert all(issue.hint for issue in caught.value.issues)


def test_decimals_are_counted_without_trailing_zeros() -> None:
    trades = [Trade("A1", "VTI", 1.125, price=100.0), Trade("A1", "BND", 20.0, price=1.0)]
    require_taken(order_list(trades, NOTHING), Venue(name="V", decimals=3))
    with pytest.raises(InputError, match="at most 2 decimals"):
        require_taken(order_list(trades, NOTHING), Venue(name="V", decimals=2))


LOT = {"id": "a", "shares": 1, "cost_per_share": 1.0, "acquired": "2020-01-02", "term": "long", "gain": 1.0}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([LOT]),
    st.just([{}]),
)


@given(st.dictionaries(st.sampled_from(["price", "notional", "sequence", "lots", "reason", "shares"]), JUNK))
def test_a_damaged_mapping_is_read_or_refused(damage: dict[str, Any]) -> None:
    mapping = {"account_id": "A1", "symbol": "VTI", "shares": -1, "price": 1.0, "lots": [LOT], **damage}
    try:
        listed = order_list([mapping], NOTHING)
    except ExportError:
        return
    assert listed.orders[0].shares > 0
    assert listed.orders[0].notional is None or listed.orders[0].notional >= 0


@pytest.mark.parametrize("key", sorted(LOT))
def test_a_damaged_lot_is_refused(key: str) -> None:
    with pytest.raises(ExportError, match="Trade 1 cannot be exported"):
        order_list([{**buy("VTI", 1).to_dict(), "lots": [{**LOT, key: None}]}], NOTHING)


orders_drawn = st.lists(
    st.builds(
        Trade,
        st.sampled_from(["A1", "A2", "B1"]),
        st.sampled_from(["VTI", "BND", "FXAIX", "FXNAX", "PENNY"]),
        st.integers(-5000, 5000).filter(bool).map(lambda milli: milli / 1000),
        price=st.sampled_from([250.1, 72.3, 0.37, 500_000.0, None]),
    ),
    max_size=12,
)


def quantities(orders: Any) -> dict[tuple[str, str, str], Decimal]:
    sums: dict[tuple[str, str, str], Decimal] = {}
    for order in orders:
        key = (order.account, order.symbol, order.side)
        sums[key] = sums.get(key, Decimal(0)) + order.shares
    return sums


@given(orders_drawn)
def test_no_order_is_lost_and_no_quantity_changes(trades: list[Trade]) -> None:
    listed = order_list(trades, NOTHING)
    assert sorted(order.sequence for order in listed.orders) == list(range(1, len(trades) + 1))
    for order in listed.orders:
        trade = trades[order.sequence - 1]
        assert (order.account, order.symbol) == (trade.account_id, trade.symbol)
        assert order.shares * (-1 if order.side == "sell" else 1) == Decimal(str(trade.shares))
    for orders in listed.by_account().values():
        places = [(order.day, order.side == "buy") for order in orders]
        assert places == sorted(places)


@given(orders_drawn, st.booleans())
def test_money_of_a_fund_sale_is_never_spent_on_its_day(trades: list[Trade], known: bool) -> None:
    given_household = household(cash=100.0) if known else None
    listed = order_list(trades, NOTHING, household=given_household)
    for number, orders in listed.by_account().items():
        if not any(order.fund and order.side == "sell" for order in orders):
            assert {order.day for order in orders} == {1}
            continue
        cash = Decimal(100 if known and number == "A1" else 0)
        today = [order for order in orders if order.day == 1]
        for order in today:
            worth = order.shares * (order.limit or order.price or 0)
            cash += -worth if order.side == "buy" else (0 if order.fund else worth)
        assert cash >= 0 or all(order.side == "sell" for order in today)
        assert not any(order.day == 1 and order.side == "buy" and order.price is None for order in orders)


@given(orders_drawn, st.randoms())
def test_the_order_of_numbered_trades_has_no_meaning(trades: list[Trade], random: Any) -> None:
    numbered = [replace(trade, sequence=number) for number, trade in enumerate(trades, start=1)]
    shuffled = random.sample(numbered, len(numbered))
    assert order_list(shuffled, NOTHING) == order_list(numbered, NOTHING)


@given(orders_drawn, orders_drawn)
def test_allocations_of_two_households_add_up_to_their_blocks(
    first: list[Trade], second: list[Trade]
) -> None:
    elsewhere = [replace(trade, account_id=f"Z{trade.account_id}") for trade in second]
    orders: list[Order] = [
        order for trades in (first, elsewhere) for order in order_list(trades, NOTHING).orders
    ]
    made = blocks(orders)
    allocated = [order for block in made for order in block.allocations]
    assert quantities(allocated) == quantities(orders)
    assert len(allocated) == len(orders)
    assert sum((block.shares for block in made), Decimal(0)) == sum((o.shares for o in orders), Decimal(0))
    for block in made:
        assert {(o.symbol, o.side, o.day, o.limit) for o in block.allocations} == {
            (block.symbol, block.side, block.day, block.allocations[0].limit)
        }
    assert [block.number for block in made] == list(range(1, len(made) + 1))


def test_orders_at_different_limits_are_different_blocks() -> None:
    near, far = (
        order_list([Trade(account, "VTI", 1, price=100.0)], OrderSettings(slip_bps=slip)).orders
        for account, slip in (("A1", 10.0), ("A2", 20.0))
    )
    assert [block.allocations for block in blocks([*near, *far])] == [near, far]


def test_a_block_adds_up_the_accounts() -> None:
    trades = [
        Trade("A1", "VTI", 10, price=250.1),
        Trade("A2", "VTI", 5, price=250.1),
        Trade("A1", "BND", -1, price=72.3),
    ]
    made = blocks(order_list(trades, NOTHING).orders)
    assert [(block.number, block.side, block.symbol, block.shares, block.notional) for block in made] == [
        (1, "sell", "BND", Decimal(1), Decimal("72.30")),
        (2, "buy", "VTI", Decimal(15), Decimal("3751.50")),
    ]
    assert blocks(order_list([buy("X", 1)], NOTHING).orders)[0].notional is None
