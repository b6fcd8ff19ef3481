"""The rebalancer that decides all accounts together, at the least cost in drift, tax and trading."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from realloc.engine import rebalance
from realloc.errors import InputError
from realloc.household import Household
from realloc.models import CASH, PortfolioModel
from realloc.plan import Plan
from realloc.plugins.core.base import RebalancerPlugin
from realloc.plugins.core.results import RebalanceResult, Refusal
from realloc.policy import Policy

if TYPE_CHECKING:
    from realloc.state import PortfolioStateManager

log = logging.getLogger(__name__)


class OptimalRebalancer(RebalancerPlugin):
    """Decide all accounts together, lot by lot, at the least cost, with a proof.

    Parameters
    ----------
    policy : Policy, optional
        Prices of drift and tax, costs and limits for work on a state; a household brings its own.
    as_of : datetime.date, optional
        Date of the decision for work on a state; None takes today.
    time_limit : float, optional
        Seconds after which the best audited plan is returned with its gap.
    """

    name = "optimal"

    def __init__(
        self, policy: Policy | None = None, as_of: date | None = None, time_limit: float | None = None
    ) -> None:
        self.policy = policy or Policy()
        self.as_of = as_of
        self.time_limit = None if time_limit is None else float(time_limit)

    def plan(self, household: Household) -> Plan:
        """Return the audited plan of a household; raises as `realloc.rebalance` does."""
        return rebalance(household, time_limit=self.time_limit)

    def execute_rebalance(
        self,
        portfolio_state: PortfolioStateManager | None = None,
        target_shares: Mapping[str, float] | None = None,
        max_iterations: int = 100,  # noqa: ARG002 - one decision, no rounds
        *,
        tam: PortfolioStateManager | None = None,
    ) -> RebalanceResult:
        """Plan the state's accounts towards the weights of the target shares, and make the trades.

        Parameters
        ----------
        portfolio_state, tam : PortfolioStateManager
            The state: one argument under two names.
        target_shares : mapping of str to float
            Wanted shares by symbol over all accounts: their values are the weights, what is left is cash.
        max_iterations : int
            Not used: there is one decision and there are no rounds.

        Returns
        -------
        RebalanceResult
            The trades that were made. One that a validator refuses is skipped, and a buy that its missing
            proceeds would have paid for as well.

        Raises
        ------
        TypeError
            The state or the target shares are missing.
        ReallocError
            As `realloc.rebalance`.
        """
        state = tam if portfolio_state is None else portfolio_state
        if state is None or target_shares is None:
            raise TypeError("execute_rebalance needs a state (portfolio_state or tam) and target_shares")
        plan = self.plan(self._household(state, target_shares))
        made, refused = [], []
        for trade in plan.trades:
            allowed, reason = state.validate_trade(trade.account_id, trade.symbol, trade.shares)
            if allowed and not state.is_trade_feasible(trade.account_id, trade.symbol, trade.shares):
                allowed, reason = False, "the cash for it was to come from a refused sale"
            if not allowed:
                refused.append(Refusal(trade=trade, reason=reason))
                log.info("Refused: %s shares of %s: %s", trade.shares, trade.symbol, reason)
                continue
            state.update([trade])
            made.append(trade)
        state.update_portfolio_trades(target_shares)
        return RebalanceResult(made, refused=refused, remaining=state.portfolio_trades, rounds=1)

    def _household(self, state: PortfolioStateManager, target_shares: Mapping[str, float]) -> Household:
        value = state.get_total_portfolio_value()
        missing = [symbol for symbol in target_shares if symbol not in state.prices and symbol != CASH]
        if missing:
            raise InputError(f"no price for {', '.join(sorted(missing))}")
        weights = {
            symbol: shares * state.prices[symbol] / value
            for symbol, shares in target_shares.items()
            if symbol != CASH and value > 0
        }
        weights[CASH] = max(0.0, 1.0 - sum(weights.values()))
        return Household(
            as_of=self.as_of or date.today(),  # noqa: DTZ011 - a calendar date, not an instant
            prices=state.prices,
            accounts=tuple(state.accounts.values()),
            model=PortfolioModel("target shares", weights),
            policy=self.policy,
        )
