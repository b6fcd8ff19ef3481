"""What a plan says of its harvest: figures by sale (rule HARV-6), and whether old replacements may go back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from realloc.accounts import Account
from realloc.errors import Issue
from realloc.harvested import Harvested, HarvestedSale
from realloc.household import Household, RecentTrade
from realloc.models import CASH
from realloc.optimizer.harvesting import harvestable
from realloc.optimizer.words import listing, usd
from realloc.tax.history import identities
from realloc.tax.regimes import rates_of, regime_of
from realloc.trades import Trade

FREE = 0.01
"""Dollars: a switch that costs no more is free."""


def harvest_section(
    household: Household, trades: Sequence[Trade], names: Mapping[str, Sequence[str]]
) -> Harvested | None:
    """Return the plan's section on its harvest; None where the policy does not harvest.

    Parameters
    ----------
    household : Household
        The household.
    trades : sequence of Trade
        The plan's trades, with their lots.
    names : mapping of str to sequence of str
        By account number the names of all its lots, in the account's order (rule DET-1).
    """
    thresholds = household.policy.harvests
    if thresholds is None:
        return None
    accounts = {account.account_number: account for account in household.accounts}
    sales = []
    for trade in trades:
        account = accounts[trade.account_id]
        if trade.shares < 0 and account.kind == "taxable":
            places = [place for place, _ in harvestable(household, account, thresholds)]
            sale = _sale(household, trades, trade, {names[trade.account_id][place] for place in places})
            sales += [sale] if sale.loss > 0 else []
    return Harvested(
        loss=round(sum(sale.loss for sale in sales), 2),
        tax_saved=round(sum(sale.tax_saved for sale in sales), 2),
        deferred=round(sum(sale.deferred for sale in sales), 2),
        sales=tuple(sales),
    )


def _sale(household: Household, trades: Sequence[Trade], trade: Trade, ids: Collection[str]) -> HarvestedSale:
    """Return what a sale harvests; `ids` are the lots of its account that may be harvested."""
    tax = rates_of(household.policy.tax)
    sold = [lot for lot in trade.lots if lot.id in ids and lot.gain < 0]
    loss = sum(-lot.gain for lot in sold)
    saved = sum(
        -lot.gain * (tax.long_term_rate if lot.term == "long" else tax.short_term_rate) for lot in sold
    )
    return HarvestedSale(
        account_number=trade.account_id,
        symbol=trade.symbol,
        shares=round(sum(lot.shares for lot in sold), 6),
        loss=round(loss, 2),
        tax_saved=round(saved, 2),
        deferred=round(min(loss * tax.long_term_rate, saved), 2),
        replacement=_replacement(household, trades, trade),
        switch_back_from=household.as_of + timedelta(days=household.policy.wash_sales.window_days + 1),
    )


def _replacement(household: Household, trades: Sequence[Trade], sale: Trade) -> tuple[str, ...]:
    """Return what the plan buys of the classes of a symbol: in the same account, else anywhere."""
    alike = set().union(
        *(each.symbols for each in household.model.classes.values() if sale.symbol in each.symbols)
    )
    bought = [trade for trade in trades if trade.shares > 0 and trade.symbol in alike]
    here = {trade.symbol for trade in bought if trade.account_id == sale.account_id}
    return tuple(sorted(here or {trade.symbol for trade in bought}))


def switch_backs(household: Household, trades: Sequence[Trade]) -> Iterator[Issue]:
    """Yield for each loss sale whose window is over what going back from its replacement costs."""
    if household.policy.harvests is None:
        return
    accounts = {account.account_number: account for account in household.accounts}
    traded = {(trade.account_id, trade.symbol) for trade in trades}
    latest: dict[tuple[str, str], RecentTrade] = {}
    for trade in household.recent_trades:
        key = trade.account_number, trade.symbol
        if trade.shares < 0 and (trade.gain or 0.0) < 0 and trade.account_number in accounts:
            latest[key] = max(latest.get(key, trade), trade, key=lambda each: each.traded)
    window = timedelta(days=household.policy.wash_sales.window_days)
    for (number, symbol), sale in sorted(latest.items(), key=lambda item: item[0]):
        if sale.traded + window >= household.as_of or symbol not in household.prices:
            continue
        for other in _later(household, accounts[number], sale):
            if not {(number, symbol), (number, other)} & traded:
                yield _offer(household, accounts[number], sale, other)


def _later(household: Household, account: Account, sale: RecentTrade) -> list[str]:
    """Return what the account bought of the class of a symbol since it was sold, less preferred and not identical."""
    name = identities(household.policy.wash_sales.identical)
    found: list[str] = []
    for title, each in household.model.classes.items():
        members = list(each.symbols)
        if title != CASH and sale.symbol in members:
            found += members[members.index(sale.symbol) + 1 :]
    since = {lot.symbol for lot in account.lots if lot.acquired >= sale.traded}
    return sorted(
        other
        for other in {*found} & since
        if name.get(other, other) != name.get(sale.symbol, sale.symbol) and other in household.prices
    )


def _offer(household: Household, account: Account, sale: RecentTrade, other: str) -> Issue:
    """Return the offer to go back from a replacement, or what speaks against it."""
    price = household.prices[other]
    half = household.spread_bps(other) / 20_000
    back = household.spread_bps(sale.symbol) / 20_000
    lots = [lot for lot in account.lots if lot.symbol == other and lot.acquired >= sale.traded]
    value = price * sum(lot.shares for lot in lots)
    rates, tax = rates_of(household.policy.tax), 0.0
    regime = regime_of(rates)
    for lot in lots if account.kind == "taxable" else ():
        gain = (price * (1 - half) - lot.cost_per_share) * lot.shares
        long = regime.term(lot.acquired, household.as_of) == "long"
        rate = rates.long_term_rate if long else rates.short_term_rate
        tax += gain * rate * (rates.loss_value if gain < 0 else 1.0)
    trading = value * (half + back) + 2 * household.policy.costs.commission
    costs = [f"{usd(tax)} of tax"] if tax > FREE else []
    costs += [f"{usd(trading)} of trading costs"] if trading > FREE else []
    start = f"{sale.symbol} was sold at a loss on {sale.traded} and {other} bought instead"
    if tax + trading <= FREE:
        saved = f" and saves {usd(-tax)} of tax" if tax < -FREE else ""
        message = f"{start}: going back to {sale.symbol} makes no wash sale any more, costs nothing{saved}"
        hint = f"sell {other} and buy {sale.symbol}, if you prefer it"
    else:
        total = usd(tax + trading)
        message = f"{start}: going back to {sale.symbol} would cost {listing(costs) or total}"
        hint = f"keep {other}, unless {sale.symbol} is worth {total} to you"
    return Issue(
        code="harvest.switch_back",
        where=f"accounts[{account.account_number}].positions.{other}",
        message=message,
        hint=hint,
        severity="info",
    )
