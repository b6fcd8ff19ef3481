"""The rebalancer that trades a state towards its target shares."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc.accounts import Account
from realloc.errors import InputError, MissingPriceError
from realloc.models import PortfolioModel
from realloc.plugins.core.base import RebalancerPlugin, TradeValidator
from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer
from realloc.portfolio import PortfolioStateManager, calculate_target_shares_from_accounts
from realloc.selectors import select_account_for_buy_trade, select_account_for_sell_trade
from realloc.trades import Trade, TradeInfo

PRICES = {"AAPL": 100, "GOOG": 200}
README_TARGETS = {"AAPL": 20.5, "GOOG": 10.25}

Row = tuple[str, str, float]


class Refusing(TradeValidator):
    """Refuse the trades that a function names."""

    name = "refusing"

    def __init__(self, refuses: Callable[[TradeInfo], bool]) -> None:
        self.refuses = refuses

    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        return (False, f"no {trade.symbol}") if self.refuses(trade) else (True, "")


def readme_state() -> PortfolioStateManager:
    """Return the README's accounts."""
    accounts = [Account("IRA", "A1", 1000, {"AAPL": 5}, {}), Account("Taxable", "A2", 2000, {"GOOG": 3}, {})]
    return PortfolioStateManager(accounts, PRICES)


def holders(price: float = 10, **rows: tuple[float, float]) -> PortfolioStateManager:
    """Return a state with cash and shares of X by account number."""
    accounts = [Account("", number, cash, {"X": held}) for number, (cash, held) in rows.items()]
    return PortfolioStateManager(accounts, {"X": price})


def rows_of(trades: list[Trade]) -> list[Row]:
    """Return trades as tuples."""
    return [(trade.account_id, trade.symbol, trade.shares) for trade in trades]


def rebalanced(state: PortfolioStateManager, targets: Mapping[str, float], rounds: int = 100) -> list[Row]:
    """Return the trades of the default rebalancer as tuples."""
    return rows_of(DefaultRebalancer().execute_rebalance(state, targets, rounds))


def test_the_readme_example_has_its_three_trades() -> None:
    state = readme_state()
    result = DefaultRebalancer().execute_rebalance(state, README_TARGETS, 10)
    assert result == [Trade("A2", "GOOG", 7), Trade("A1", "AAPL", 10), Trade("A2", "AAPL", 5)]
    assert (result.refused, result.remaining, result.rounds, result.converged) == ((), {}, 2, True)
    assert state.accounts["A1"].positions == {"AAPL": 15}
    assert state.accounts["A2"].positions == {"AAPL": 5, "GOOG": 10}
    assert state.cash_matrix == {"A1": 0, "A2": 100}
    assert state.portfolio_trades == {}


def test_the_state_may_be_called_tam_and_rounds_have_a_default() -> None:
    rebalancer = RebalancerPlugin.load_rebalancer("default")
    assert rebalancer.name == "default"
    trades = rebalancer.execute_rebalance(tam=readme_state(), target_shares=README_TARGETS)
    assert rows_of(trades) == rebalanced(readme_state(), README_TARGETS)


def test_a_state_and_targets_are_needed() -> None:
    rebalancer, state = DefaultRebalancer(), readme_state()
    with pytest.raises(TypeError, match="needs a state"):
        rebalancer.execute_rebalance(target_shares={})
    with pytest.raises(TypeError, match="target_shares"):
        rebalancer.execute_rebalance(state)
    with pytest.raises(TypeError, match="two names of one argument"):
        rebalancer.execute_rebalance(state, {}, tam=readme_state())
    with pytest.raises(InputError, match="max_iterations"):
        rebalancer.execute_rebalance(state, {}, -1)


def test_sells_come_before_the_buys_that_they_pay_for() -> None:
    state = PortfolioStateManager([Account("", "A1", 0, {"X": 10})], {"X": 50, "Y": 10, "Z": 5})
    assert rebalanced(state, {"X": 8, "Z": 4, "Y": 5}) == [("A1", "X", -2), ("A1", "Z", 4), ("A1", "Y", 5)]


def test_a_symbol_without_target_is_sold_and_nothing_else_moves() -> None:
    state = PortfolioStateManager([Account("", "A1", 0, {"X": 3, "Y": 2})], {"X": 50, "Y": 10})
    assert rebalanced(state, {"Y": 2}) == [("A1", "X", -3)]


def test_accounts_that_are_sold_out_come_first_and_the_largest_of_the_rest_last() -> None:
    state = holders(A=(0, 3), B=(0, 8), C=(0, 20), D=(0, 30))
    assert rebalanced(state, {"X": 48}) == [("B", "X", -8), ("A", "X", -3), ("D", "X", -2)]


def test_an_account_that_has_bought_is_a_holder_from_then_on() -> None:
    # C sells Y first and is still in debt. B is richer than A and buys X. In the next round B has 10 dollars
    # from its Y, fewer than A's 19, but holds X.
    accounts = [Account("", "A", 19, {}), Account("", "B", 20, {"Y": 5}), Account("", "C", -999, {"Y": 6})]
    state = PortfolioStateManager(accounts, {"X": 10, "Y": 2})
    assert rebalanced(state, {"X": 9}) == [
        ("C", "Y", -6),
        ("B", "X", 2),
        ("B", "Y", -5),
        ("B", "X", 1),
        ("A", "X", 1),
    ]


def test_a_fraction_of_a_share_supplies_nothing_and_starves_nobody() -> None:
    state = holders(A=(0, 0.5), B=(0, 2.5), C=(0, 40))
    result = DefaultRebalancer().execute_rebalance(state, {"X": 0})
    assert rows_of(result) == [("C", "X", -40), ("B", "X", -2)]
    assert result.converged
    assert result.remaining == {"X": -1}


def test_cash_in_the_model_is_left_and_never_traded() -> None:
    accounts = [Account("", "A1", 1000, {"X": 10})]
    targets = calculate_target_shares_from_accounts(
        accounts, {"X": 100}, PortfolioModel("", {"X": 0.25, "CASH": 0.75})
    )
    state = PortfolioStateManager(accounts, {"X": 100})
    assert rebalanced(state, targets | {"CASH": 1500}) == [("A1", "X", -5)]
    assert state.cash_matrix == {"A1": 1500}


def test_what_cannot_be_paid_remains() -> None:
    result = DefaultRebalancer().execute_rebalance(holders(A=(25, 1), B=(9, 0)), {"X": 10})
    assert rows_of(result) == [("A", "X", 2)]
    assert (result.remaining, result.converged, result.rounds) == ({"X": 7}, True, 2)


def test_the_minimum_quantity_holds_for_what_remains() -> None:
    accounts = [Account("", "A", 50, {"X": 1}), Account("", "B", 90, {})]
    state = PortfolioStateManager(accounts, {"X": 10}, min_trade_quantity=4)
    result = DefaultRebalancer().execute_rebalance(state, {"X": 9})
    assert rows_of(result) == [("A", "X", 5)]
    assert result.remaining == {}
    assert state.portfolio_trades == {}


def test_rounds_are_limited_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    state = holders(A=(0, 3), B=(0, 8), C=(0, 20))
    result = DefaultRebalancer().execute_rebalance(state, {}, 2)
    assert rows_of(result) == [("C", "X", -20), ("B", "X", -8)]
    assert (result.converged, result.rounds, result.remaining) == (False, 2, {"X": -3})
    assert "Max iterations reached" in caplog.text
    caplog.clear()
    assert DefaultRebalancer().execute_rebalance(state, {}, 1).converged
    assert DefaultRebalancer().execute_rebalance(state, {}, 0).converged
    assert caplog.text == ""


def test_a_missing_price_stops_the_work_before_any_trade() -> None:
    state = PortfolioStateManager([Account("", "A", 500, {"X": 3, "Y": 2})], {"X": 5})
    with pytest.raises(MissingPriceError, match=r"no price for Y.*no price for Z"):
        DefaultRebalancer().execute_rebalance(state, {"Z": 5})
    assert state.accounts["A"] == Account("", "A", 500, {"X": 3, "Y": 2})
    with pytest.raises(InputError, match="finite"):
        DefaultRebalancer().execute_rebalance(state, {"X": math.nan})


def test_a_refused_account_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    state = holders(AX71=(100, 1), BX72=(100, 0))
    state.add_validator(Refusing(lambda trade: trade.current_position == 1))
    result = DefaultRebalancer().execute_rebalance(state, {"X": 6})
    assert rows_of(result) == [("BX72", "X", 5)]
    assert [(refusal.trade, refusal.reason) for refusal in result.refused] == [
        (Trade("AX71", "X", 5), "no X")
    ]
    assert "Refused: 5 shares of X: no X" in caplog.text
    loud = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    assert not any("X71" in message or "X72" in message for message in loud)


def test_refusals_of_everybody_end_the_work() -> None:
    state = holders(A=(100, 1), B=(0, 7), C=(40, 0))
    state.add_validator(Refusing(lambda _: True))
    result = DefaultRebalancer().execute_rebalance(state, {"X": 12})
    assert (result, result.rounds, result.converged) == ([], 1, True)
    assert [refusal.trade for refusal in result.refused] == [Trade("A", "X", 4), Trade("C", "X", 4)]
    assert result.remaining == {"X": 4}


def test_a_refused_trade_is_tried_again_when_its_size_has_changed() -> None:
    # A could pay for 8 and may not buy so many at once; when B has bought 6, the other 4 are A's.
    state = holders(A=(80, 1), B=(60, 0))
    state.add_validator(Refusing(lambda trade: trade.quantity > 6))
    result = DefaultRebalancer().execute_rebalance(state, {"X": 11})
    assert rows_of(result) == [("B", "X", 6), ("A", "X", 4)]
    assert [refusal.trade for refusal in result.refused] == [Trade("A", "X", 8)]


def test_an_account_is_not_asked_again_for_a_trade_of_like_size() -> None:
    state = holders(A=(50, 1), B=(20, 0), C=(0, 0))
    state.add_validator(Refusing(lambda trade: trade.current_position == 1))
    result = DefaultRebalancer().execute_rebalance(state, {"X": 8})
    assert rows_of(result) == [("B", "X", 2)]
    assert [refusal.trade for refusal in result.refused] == [Trade("A", "X", 5)]
    assert result.remaining == {"X": 5}


def test_a_symbol_that_everybody_was_refused_is_tried_again_at_the_end() -> None:
    # Round 1: B sells Y; A could buy 2 X, which is too few, and B may not. Round 2: A sells Y, X waits.
    # Round 3: nothing but X is left, so round 4 asks A again, which can now pay for all 5.
    accounts = [Account("", "A", 20, {"X": 1, "Y": 3}), Account("", "B", 0, {"Y": 5})]
    state = PortfolioStateManager(accounts, {"X": 10, "Y": 10})
    state.add_validator(
        Refusing(lambda trade: trade.symbol == "X" and (trade.quantity < 4 or trade.current_position == 0))
    )
    result = DefaultRebalancer().execute_rebalance(state, {"X": 6})
    assert rows_of(result) == [("B", "Y", -5), ("A", "Y", -3), ("A", "X", 5)]
    assert result.rounds == 4


def test_rules_that_it_does_not_know_are_named(caplog: pytest.LogCaptureFixture) -> None:
    accounts = [
        Account("", "A", 500, {}, no_buy=("X",), cash_reserve=10),
        Account("", "B", 0, {}, kind="tax_deferred", only=()),
    ]
    rebalanced(PortfolioStateManager(accounts, {"X": 5}), {})
    assert "account rules (cash_reserve, no_buy)" in caplog.text
    caplog.clear()
    rebalanced(PortfolioStateManager([Account("", "A", 5, {}, fractional=True)], {}), {})
    assert caplog.text == ""


# Quarters of dollars and of shares are exact in floating point, and so are the few sums of them here.
QUARTERS = st.integers(-25, 60).map(lambda n: max(n, 0) / 4)
SYMBOLS = "ABCD"
NUMBERS = ["N3", "N1", "N7", "N5", "N2", "N9", "N4", "N8", "N6"]

Case = tuple[list[Account], dict[str, float], dict[str, float], float]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return accounts, prices, targets and a least quantity."""
    many = draw(st.integers(1, 9))
    few_holders = draw(st.booleans())
    cash = draw(st.lists(st.integers(0, 1200), min_size=many, max_size=many))
    held = draw(st.lists(QUARTERS, min_size=4 * many, max_size=4 * many))
    if few_holders:
        held = [shares if n % 4 == n // 4 % 3 else 0 for n, shares in enumerate(held)]
    accounts = [
        Account("", number, cash[n] / 4, {s: h for s, h in zip(SYMBOLS, held[4 * n :], strict=False) if h})
        for n, number in enumerate(NUMBERS[:many])
    ]
    prices = draw(st.lists(st.integers(1, 160), min_size=4, max_size=4))
    wanted = draw(st.dictionaries(st.sampled_from(SYMBOLS), st.integers(0, 320)))
    targets = {s: sum(a.positions.get(s, 0) for a in accounts) + n / 32 for s, n in wanted.items()}
    if not few_holders:
        targets = {symbol: n / 4 for symbol, n in wanted.items()}
    least = draw(st.sampled_from([0, 0, 0, 3]))
    return accounts, {s: price / 4 for s, price in zip(SYMBOLS, prices, strict=True)}, targets, least


REFUSALS: list[Callable[[TradeInfo], bool]] = [
    lambda _: False,
    lambda trade: abs(trade.quantity) > 7,
    lambda trade: int(trade.quantity) % 3 == 0,
    lambda trade: (trade.current_position or 0) + trade.quantity > 20,
    lambda trade: (trade.account_balance or 0) < 100,
]


def state_of(case: Case, refuses: Callable[[TradeInfo], bool] = REFUSALS[0]) -> PortfolioStateManager:
    """Return the state of a case with one validator."""
    accounts, prices, _, least = case
    state = PortfolioStateManager(accounts, prices, min_trade_quantity=least)
    state.add_validator(Refusing(refuses))
    return state


def naive(state: PortfolioStateManager, targets: Mapping[str, float], rounds: int) -> list[Row]:
    """Rebalance by the words of the specification: ask the selectors about all accounts for every trade."""
    made: list[Row] = []
    refused: dict[tuple[str, str], float] = {}
    waiting: set[str] = set()
    for _ in range(rounds):
        state.update_portfolio_trades(targets)
        begun, skipped, count = dict(state.portfolio_trades), set(waiting), len(made)
        sells = sorted((s for s in begun if begun[s] < 0), key=lambda s: (-begun[s], s))
        buys = sorted((s for s in begun if begun[s] > 0), key=lambda s: (begun[s], s))
        for symbol in (*sells, *buys):
            if symbol in skipped:
                continue
            asked, trade = naive_trade(state, symbol, state.portfolio_trades.get(symbol, 0), refused)
            if trade is not None:
                state.update([Trade(*trade)])
                state.update_portfolio_trades(targets)
                made.append(trade)
            elif asked:
                waiting.add(symbol)
        if len(made) == count:
            if not skipped:
                break
            waiting.clear()
    return made


def naive_trade(
    state: PortfolioStateManager, symbol: str, shares: float, refused: dict[tuple[str, str], float]
) -> tuple[bool, Row | None]:
    """Return the trade in the first account that the selectors name and no validator refuses.

    Before it, whether there was an account at all.
    """
    accounts = list(state.accounts.values())
    while True:
        if shares < 0:
            number = select_account_for_sell_trade(symbol, shares, accounts)
        else:
            number = select_account_for_buy_trade(symbol, shares, accounts, state.prices, state.cash_matrix)
        if number is None:
            return len(accounts) < len(state.accounts), None
        account = state.accounts[number]
        if shares < 0:
            quantity = -min(int(Fraction(account.positions[symbol])), -int(shares))
        else:
            quantity = min(int(Fraction(account.cash) / Fraction(state.prices[symbol])), int(shares))
        change = quantity / refused.get((number, symbol), math.inf)
        if change <= 0.5 or change >= 2:
            if state.validate_trade(number, symbol, quantity)[0]:
                return True, (number, symbol, quantity)
            refused[number, symbol] = quantity
        accounts = [other for other in accounts if other.account_number != number]


@settings(max_examples=120)
@given(cases(), st.sampled_from(REFUSALS), st.sampled_from([1, 2, 100]))
def test_trades_are_those_of_asking_the_selectors_every_time(
    case: Case, refuses: Callable[[TradeInfo], bool], rounds: int
) -> None:
    expected_state, state = state_of(case, refuses), state_of(case, refuses)
    expected = naive(expected_state, case[2], rounds)
    assert rebalanced(state, case[2], rounds) == expected
    assert state.accounts == expected_state.accounts
    assert state.portfolio_trades == expected_state.portfolio_trades


@given(cases(), st.sampled_from(REFUSALS))
def test_trades_keep_cash_positions_value_and_targets(
    case: Case, refuses: Callable[[TradeInfo], bool]
) -> None:
    accounts, prices, targets, least = case
    state = state_of(case, refuses)
    cash = {account.account_number: Fraction(account.cash) for account in accounts}
    held = {(a.account_number, s): Fraction(n) for a in accounts for s, n in a.positions.items()}
    totals = {symbol: sum(n for (_, s), n in held.items() if s == symbol) for symbol in SYMBOLS}
    result = DefaultRebalancer().execute_rebalance(state, targets)
    for trade in result:
        place = trade.account_id, trade.symbol
        cash[trade.account_id] -= Fraction(trade.shares) * Fraction(prices[trade.symbol])
        held[place] = held.get(place, Fraction(0)) + Fraction(trade.shares)
        assert cash[trade.account_id] >= 0
        assert held[place] >= 0
    for number, account in state.accounts.items():
        assert Fraction(account.cash) == cash[number]
        assert {s: Fraction(n) for s, n in account.positions.items()} == {
            s: n for (owner, s), n in held.items() if owner == number
        }
    for symbol, before in totals.items():
        after = sum(n for (_, s), n in held.items() if s == symbol)
        target = Fraction(targets.get(symbol, 0))
        assert min(before, target) <= after <= max(before, target)
        missing = int(target - after)
        assert result.remaining.get(symbol, 0) == (missing if abs(missing) >= least else 0)


@given(cases())
def test_the_order_of_symbols_has_no_meaning(case: Case) -> None:
    accounts, prices, targets, least = case
    turned = [Account("", a.account_number, a.cash, dict(reversed(a.positions.items()))) for a in accounts]
    other = PortfolioStateManager(turned, dict(reversed(prices.items())), min_trade_quantity=least)
    assert rebalanced(other, dict(reversed(targets.items()))) == rebalanced(state_of(case), targets)


@given(cases())
def test_the_order_of_accounts_has_no_meaning_among_holders(case: Case) -> None:
    accounts, prices, targets, least = case
    for account in accounts:
        account.positions = {symbol: account.positions.get(symbol, 0) + 1.25 for symbol in SYMBOLS}
    wanted = {symbol: max(targets.get(symbol, 0), len(accounts)) for symbol in SYMBOLS}
    turned = PortfolioStateManager(accounts[::-1], prices, min_trade_quantity=least)
    assert rebalanced(turned, wanted) == rebalanced(state_of((accounts, prices, targets, least)), wanted)


@given(cases())
def test_renamed_accounts_and_symbols_trade_the_same(case: Case) -> None:
    accounts, prices, targets, least = case
    renamed = PortfolioStateManager(
        [
            Account("", f"x{a.account_number}", a.cash, {f"y{s}": n for s, n in a.positions.items()})
            for a in accounts
        ],
        {f"y{symbol}": price for symbol, price in prices.items()},
        min_trade_quantity=least,
    )
    expected = [(f"x{number}", f"y{symbol}", n) for number, symbol, n in rebalanced(state_of(case), targets)]
    assert rebalanced(renamed, {f"y{symbol}": n for symbol, n in targets.items()}) == expected


@given(cases(), st.sampled_from([2.0**-20, 0.5, 2.0**20]))
def test_scaled_prices_and_cash_trade_the_same(case: Case, scale: float) -> None:
    accounts, prices, targets, least = case
    scaled = PortfolioStateManager(
        [Account("", a.account_number, a.cash * scale, a.positions) for a in accounts],
        {symbol: price * scale for symbol, price in prices.items()},
        min_trade_quantity=least,
    )
    assert rebalanced(scaled, targets) == rebalanced(state_of(case), targets)


@given(cases())
def test_an_account_without_cash_and_positions_changes_nothing(case: Case) -> None:
    accounts, prices, targets, least = case
    more = PortfolioStateManager([Account("", "N0", 0, {}), *accounts], prices, min_trade_quantity=least)
    assert rebalanced(more, targets) == rebalanced(state_of(case), targets)


@given(cases())
def test_a_second_rebalance_finds_nothing_to_do(case: Case) -> None:
    state = state_of(case)
    DefaultRebalancer().execute_rebalance(state, case[2], 1000)
    assert rebalanced(state, case[2], 1000) == []


@given(
    cash=st.lists(st.floats(0, 1e5), min_size=1, max_size=4),
    prices=st.lists(st.floats(0.01, 1e3), min_size=3, max_size=3),
    weights=st.lists(st.integers(0, 9), min_size=4, max_size=4),
    held=st.lists(st.floats(0, 500), min_size=12, max_size=12),
)
def test_any_dollars_and_shares_keep_cash_above_zero_and_conserve_value(
    cash: list[float], prices: list[float], weights: list[int], held: list[float]
) -> None:
    accounts = [
        Account("", f"N{n}", dollars, dict(zip("ABC", held[3 * n :], strict=False)))
        for n, dollars in enumerate(cash)
    ]
    by_symbol = dict(zip("ABC", prices, strict=True))
    model = PortfolioModel("", dict(zip(["A", "B", "C", "CASH"], weights, strict=True)))
    state = PortfolioStateManager(accounts, by_symbol)
    before = state.get_total_portfolio_value()
    targets = calculate_target_shares_from_accounts(accounts, by_symbol, model)
    DefaultRebalancer().execute_rebalance(state, targets)
    assert min(state.cash_matrix.values()) >= 0
    assert min(n for account in state.accounts.values() for n in account.positions.values()) >= 0
    assert state.get_total_portfolio_value() == pytest.approx(before, rel=1e-9, abs=1e-9)
