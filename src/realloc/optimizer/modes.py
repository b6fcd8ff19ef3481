"""The modes as restrictions of the one problem: what may be bought and sold, and where values may end.

Rules MODE-1 to MODE-6 and HARV-1 to HARV-5. A mode closes pairs of account and symbol, closes lots, and sets ranges
for the values of groups and for cash. The objective stays what it is, and so does the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from realloc.household import Household
from realloc.modes import Harvest
from realloc.optimizer.harvesting import also_harvest, only_harvest
from realloc.optimizer.restriction import FRACTION, Restriction, ceilings, needs_cash
from realloc.optimizer.returning import return_to_band
from realloc.optimizer.scopes import Scope

NONE = Restriction()


def restrict(household: Household, scopes: Sequence[Scope]) -> Restriction:
    """Return what the policy's mode forbids."""
    policy = household.policy
    match policy.mode:
        case "hold":
            found = Restriction(buys=frozenset(), sells=frozenset())
        case "invest_cash":
            found = Restriction(sells=frozenset())
        case "raise_cash":
            found = _raise_cash(household)
        case "outside_band":
            found = return_to_band(household, scopes)
        case "partial":
            found = _partial(household)
        case "harvest":
            found = only_harvest(household, scopes, policy.harvest or Harvest())
        case "full":
            found = NONE if policy.harvest is None else also_harvest(household, scopes, policy.harvest)
    return found


def _partial(household: Household) -> Restriction:
    """Return rule MODE-5: one symbol may be sold, another bought."""
    two = household.policy.partial
    numbers = [account.account_number for account in household.accounts] if two else []
    return Restriction(
        buys=frozenset((number, two.buy) for number in numbers if two),
        sells=frozenset((number, two.sell) for number in numbers if two),
    )


def _raise_cash(household: Household) -> Restriction:
    """Return rule MODE-4: no buys; sales where cash is needed, and hardly more than that."""
    needy = [account for account in household.accounts if needs_cash(account)]
    policy = household.policy
    capped = any(
        cap is not None for cap in (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    )
    by_steps = [account for account in needy if account.fractional and not (capped or policy.min_trade_value)]
    return Restriction(
        buys=frozenset(),
        sells=frozenset((a.account_number, symbol) for a in needy for symbol, n in a.positions.items() if n),
        ceilings=ceilings(household, needy) | ceilings(household, by_steps, FRACTION),
    )
