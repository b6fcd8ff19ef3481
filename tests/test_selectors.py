"""Which account trades."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import Account
from realloc.errors import InputError, MissingPriceError
from realloc.selectors import (
    TaxAwareSelector,
    ranked_buyers,
    ranked_sellers,
    select_account_for_buy_trade,
    select_account_for_sell_trade,
)


def holding(**shares: float) -> list[Account]:
    """Return accounts that hold these shares of X."""
    return [Account(name, name, 0, {"X": held}) for name, held in shares.items()]


def buyer(amount: float, cash: dict[str, float], **shares: float) -> str | None:
    """Return who buys X at 10 dollars."""
    accounts = holding(**{number: shares.get(number, 0) for number in cash})
    return select_account_for_buy_trade("X", amount, accounts, {"X": 10}, cash)


def test_the_largest_holder_that_can_pay_for_all_buys() -> None:
    assert buyer(5, {"A": 900, "B": 50, "C": 60}, A=1, B=7, C=3) == "B"


def test_then_the_holder_that_can_pay_for_most_buys() -> None:
    assert buyer(50, {"A": 30, "B": 40, "C": 500, "D": 39}, A=1, B=7, D=99) == "B"


def test_then_the_first_listed_account_that_can_pay_for_all_buys() -> None:
    assert buyer(5, {"A": 5, "Z": 60, "C": 900}, A=9) == "Z"


def test_then_the_account_that_can_pay_for_most_buys() -> None:
    assert buyer(50, {"A": 9, "Z": 60, "C": 90}, A=9) == "C"


def test_nobody_buys_without_the_cash_for_one_share() -> None:
    assert buyer(1, {"A": 9.99, "B": 0, "C": -50}, A=9) is None
    assert buyer(1, {}) is None


def test_a_holding_of_less_than_a_share_makes_a_holder() -> None:
    assert buyer(5, {"A": 90, "B": 90}, B=0.5) == "B"


def test_a_short_position_makes_no_holder() -> None:
    assert buyer(5, {"A": 90, "B": 90}, B=-5) == "A"


def test_buyers_that_tie_go_by_account_number() -> None:
    assert buyer(5, {"B": 90, "A": 90}, A=3, B=3) == "A"
    assert buyer(50, {"B": 90, "A": 90}, A=3, B=4) == "A"
    assert buyer(50, {"B": 90, "A": 90}) == "A"


def test_an_account_that_is_not_in_the_cash_matrix_buys_nothing() -> None:
    assert select_account_for_buy_trade("X", 1, holding(A=1), {"X": 1}, {}) is None


def test_buying_needs_a_price() -> None:
    with pytest.raises(MissingPriceError, match="no price for X"):
        select_account_for_buy_trade("X", 1, [], {}, {})
    with pytest.raises(InputError, match="above zero"):
        select_account_for_buy_trade("X", 1, [], {"X": 0}, {})


def test_the_largest_account_that_is_sold_out_sells() -> None:
    assert select_account_for_sell_trade("X", 10, holding(A=3, B=10, C=11, D=500)) == "B"


def test_then_the_largest_holder_that_can_supply_all_sells() -> None:
    assert select_account_for_sell_trade("X", 10, holding(A=0, B=12, C=500)) == "C"


def test_nobody_sells_less_than_a_whole_share() -> None:
    assert select_account_for_sell_trade("X", 10, holding(A=0.5, B=0, C=-3)) is None
    assert select_account_for_sell_trade("X", 10, holding(A=0.5, B=2.5)) == "B"


def test_sellers_that_tie_go_by_account_number() -> None:
    assert select_account_for_sell_trade("X", 10, holding(B=3, A=3)) == "A"
    assert select_account_for_sell_trade("X", 1, holding(B=3, A=3)) == "A"


def test_the_sign_of_a_sale_has_no_meaning() -> None:
    accounts = holding(A=3, B=10, C=11)
    assert ranked_sellers("X", -10, accounts) == ranked_sellers("X", 10, accounts) == ["B", "A", "C"]


def test_accounts_may_be_a_mapping_by_number() -> None:
    accounts = {account.account_number: account for account in holding(A=3, B=4)}
    assert select_account_for_sell_trade("X", 9, accounts) == "B"
    assert select_account_for_buy_trade("X", 1, accounts, {"X": 1}, {"A": 5, "B": 5}) == "B"


@given(
    rows=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 200)), max_size=8),
    amount=st.integers(1, 25),
    price=st.integers(1, 30),
)
def test_a_buyer_is_the_first_of_the_ranking_without_those_before_it(
    rows: list[tuple[int, int]], amount: int, price: int
) -> None:
    accounts = [Account("", f"A{n}", cash, {"X": held}) for n, (held, cash) in enumerate(rows)]
    cash = {account.account_number: account.cash for account in accounts}
    ranking = ranked_buyers("X", amount, accounts, {"X": price}, cash)
    assert sorted(ranking) == [a.account_number for a in accounts if a.cash >= price]
    for number in ranking:
        assert select_account_for_buy_trade("X", amount, accounts, {"X": price}, cash) == number
        accounts = [account for account in accounts if account.account_number != number]


@given(held=st.lists(st.integers(0, 60).map(lambda n: n / 4), max_size=8), amount=st.integers(1, 25))
def test_a_seller_is_the_first_of_the_ranking_without_those_before_it(held: list[float], amount: int) -> None:
    accounts = holding(**{f"A{n}": shares for n, shares in enumerate(held)})
    ranking = ranked_sellers("X", amount, accounts)
    assert sorted(ranking) == [f"A{n}" for n, shares in enumerate(held) if shares >= 1]
    for number in ranking:
        assert select_account_for_sell_trade("X", amount, accounts) == number
        accounts = [account for account in accounts if account.account_number != number]


def test_tax_aware_buys_go_to_tax_deferred_accounts_first() -> None:
    selector = TaxAwareSelector(["IRA1", "IRA2"])
    accounts = holding(T=50, IRA1=0, IRA2=1)
    cash = {"T": 900, "IRA1": 90, "IRA2": 20}
    assert selector.select_account_for_buy_trade("X", 5, accounts, {"X": 10}, cash) == "IRA2"
    assert selector.select_account_for_buy_trade("X", 5, accounts, {"X": 30}, cash) == "IRA1"
    assert selector.select_account_for_buy_trade("X", 5, accounts, {"X": 100}, cash) == "T"
    assert selector.select_account_for_buy_trade("X", 5, accounts, {"X": 1000}, cash) is None


def test_tax_aware_sells_come_from_taxable_accounts_first() -> None:
    selector = TaxAwareSelector({"IRA"})
    assert selector.select_account_for_sell_trade("X", 5, holding(IRA=5, T=9, U=10)) == "U"
    assert selector.select_account_for_sell_trade("X", 5, holding(IRA=5, T=0.5)) == "IRA"
    assert selector.select_account_for_sell_trade("X", 5, holding(IRA=0)) is None
