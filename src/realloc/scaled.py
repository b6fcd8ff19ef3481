"""Each account brought to one model on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from realloc._shares import (
    affordable,
    in_order,
    listed,
    market_value,
    settled,
    shares_at_target,
    symbol_weights,
    whole,
)
from realloc.accounts import Account
from realloc.differences import compute_portfolio_trades
from realloc.models import PortfolioModel


class ScaledPortfolio:
    """Accounts that are each brought to one model on their own.

    Parameters
    ----------
    accounts : iterable of Account
        The accounts, or a mapping of them by account number.
    model_target : PortfolioModel or mapping of str to float
        Target weights by symbol and for ``CASH``, scaled to sum to 1. An account with targets of its own
        follows those.
    """

    def __init__(
        self,
        accounts: Iterable[Account] | Mapping[str, Account],
        model_target: PortfolioModel | Mapping[str, float],
    ) -> None:
        self.accounts = listed(accounts)
        self.model_target = model_target

    def generate_scaled_cash_constrained_trades(
        self, prices: Mapping[str, float]
    ) -> dict[str, dict[str, int]]:
        """Return the whole shares to trade, by account number and symbol.

        Sells go towards the target and never beyond what is held. Buys follow, small before large by
        shares, as far as the account's cash and the proceeds of its sells go.

        Raises
        ------
        MissingPriceError
            A held or targeted symbol has no price.
        InputError
            A number cannot be used, or a target names an asset class.
        """
        return {account.account_number: self._trades(account, prices) for account in self.accounts}

    def _trades(self, account: Account, prices: Mapping[str, float]) -> dict[str, int]:
        model = self.model_target
        targets, classes = (
            (model.targets, model.classes) if isinstance(model, PortfolioModel) else (model, ())
        )
        value = account.cash + market_value(account.positions, prices)
        weights = symbol_weights(account.targets or targets, classes)
        wanted = compute_portfolio_trades(account.positions, shares_at_target(value, weights, prices))
        trades: dict[str, int] = {}
        cash = account.cash
        for symbol in in_order(wanted):
            if wanted[symbol] < 0:
                shares = -min(-wanted[symbol], max(whole(account.positions.get(symbol, 0)), 0))
            else:
                shares = min(wanted[symbol], affordable(cash, prices[symbol])) if wanted[symbol] else 0
            if shares:
                trades[symbol] = shares
                cash = settled(cash, -shares * prices[symbol])
        return trades
