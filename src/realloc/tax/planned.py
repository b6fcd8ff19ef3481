"""The wash sales of a plan, share by share, and the window after it (rules WASH-4 to WASH-7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from realloc.household import Household
from realloc.plan import NoBuy, PlannedWashSales, WashSale
from realloc.tax.history import DenialRules, History, Purchase, Sale, identities, shifted
from realloc.tax.journal import household_history, recent_losses
from realloc.tax.ledger import Standing
from realloc.tax.stated import Wash, match_plan
from realloc.tax.wash import Blocked, blocked_until, loss_order
from realloc.trades import Trade

NEAR = 1e-5
"""Dollars of a stated gain, which is rounded, that may yet be a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWashes:
    """The wash sales of a plan, and what must not be bought after it."""

    washes: tuple[Wash, ...]
    blocked: tuple[Blocked, ...]


def planned_washes(household: Household, trades: Sequence[Trade]) -> PlannedWashes:
    """Return the losses that a plan's purchases, or recent ones, deny, and the window after the plan.

    Only groups of identical symbols in which something was bought within the window of a loss are matched share by
    share (`realloc.tax.stated`): nothing denies the other losses.

    Parameters
    ----------
    household : Household
        With its recent trades.
    trades : sequence of Trade
        The plan's; sales are read by their lots.
    """
    policy = household.policy.wash_sales
    rules = DenialRules(window_days=policy.window_days, identical=policy.identical)
    name = identities(rules.identical)
    losses = _losses_by_group(household, trades, name)
    since = {
        group: shifted(min(loss.sold for loss in some), -rules.window_days) for group, some in losses.items()
    }
    bought = _groups_bought(household, trades, name, since)
    standing = {loss for group, some in losses.items() if group not in bought for loss in some}
    washes: list[Wash] = []
    planned = {f"plan/{trade.symbol}/{n + 1}" for n, trade in enumerate(trades) if trade.shares > 0}
    for history in _histories(household, trades, name, {group: since[group] for group in bought}):
        found, settled = match_plan(history, planned)
        washes += found
        standing |= settled.standing
    washes.sort(key=_order)
    blocked = blocked_until(standing, rules, _owners(household), as_of=household.as_of)
    return PlannedWashes(washes=tuple(washes), blocked=blocked)


def _order(wash: Wash) -> tuple[bool, date, tuple[date, str, str]]:
    loss = wash.denial.realized
    return (not wash.earlier, loss.sale.sold, loss_order(loss))


def _owners(household: Household) -> dict[str, str]:
    """Return the owner of each account by its number."""
    return {account.account_number: account.owner for account in household.accounts}


def _losses_by_group(
    household: Household, trades: Sequence[Trade], name: Mapping[str, str]
) -> dict[str, set[Standing]]:
    """Return what is sold at a loss, or may be, and recent losses, of groups with a window that is still open."""
    taxable = {account.account_number for account in household.accounts if account.kind == "taxable"}
    owner = _owners(household)
    lossy = [
        (trade.account_id, trade.symbol, household.as_of)
        for trade in trades
        if trade.account_id in taxable and any(lot.gain < NEAR for lot in trade.lots)
    ]
    lossy += [(trade.account_number, trade.symbol, trade.traded) for trade in recent_losses(household)]
    found: dict[str, set[Standing]] = {}
    for number, symbol, sold in lossy:
        found.setdefault(name.get(symbol, symbol), set()).add(Standing(symbol, sold, owner.get(number, "")))
    return {
        group: some
        for group, some in found.items()
        if (household.as_of - max(loss.sold for loss in some)).days <= household.policy.wash_sales.window_days
    }


def _groups_bought(
    household: Household, trades: Sequence[Trade], name: Mapping[str, str], since: Mapping[str, date]
) -> set[str]:
    """Return the groups of which something was bought since a day, or with a gain too near to zero to tell."""
    first = min(since.values(), default=date.max)
    bought = [
        (lot.symbol, lot.acquired)
        for account in household.accounts
        for lot in account.lots
        if lot.acquired >= first
    ]
    bought += [(trade.symbol, trade.traded) for trade in household.recent_trades if trade.shares > 0]
    bought += [
        (trade.symbol, household.as_of)
        for trade in trades
        if trade.shares > 0 or any(abs(lot.gain) < NEAR for lot in trade.lots)
    ]
    return {
        group
        for symbol, day in bought
        if (group := name.get(symbol, symbol)) in since and day >= since[group]
    }


def _histories(
    household: Household, trades: Sequence[Trade], name: Mapping[str, str], since: Mapping[str, date]
) -> list[History]:
    """Return a history for each group, by name: its sales, what they take, and what was bought since the days."""
    if not since:
        return []
    symbols = {symbol for symbol, group in name.items() if group in since} | since.keys()
    history = household_history(household, trades, symbols=symbols, since=min(since.values()))
    parts: dict[str, tuple[list[Purchase], list[Sale]]] = {group: ([], []) for group in sorted(since)}
    for bought in history.purchases:
        parts[name.get(bought.symbol, bought.symbol)][0].append(bought)
    for sale in history.sales:
        parts[name.get(sale.symbol, sale.symbol)][1].append(sale)
    return [
        replace(history, purchases=tuple(purchases), sales=tuple(sales))
        for purchases, sales in parts.values()
    ]


def wash_sales_of(household: Household, trades: Sequence[Trade]) -> PlannedWashSales:
    """Return the plan's section on wash sales, amounts rounded to a millionth of a dollar (rules WASH-4 to WASH-7).

    Parameters
    ----------
    household : Household
        With its recent trades.
    trades : sequence of Trade
        The plan's; sales are read by their lots.
    """
    found = planned_washes(household, trades)
    owners = _owners(household)
    sales = tuple(_sale(wash) for wash in found.washes)
    return PlannedWashSales(
        disallowed=sales,
        deferred=_figure(sum(sale.disallowed for sale in sales if sale.effect == "deferred")),
        lost=_figure(sum(sale.disallowed for sale in sales if sale.effect == "lost")),
        no_buy=tuple(
            NoBuy(
                symbol=block.symbol,
                until=block.until,
                accounts=block.accounts,
                owners=tuple(sorted({owners[number] for number in block.accounts} - {""})),
            )
            for block in found.blocked
        ),
    )


def _sale(wash: Wash) -> WashSale:
    denial, bought = wash.denial, wash.replacement.purchase
    sold = denial.realized.holding.purchase
    return WashSale(
        account_number=sold.account_number,
        symbol=sold.symbol,
        lot="" if wash.earlier else sold.id,
        shares=float(denial.shares),
        disallowed=_figure(float(denial.amount)),
        effect="lost" if denial.effect == "permanent" else "deferred",
        replaced_in=bought.account_number,
        replaced_by=bought.symbol,
        bought=bought.bought,
    )


def _figure(dollars: float) -> float:
    return round(dollars, 6) + 0.0
