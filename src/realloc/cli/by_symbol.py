"""A scope's targets as a model by symbol, for rebalancers that work on shares and know no classes."""

from __future__ import annotations

from math import fsum

from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.models import CASH, PortfolioModel
from realloc.optimizer.scopes import Group, Scope, account_value


def model_by_symbol(scope: Scope, household: Household) -> PortfolioModel:
    """Return weights by symbol: of a class what is held stays, as far as its target goes.

    What a class has above its target is taken from its largest holdings first, so that few symbols are
    traded; what it lacks goes to its preferred symbol, the first one with a price.

    Raises
    ------
    InputError
        A symbol counts only in part in a class: that cannot be said by symbol.
    """
    weights: dict[str, float] = {}
    for group in scope.groups:
        for symbol, weight in _weights(group, scope, household).items():
            weights[symbol] = weights.get(symbol, 0.0) + weight
    return PortfolioModel(household.model.name, weights)


def _weights(group: Group, scope: Scope, household: Household) -> dict[str, float]:
    if group.name == CASH:
        return {CASH: group.target} if group.target else {}
    if any(share not in (0.0, 1.0) for share in group.members.values()):
        raise InputError(
            Issue(
                code="class.spanning",
                where=f"model.classes.{group.name}.symbols",
                message="symbols that are only partly in a class need a rebalancer that plans households",
                hint="use '--rebalancer optimal'",
            )
        )
    members = [symbol for symbol, share in group.members.items() if share and symbol in household.prices]
    value = fsum(account_value(account, household) - account.cash_flow for account in scope.accounts)
    held = {
        symbol: household.prices[symbol]
        * fsum(account.positions.get(symbol, 0.0) for account in scope.accounts)
        / value
        for symbol in members
        if value
    }
    weights = dict.fromkeys(members, 0.0) | held
    excess = fsum(held.values()) - group.target
    if excess < 0 and members:
        weights[members[0]] -= excess
    for symbol in sorted(held, key=lambda symbol: (-held[symbol], symbol)):
        taken = min(max(excess, 0.0), held[symbol])
        weights[symbol] -= taken
        excess -= taken
    return weights
