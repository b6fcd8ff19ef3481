"""The modes of the policy restated for the referees: what MODE-2 to MODE-6 and HARV-1 to HARV-5 close and limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.statement import Group, Key, LotTerms, Pair, Purse, Statement

CENT = Fraction(1, 100)


def restrict(statement: Statement) -> Statement:
    """Return the statement with the pairs and lots closed that the mode closes."""
    policy = statement.household.policy
    pairs = dict(statement.pairs)
    for key, pair in statement.pairs.items():
        buys, sells = allowed(statement, pair)
        pairs[key] = replace(pair, may_buy=pair.may_buy and buys, may_sell=pair.may_sell and sells)
    if policy.harvests is not None:
        pairs = {key: without_small_losses(statement, pair) for key, pair in pairs.items()}
    return replace(statement, pairs=pairs, avoid=statement.avoid or policy.harvests is not None)


def allowed(statement: Statement, pair: Pair) -> tuple[bool, bool]:
    """Return whether the mode lets a pair be bought, and sold."""
    policy = statement.household.policy
    short = is_short(purse_of(statement, pair.account))
    buys = sells = True
    if policy.mode in ("hold", "invest_cash", "raise_cash"):
        buys, sells = policy.mode == "invest_cash", policy.mode == "raise_cash" and short
    if policy.mode == "partial" and policy.partial is not None:
        buys, sells = pair.symbol == policy.partial.buy, pair.symbol == policy.partial.sell
    if policy.mode == "outside_band":
        off = excesses(statement, pair.account)
        mine = [off[group.name] for group in scope_of(statement, pair.account) if group.weight(pair)]
        above, below = any(n > 0 for n in mine), any(n < 0 for n in mine)
        gives, takes = any(n > 0 for n in off.values()), any(n < 0 for n in off.values())
        buys, sells = not above and (below or gives), short or (not below and (above or takes))
    if policy.mode == "harvest":
        instead = stand_ins(statement, pair.account)
        bought = set().union(*instead.values())
        buys, sells = not short and pair.symbol in bought, not short and bool(instead.get(pair.symbol))
    return buys, sells


def scope_of(statement: Statement, account: str) -> list[Group]:
    """Return the groups of the scope of an account."""
    return [group for group in statement.groups if account in group.accounts]


def before(statement: Statement, group: Group) -> Fraction:
    """Return the dollars in a group before the plan."""
    total = Fraction(0)
    if group.cash:
        total += sum(purse.cash * group.accounts.get(purse.account, 0) for purse in statement.purses)
    for pair in statement.pairs.values():
        total += pair.held * pair.price * group.weight(pair)
    return total


def excesses(statement: Statement, account: str) -> dict[str, Fraction]:
    """Return by group how far it is from its destination: above zero above its band, zero inside."""
    household = statement.household
    reach = {"edge": Fraction(1), "midpoint": Fraction(1, 2), "target": Fraction(0)}[
        household.policy.destination
    ]
    found = {}
    for group in scope_of(statement, account):
        off = before(statement, group) - group.target
        cash_class = household.model.classes.get("CASH")
        silent = group.cash and (cash_class is None or cash_class.band is None)
        beyond = abs(off) > group.width + CENT and not silent and group.worth > 0
        far = abs(off) - reach * group.width
        found[group.name] = (far if off > 0 else -far) if beyond else Fraction(0)
    return found


def own_loss(pair: Pair, lot: LotTerms) -> Fraction:
    """Return what a share of a lot loses by its own cost."""
    return Fraction(str(lot.lot.cost_per_share)) - pair.bid


def is_harvestable(statement: Statement, pair: Pair, lot: LotTerms) -> bool:
    """Return whether a lot is harvestable (HARV-1)."""
    thresholds = statement.household.policy.harvests
    assert thresholds is not None
    cost, loss = Fraction(str(lot.lot.cost_per_share)), own_loss(pair, lot)
    return (
        pair.may_trade
        and loss > 0
        and loss * lot.shares >= Fraction(str(thresholds.min_loss))
        and loss >= cost * Fraction(str(thresholds.min_loss_fraction))
    )


def harvested(statement: Statement, account: str) -> set[str]:
    """Return the symbols of which an account holds a harvestable lot."""
    return {
        pair.symbol
        for pair in statement.pairs.values()
        if pair.account == account and any(is_harvestable(statement, pair, lot) for lot in pair.lots or ())
    }


def stand_ins(statement: Statement, account: str) -> dict[str, set[str]]:
    """Return by symbol that an account can harvest what it may buy instead (HARV-2)."""
    found: dict[str, set[str]] = {}
    if is_short(purse_of(statement, account)):
        return found
    for symbol in harvested(statement, account):
        mine = statement.pairs[account, symbol]
        found[symbol] = {
            pair.symbol
            for pair in statement.pairs.values()
            if pair.account == account and pair.on_menu and pair.family != mine.family
            for group in scope_of(statement, account)
            if group.wanted and group.weight(pair) and group.weight(mine)
        }
    return found


def without_small_losses(statement: Statement, pair: Pair) -> Pair:
    """Return a pair with its lots closed that harvesting leaves alone (HARV-2, HARV-5)."""
    groups = [group for group in scope_of(statement, pair.account) if group.weight(pair)]
    free = is_short(purse_of(statement, pair.account)) or any(
        before(statement, group) - group.target > CENT for group in groups
    )
    only = statement.household.policy.mode == "harvest"
    if pair.lots is None or (free and not only):
        return pair
    closed = {
        place
        for place, lot in enumerate(pair.lots)
        if (only or own_loss(pair, lot) > 0) and not is_harvestable(statement, pair, lot)
    }
    return replace(pair, closed=frozenset(closed))


def purse_of(statement: Statement, account: str) -> Purse:
    """Return the cash of one account."""
    return next(purse for purse in statement.purses if purse.account == account)


def is_short(purse: Purse) -> bool:
    """Return whether an account is below its reserve before it trades."""
    return purse.cash < purse.reserve


def mode_faults(
    statement: Statement,
    orders: Mapping[Key, Fraction],
    cash: Mapping[str, Fraction],
    losing: set[Key],
    values: Sequence[Fraction],
) -> list[str]:
    """Return what a plan breaks of the limits of its mode; closed pairs are for `faults` to find.

    `losing` are the sales that take a loss, `values` the dollars in each group after the plan.
    """
    found = [*_group_faults(statement, values), *_cash_faults(statement, cash)]
    if statement.household.policy.mode != "raise_cash":
        return found
    caps = ("max_tax", "max_realized_gain", "max_short_term_gain")
    capped = any(statement.cap(name) is not None for name in caps)
    for purse in statement.purses:
        sales = {key: n for key, n in orders.items() if key[0] == purse.account and n < 0}
        over = cash[purse.account] - purse.reserve
        if not sales or over < 0:
            continue
        held = [pair for key, pair in statement.pairs.items() if key[0] == purse.account and pair.held]
        least = Fraction(str(statement.household.policy.min_trade_value))
        found += [f"MODE-4 {purse.account}"] if over > max(pair.price for pair in held) + least else []
        for key, shares in sales.items():
            exact_cash = raw_cash(statement, orders)[purse.account]
            less = next_smaller(statement, statement.pairs[key], -shares)
            rest = Fraction(floor((exact_cash - less) * 100), 100)
            if rest >= purse.reserve and not (capped and key in losing):
                found.append(f"MODE-4 {key}")
    return found


def raw_cash(statement: Statement, orders: Mapping[Key, Fraction]) -> dict[str, Fraction]:
    """Return cash after the plan, not rounded."""
    commission = Fraction(str(statement.household.policy.costs.commission))
    cash = {purse.account: purse.cash for purse in statement.purses}
    for key, shares in orders.items():
        pair = statement.pairs[key]
        cash[key[0]] -= shares * (pair.ask if shares > 0 else pair.bid) + commission
    return cash


def next_smaller(statement: Statement, pair: Pair, sold: Fraction) -> Fraction:
    """Return what the next smaller sale brings less, in dollars; no sale at all saves the commission."""
    least = Fraction(str(statement.household.policy.min_trade_value))
    smaller = [n for n in replace(pair, may_sell=True).sales() if n < sold and n * pair.price >= least]
    if smaller:
        return (sold - max(smaller)) * pair.bid
    return sold * pair.bid - Fraction(str(statement.household.policy.costs.commission))


def _order(statement: Statement, symbols: Iterable[str]) -> Fraction:
    """Return one order of some symbols, dollars."""
    prices = statement.household.prices
    dearest = max((Fraction(str(prices[s])) for s in symbols if s in prices), default=Fraction(0))
    return dearest + Fraction(str(statement.household.policy.min_trade_value))


def _group_faults(statement: Statement, values: Sequence[Fraction]) -> Iterator[str]:
    """Yield the groups that end outside what MODE-6 or HARV-4 allow."""
    policy = statement.household.policy
    for group, value in zip(statement.groups, values, strict=True):
        if group.cash:
            continue
        if policy.mode == "outside_band":
            low, high = _returned(statement, group)
        elif policy.mode == "harvest":
            low, high = _kept(statement, group)
        elif policy.harvests is not None:
            low, high = _edge(statement, group), None
        else:
            return
        if (low is not None and value < low) or (high is not None and value > high):
            yield f"MODE-6/HARV-4 {group.name}"


Limits = tuple[Fraction | None, Fraction | None]


def _returned(statement: Statement, group: Group) -> Limits:
    account = min(group.accounts)
    off, first = excesses(statement, account), before(statement, group)
    gives = sum((n for n in off.values() if n > 0), Fraction(0))
    takes = sum((-n for n in off.values() if n < 0), Fraction(0))
    if not (gives or takes):
        return None, None
    needy = any(is_short(purse_of(statement, number)) for number in group.accounts)
    mine, order = off[group.name], _order(statement, group.shares)
    if mine > 0:
        return None if needy else first - mine - order, None
    if mine < 0:
        return None, first - mine + order
    low = min(first, max(group.target - group.width, first - takes))
    return None if needy else low, max(first, min(group.target + group.width, first + gives))


def _kept(statement: Statement, group: Group) -> Limits:
    first, slack = before(statement, group), Fraction(0)
    for account in group.accounts:
        bought = set().union(*stand_ins(statement, account).values())
        slack += _order(statement, bought) if bought else 0
    low, high = first - slack, first + slack
    if abs(first - group.target) <= group.width:
        return max(low, group.target - group.width), min(high, group.target + group.width)
    return low, high


def _edge(statement: Statement, group: Group) -> Fraction | None:
    symbols = set().union(*(harvested(statement, account) for account in group.accounts))
    needy = any(is_short(purse_of(statement, number)) for number in group.accounts)
    if needy or not symbols & group.shares.keys():
        return None
    return min(before(statement, group), group.target - group.width)


def _cash_faults(statement: Statement, cash: Mapping[str, Fraction]) -> Iterator[str]:
    """Yield the accounts that spend or raise more cash than MODE-6 or HARV-2 allow."""
    mode = statement.household.policy.mode
    for purse in statement.purses:
        after, first = cash[purse.account], Fraction(floor(purse.cash * 100), 100)
        if mode == "harvest" and not is_short(purse) and after < first:
            yield f"HARV-2 {purse.account}"
        if mode != "outside_band":
            continue
        off = excesses(statement, purse.account)
        held = [pair.symbol for key, pair in statement.pairs.items() if key[0] == purse.account and pair.held]
        if is_short(purse):
            if not any(off.values()) and after > purse.reserve + _order(statement, held):
                yield f"MODE-6 {purse.account}"
        elif min(off.values()) >= 0 and off["CASH"] <= 0 and after < first:
            yield f"MODE-6 {purse.account}"
