"""The rebalancer that trades a state towards its target shares, one account at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from realloc._shares import in_order, require_prices
from realloc.accounts import Account
from realloc.errors import InputError
from realloc.plugins.core.base import RebalancerPlugin
from realloc.plugins.core.results import RebalanceResult, Refusal
from realloc.plugins.rebalancers.holder_index import HolderIndex
from realloc.state import PortfolioStateManager
from realloc.trades import Trade

log = logging.getLogger(__name__)


class DefaultRebalancer(RebalancerPlugin):
    """Trade whole shares towards portfolio-level targets, account by account, sells first.

    Notes
    -----
    Each round goes through the portfolio-level trades that remain, sells before buys, small before large by
    shares, ties by symbol. Each takes the account that `select_account_for_sell_trade` or
    `select_account_for_buy_trade` prefers, and trades as many whole shares there as its holding or its cash
    allows. Where a validator refuses, the next account is tried; the refused one is asked about the symbol
    again when the trade would be at most half or at least twice as large, and a symbol that every account
    was refused waits until the others make no trade. The work ends when nothing remains, after a round
    over all symbols without a trade, or at the limit of rounds.

    It knows cash and shares, and no other rule of an account; such rules are named in a warning.
    """

    name = "default"

    def execute_rebalance(
        self,
        portfolio_state: PortfolioStateManager | None = None,
        target_shares: Mapping[str, float] | None = None,
        max_iterations: int = 100,
        *,
        tam: PortfolioStateManager | None = None,
    ) -> RebalanceResult:
        """Trade a state towards target shares and return the trades; the state is updated.

        Parameters
        ----------
        portfolio_state, tam : PortfolioStateManager
            The state: one argument under two names.
        target_shares : mapping of str to float
            Wanted shares by symbol, over all accounts; a held symbol that is absent is sold.
        max_iterations : int
            Most rounds. A warning is logged where the work is stopped by it.

        Returns
        -------
        RebalanceResult
            The trades, whole shares, in order of execution, with what was refused and what remains.

        Raises
        ------
        TypeError
            The state or the target shares are missing, or the two names have different states.
        MissingPriceError
            A symbol that is to be traded has no price; nothing is traded.
        InputError
            A number of shares is not finite, or `max_iterations` is negative.
        """
        state = tam if portfolio_state is None else portfolio_state
        if state is None or target_shares is None:
            raise TypeError("execute_rebalance needs a state (portfolio_state or tam) and target_shares")
        if tam is not None and tam is not state:
            raise TypeError("portfolio_state and tam are two names of one argument: give one")
        if max_iterations < 0:
            raise InputError(f"max_iterations must be at least 0, not {max_iterations}")
        state.update_portfolio_trades(target_shares)
        require_prices(state.prices, state.portfolio_trades)
        _warn_of_rules(state.accounts.values())
        work = _Work(state)
        rounds = 0
        more = True
        while work.remaining and more and rounds < max_iterations:
            rounds += 1
            more = work.do_round()
        stopped = bool(work.remaining) and more
        if stopped:
            log.warning("Max iterations reached: %d rounds, %d symbols remain", rounds, len(work.remaining))
        state.update_portfolio_trades(target_shares)
        return RebalanceResult(
            work.trades,
            refused=work.refused,
            remaining=state.portfolio_trades,
            rounds=rounds,
            converged=not stopped,
        )


class _Work:
    """A rebalance under way."""

    def __init__(self, state: PortfolioStateManager) -> None:
        self.state = state
        self.remaining = dict(state.portfolio_trades)
        self.trades: list[Trade] = []
        self.refused: list[Refusal] = []
        self.waiting: set[str] = set()
        self._sizes_refused: dict[tuple[str, str], float] = {}
        self._index = HolderIndex(state, self.remaining)

    def do_round(self) -> bool:
        """Go once through what remains and return whether there is more to try.

        A symbol that every account was refused waits until the other symbols make no trade.
        """
        made, waiting = len(self.trades), set(self.waiting)
        for symbol in in_order(self.remaining):
            trade = None if symbol in waiting else self._choose(symbol)
            if trade is not None:
                self._make(trade)
        if len(self.trades) > made:
            return True
        self.waiting.clear()
        return bool(waiting)

    def _choose(self, symbol: str) -> Trade | None:
        number = None
        for number, shares in self._index.candidates(symbol, self.remaining[symbol]):
            last = self._sizes_refused.get((number, symbol))
            if last is not None and abs(last) < 2 * abs(shares) < 4 * abs(last):
                continue
            allowed, reason = self.state.validate_trade(number, symbol, shares)
            trade = Trade(number, symbol, shares)
            if allowed:
                return trade
            self._refuse(trade, reason)
        if number is not None:
            self.waiting.add(symbol)
        return None

    def _make(self, trade: Trade) -> None:
        symbol, number = trade.symbol, trade.account_id
        before = self.state.accounts[number].positions.get(symbol, 0)
        self.state.update([trade])
        self._index.record(symbol, number, before)
        self.trades.append(trade)
        left = self.remaining[symbol] - trade.shares
        if left and abs(left) >= self.state.min_trade_quantity:
            self.remaining[symbol] = left
        else:
            del self.remaining[symbol]

    def _refuse(self, trade: Trade, reason: str) -> None:
        self._sizes_refused[trade.account_id, trade.symbol] = trade.shares
        self.refused.append(Refusal(trade=trade, reason=reason))
        log.info("Refused: %d shares of %s: %s", trade.shares, trade.symbol, reason)
        log.debug("The refused trade was in account %s", trade.account_id)


RULES = ("cash_reserve", "do_not_trade", "max_position_value", "no_buy", "no_sell", "only")


def _warn_of_rules(accounts: Iterable[Account]) -> None:
    stated = {
        rule for account in accounts for rule in RULES if getattr(account, rule) not in (None, (), 0, False)
    }
    if stated:
        log.warning(
            "The default rebalancer does not know account rules (%s); the optimal one keeps them",
            ", ".join(sorted(stated)),
        )
