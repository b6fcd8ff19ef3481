"""The state of a portfolio while its trades are decided."""

from __future__ import annotations

import json
import math
from copy import deepcopy
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import Account
from realloc.errors import InputError, MissingPriceError, PluginNotFoundError
from realloc.plugins.core.base import TradeValidator
from realloc.portfolio import PortfolioStateManager
from realloc.trades import Trade, TradeInfo

PRICES = {"AAPL": 100, "GOOG": 200}


def two_accounts() -> list[Account]:
    """Return the accounts of the README."""
    return [Account("IRA", "A1", 1000, {"AAPL": 5}, {}), Account("Taxable", "A2", 2000, {"GOOG": 3}, {})]


@pytest.fixture
def state() -> PortfolioStateManager:
    """Return a state of the README's accounts."""
    return PortfolioStateManager(two_accounts(), PRICES, {"AAPL": 15, "GOOG": 7})


class Recorder(TradeValidator):
    """Refuse everything, and remember what was asked."""

    name = "recorder"

    def __init__(self) -> None:
        self.asked: list[TradeInfo] = []

    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        self.asked.append(trade)
        return False, "never"


def test_accounts_are_kept_by_number_and_cash_beside_them(state: PortfolioStateManager) -> None:
    assert list(state.accounts) == ["A1", "A2"]
    assert state.cash_matrix == {"A1": 1000, "A2": 2000}
    assert dict(state.cash_matrix) == {"A1": 1000, "A2": 2000}
    assert repr(state.cash_matrix) == "{'A1': 1000, 'A2': 2000}"
    assert len(state.cash_matrix) == 2
    assert state.prices == PRICES


def test_the_accounts_and_prices_of_the_caller_never_change() -> None:
    accounts, prices = two_accounts(), dict(PRICES)
    state = PortfolioStateManager(accounts, prices)
    state.update([Trade("A1", "AAPL", -5), Trade("A2", "AAPL", 1)])
    state.adjust_cash("A1", 50)
    state.cash_matrix["A2"] = 7
    state.prices["VTI"] = 1
    assert accounts == two_accounts()
    assert prices == PRICES


def test_cash_of_accounts_and_cash_matrix_are_one(state: PortfolioStateManager) -> None:
    matrix = state.cash_matrix
    state.update([Trade("A1", "AAPL", -2)])
    state.adjust_cash("A2", -500)
    state.accounts["A1"].cash += 1
    matrix["A2"] += 2
    assert matrix == state.cash_matrix == {"A1": 1201, "A2": 1502}
    assert [account.cash for account in state.accounts.values()] == [1201, 1502]
    with pytest.raises(TypeError, match="always has its cash"):
        del matrix["A1"]
    with pytest.raises(KeyError):
        matrix["A9"] = 1


@pytest.mark.parametrize("price", [0, -5, math.nan, math.inf])
def test_a_price_that_is_not_above_zero_is_refused(price: float) -> None:
    with pytest.raises(ValueError, match="GOOG"):
        PortfolioStateManager(two_accounts(), {"AAPL": 100, "GOOG": price})


def test_account_numbers_must_differ() -> None:
    with pytest.raises(InputError, match="account number 'A1' occurs 2 times"):
        PortfolioStateManager([*two_accounts(), Account("", "A1", 0, {})], PRICES)


def test_amounts_of_accounts_must_be_finite_and_cash_no_position() -> None:
    with pytest.raises(InputError, match=r"accounts\[0\]\['cash'\]"):
        PortfolioStateManager([Account("", "A1", math.nan, {})], PRICES)
    with pytest.raises(InputError, match=r"accounts\[0\].positions\['AAPL'\]"):
        PortfolioStateManager([Account("", "A1", 0, {"AAPL": math.inf})], PRICES)
    with pytest.raises(InputError, match="CASH is not a position"):
        PortfolioStateManager([Account("", "A1", 0, {"CASH": 5})], PRICES)


def test_assigned_portfolio_trades_are_copied() -> None:
    given_trades = {"AAPL": 15}
    state = PortfolioStateManager(two_accounts(), PRICES, given_trades)
    given_trades["AAPL"] = 1
    assert state.portfolio_trades == {"AAPL": 15}
    state.portfolio_trades = given_trades
    given_trades["AAPL"] = 2
    assert state.portfolio_trades == {"AAPL": 1}


def test_the_minimum_quantity_applies_to_every_list_of_trades() -> None:
    state = PortfolioStateManager(two_accounts(), PRICES, {"AAPL": 4, "GOOG": -5}, 5)
    assert state.portfolio_trades == {"AAPL": 0, "GOOG": -5}
    state.portfolio_trades = {"AAPL": -4.5}
    assert state.portfolio_trades == {"AAPL": 0}
    state.update_portfolio_trades({"AAPL": 9, "GOOG": 8}, cleanup_zeros=False)
    assert state.portfolio_trades == {"AAPL": 0, "GOOG": 5}


def test_portfolio_trades_have_no_cash_and_no_nonsense(state: PortfolioStateManager) -> None:
    state.portfolio_trades = {"CASH": 4, "AAPL": 1}
    assert state.portfolio_trades == {"AAPL": 1}
    with pytest.raises(InputError, match="finite"):
        state.portfolio_trades = {"AAPL": math.nan}


def test_model_only_has_the_trades_in_symbols_that_nobody_holds() -> None:
    accounts = [Account("", "A1", 0, {"AAPL": 5, "VTI": 0})]
    state = PortfolioStateManager(accounts, PRICES, {"AAPL": 1, "GOOG": 7, "VTI": 2, "BND": 0})
    assert state.model_only == {"GOOG": 7, "VTI": 2}
    state.update([Trade("A1", "GOOG", 1)])
    assert state.model_only == {"VTI": 2}


def test_trades_change_positions_and_cash(state: PortfolioStateManager) -> None:
    state.update([Trade("A2", "AAPL", 4), Trade("A1", "AAPL", -2), Trade("A2", "GOOG", -3)])
    assert state.accounts["A1"].positions == {"AAPL": 3}
    assert state.accounts["A2"].positions == {"GOOG": 0, "AAPL": 4}
    assert state.cash_matrix == {"A1": 1200, "A2": 2200}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Trade("A9", "AAPL", 1), "Unknown account 'A9'"),
        (Trade("A1", "AAPL", -9), "would hold -3 shares of AAPL"),
        (Trade("A1", "VTI", 1), "no price for VTI"),
        (Trade("A1", "AAPL", math.nan), "not a number"),
        (Trade("A1", "CASH", 1), "CASH is not a position"),
    ],
)
def test_an_update_is_all_or_nothing(bad: Trade, message: str) -> None:
    accounts = two_accounts()
    accounts[0].enforce_no_negative_positions = True
    state = PortfolioStateManager(accounts, PRICES | {"CASH": 1})
    before = deepcopy(state.accounts)
    with pytest.raises(ValueError, match=message):
        state.update([Trade("A1", "AAPL", 1), Trade("A2", "GOOG", -1), bad])
    assert state.accounts == before


def test_a_batch_counts_as_a_whole() -> None:
    state = PortfolioStateManager([Account("", "A1", 0, {}, {}, True)], PRICES)
    state.update([Trade("A1", "AAPL", -2), Trade("A1", "AAPL", 2)])
    assert state.accounts["A1"].positions == {"AAPL": 0}


def test_an_account_that_allows_it_may_go_short(state: PortfolioStateManager) -> None:
    state.update([Trade("A1", "AAPL", -6)])
    assert state.accounts["A1"].positions == {"AAPL": -1}


def test_noise_leaves_neither_shares_nor_cash() -> None:
    state = PortfolioStateManager(
        [Account("", "A1", 0.3, {"AAPL": 0.3}, {}, True)], {"AAPL": 0.1, "VTI": 0.1}
    )
    state.update([Trade("A1", "VTI", 3)])
    assert state.cash_matrix["A1"] == 0
    state.update([Trade("A1", "AAPL", -0.1), Trade("A1", "AAPL", -0.2)])
    assert state.accounts["A1"].positions["AAPL"] == 0


def test_portfolio_trades_follow_positions_and_targets(state: PortfolioStateManager) -> None:
    state.update([Trade("A2", "GOOG", 7)])
    state.update_portfolio_trades({"AAPL": 20.5, "GOOG": 10.25})
    assert state.portfolio_trades == {"AAPL": 15}
    state.update_portfolio_trades({"AAPL": 20.5, "GOOG": 10.25}, cleanup_zeros=False)
    assert state.portfolio_trades == {"AAPL": 15, "GOOG": 0}
    state.cleanup_zero_trades()
    assert state.portfolio_trades == {"AAPL": 15}
    state.update_portfolio_trades({})
    assert state.portfolio_trades == {"AAPL": -5, "GOOG": -10}


def test_values_are_cash_and_positions(state: PortfolioStateManager) -> None:
    assert state.get_total_portfolio_value() == 4100
    assert state.reconcile_positions() == {"AAPL": 5, "GOOG": 3}
    assert state.get_account_summary() == [
        {"account_id": "A1", "label": "IRA", "cash": 1000, "positions": {"AAPL": 5}, "total_value": 1500},
        {"account_id": "A2", "label": "Taxable", "cash": 2000, "positions": {"GOOG": 3}, "total_value": 2600},
    ]


def test_values_need_the_prices_of_what_is_held() -> None:
    state = PortfolioStateManager([Account("", "A1", 5, {"VTI": 1, "BND": 0})], {})
    with pytest.raises(MissingPriceError, match="no price for VTI"):
        state.get_total_portfolio_value()
    with pytest.raises(MissingPriceError, match="no price for VTI"):
        state.get_account_summary()


@pytest.mark.parametrize(
    ("account", "symbol", "quantity", "feasible"),
    [
        ("A1", "AAPL", 10, True),
        ("A1", "AAPL", 11, False),
        ("A1", "AAPL", -5, True),
        ("A1", "AAPL", -6, False),
        ("A1", "GOOG", -1, False),
        ("A1", "VTI", 1, False),
        ("A1", "CASH", 1, False),
        ("A9", "AAPL", 1, False),
    ],
)
def test_a_trade_is_feasible_with_the_cash_or_the_shares(
    state: PortfolioStateManager, account: str, symbol: str, quantity: float, feasible: bool
) -> None:
    assert state.is_trade_feasible(account, symbol, quantity) is feasible


def test_cash_is_sufficient_up_to_all_of_it(state: PortfolioStateManager) -> None:
    assert state.has_sufficient_cash("A1", 1000)
    assert not state.has_sufficient_cash("A1", 1000.01)
    assert not state.has_sufficient_cash("A9", 1)
    state.cash_matrix["A1"] = 0.3
    assert state.has_sufficient_cash("A1", 0.1 + 0.2)


def test_cash_is_adjusted_up_and_down(state: PortfolioStateManager) -> None:
    state.adjust_cash("A1", 0.5)
    state.adjust_cash("A1", -1000.5)
    assert state.cash_matrix["A1"] == 0
    state.cash_matrix["A1"] = -50
    state.adjust_cash("A1", 20)
    assert state.cash_matrix["A1"] == -30


def test_cash_that_is_not_there_cannot_be_taken(state: PortfolioStateManager) -> None:
    with pytest.raises(ValueError, match=r"has 1000.00 dollars, less than 1000.01"):
        state.adjust_cash("A1", -1000.01)
    with pytest.raises(ValueError, match="Unknown account 'A9'"):
        state.adjust_cash("A9", 1)
    with pytest.raises(ValueError, match="not a number"):
        state.adjust_cash("A1", math.nan)
    assert state.cash_matrix == {"A1": 1000, "A2": 2000}


def test_a_validator_is_told_what_the_state_knows(state: PortfolioStateManager) -> None:
    assert state.validate_trade("A1", "AAPL", 3) == (True, "")
    recorder = Recorder()
    state.add_validator(recorder)
    assert state.validate_trade("A1", "AAPL", -3) == (False, "never")
    assert state.validate_trade("A2", "AAPL", 1) == (False, "never")
    assert recorder.asked == [
        TradeInfo("AAPL", -3, 100, None, 5, 1000),
        TradeInfo("AAPL", 1, 100, None, 0, 2000),
    ]


def test_validators_are_loaded_by_name(state: PortfolioStateManager) -> None:
    state.add_validator("max_position", max_position=6)
    assert state.validate_trade("A1", "AAPL", 1) == (True, "")
    allowed, reason = state.validate_trade("A1", "AAPL", 2)
    assert not allowed
    assert "Would exceed max position of 6" in reason
    with pytest.raises(PluginNotFoundError):
        state.add_validator("no_such_validator")


def test_a_trade_that_cannot_be_judged_is_refused(state: PortfolioStateManager) -> None:
    assert state.validate_trade("A9", "AAPL", 1) == (False, "Unknown account")
    assert state.validate_trade("A1", "VTI", 1) == (False, "No price for VTI")


def test_a_state_survives_its_dict() -> None:
    state = PortfolioStateManager(two_accounts(), PRICES, {"AAPL": 15}, 2)
    state.update([Trade("A1", "AAPL", -2), Trade("A2", "AAPL", 1)])
    data = json.loads(json.dumps(state.to_dict()))
    restored = PortfolioStateManager.from_dict(data, two_accounts())
    assert restored.accounts == state.accounts
    assert restored.to_dict() == state.to_dict() == data


def test_a_dict_of_prices_alone_takes_the_accounts_as_they_are() -> None:
    state = PortfolioStateManager.from_dict({"prices": PRICES}, two_accounts())
    assert list(state.accounts.values()) == two_accounts()
    assert (state.portfolio_trades, state.min_trade_quantity) == ({}, 0)


def test_faults_of_a_dict_are_all_listed() -> None:
    data = {"prices": {"A": "x"}, "cash_matrix": {"A9": 1}, "positions": {"A8": {}}, "price": {}}
    with pytest.raises(InputError) as caught:
        PortfolioStateManager.from_dict(data, two_accounts())
    assert [issue.code for issue in caught.value.issues] == [
        "key.unknown",
        "type.number",
        "account.unknown",
        "account.unknown",
    ]


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["", "5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["A1", "AAPL", ""]), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["prices", "portfolio_trades", "min_trade_quantity", "cash_matrix", "positions"]),
        JSON_LIKE,
    )
)
def test_any_dict_ends_in_a_state_or_an_input_error(data: dict[str, object]) -> None:
    try:
        PortfolioStateManager.from_dict(data, two_accounts()).to_dict()
    except InputError as error:
        assert error.issues  # noqa: PT017 - a state is as good an end


@given(
    st.lists(
        st.builds(
            Trade,
            st.sampled_from(["A1", "A2"]),
            st.sampled_from(["AAPL", "GOOG"]),
            st.integers(-40, 40).map(lambda n: n / 4),
        ),
        max_size=12,
    )
)
def test_updates_conserve_value_exactly(batch: list[Trade]) -> None:
    state = PortfolioStateManager(two_accounts(), PRICES)
    state.update(batch)
    value = sum(Fraction(account.cash) for account in state.accounts.values())
    for symbol, shares in state.reconcile_positions().items():
        value += Fraction(shares) * PRICES[symbol]
    assert value == 4100
    one_by_one = PortfolioStateManager(two_accounts(), PRICES)
    for trade in batch:
        one_by_one.update([trade])
    assert one_by_one.accounts == state.accounts
