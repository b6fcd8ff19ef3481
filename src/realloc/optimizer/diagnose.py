"""Say what could not be done and why, in the user's words and amounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from math import floor

import numpy as np

from realloc.errors import Issue
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.harvest_section import switch_backs
from realloc.optimizer.integer import Repair
from realloc.optimizer.purpose import cash_need
from realloc.optimizer.reach import Astray, astray, out_of_reach
from realloc.optimizer.stops import stops
from realloc.optimizer.waiting import savings
from realloc.optimizer.words import NOTHING, cents, shares, usd
from realloc.plan import PlannedWashSales
from realloc.trades import Trade

NOT_FOR_TARGETS = frozenset({"hold", "raise_cash", "harvest"})
"""Modes that do not trade towards the targets: how far these stay is not spoken of."""


def diagnose(made: Repair, trades: tuple[Trade, ...], washes: PlannedWashSales) -> list[Issue]:
    """Return what stood in the way of a plan (warnings), and then what a person should know of it (infos).

    Parameters
    ----------
    made : Repair
        The trades, with the problem that they solve.
    trades : tuple of Trade
        The same trades as they stand in the plan.
    washes : PlannedWashSales
        The wash sales of these trades.
    """
    blocks = Blocks(made)
    groups = astray(blocks)
    sought = [] if made.problem.household.policy.mode in NOT_FOR_TARGETS else groups
    issues = [
        *_shortfalls(blocks),
        *_drift(made, groups),
        *out_of_reach(blocks, sought),
        *stops(blocks, sought),
        *_washes(made, washes),
        *_wash_windows(blocks, trades, washes),
        *switch_backs(made.problem.household, trades),
        *savings(made.problem.household, trades),
    ]
    return sorted(issues, key=lambda issue: issue.severity == "info")


def _shortfalls(blocks: Blocks) -> Iterator[Issue]:
    """Yield a warning for each account that ends below its reserve (rule CASH-2)."""
    made, pairs = blocks.made, blocks.problem.pairs
    for n, account in enumerate(blocks.problem.accounts):
        missing = account.cash_reserve - float(made.cash[n])
        if missing <= 1e-6:
            continue
        mine = pairs.account == n
        left = np.where(mine, (made.full + np.minimum(made.shares, 0.0)) * pairs.price, 0.0)
        rules = blocks.to_sell([account])
        if float(left.sum()) > 1:
            rules += blocks.caps()
        short = Decimal(repr(round(missing, 6))).quantize(Decimal("0.01"), ROUND_CEILING)
        reason = "; ".join(rules) or "nothing is left to sell"
        key = "cash_flow" if account.cash_flow < 0 else "cash_reserve"
        yield Issue(
            code="shortfall",
            where=f"accounts[{account.account_number}].{key}",
            message=f"{cash_need(account) or 'the reserve'} is {cents(float(short))} short: {reason}",
            hint="" if rules else "move cash into the account, or lower what it has to raise",
            severity="warning",
        )


def _drift(made: Repair, groups: list[Astray]) -> Iterator[Issue]:
    """Yield a warning where household drift stays above its cap (rule CAP-4)."""
    household, value = made.problem.household, made.problem.drift_value
    most, drift = household.policy.max_drift, made.drift()
    if most is None or value <= 0 or drift <= most + 1e-9:
        return
    proven = floor(sum(item.out_of_reach for item in groups) / (2 * value) * 1000) / 1000
    bound = f"; the rules allow no less than {proven:.1%}" if proven > 0 else ""
    yield Issue(
        code="drift.unreachable",
        where="policy.max_drift",
        message=f"household drift stays at {drift:.2%}, above the cap of {most:.2%}{bound}",
        hint="the plan comes as near to the cap as it found a way",
        severity="warning",
    )


def _washes(made: Repair, washes: PlannedWashSales) -> Iterator[Issue]:
    """Yield each loss that a purchase denies: a warning where the plan was made as if there were no rule."""
    warns = made.problem.household.policy.wash_sales.mode == "warn"
    for sale in washes.disallowed:
        effect = "is added to its basis" if sale.effect == "deferred" else "is lost for good"
        what = f"the sale of {shares(sale.shares)} {sale.symbol} in {sale.account_number}"
        yield Issue(
            code="wash.sale",
            where=f"accounts[{sale.account_number}].positions.{sale.symbol}",
            message=f"{what if sale.lot else f'an earlier {what[4:]}'} is a wash sale: {usd(sale.disallowed)} of "
            f"loss does not count and {effect}, for {sale.replaced_by} bought on {sale.bought} in "
            f"{sale.replaced_in}",
            hint="the mode 'allow' of policy.wash_sales prices this, 'avoid' keeps it away" if warns else "",
            severity="warning" if warns or sale.effect == "lost" else "info",
        )


def _wash_windows(blocks: Blocks, trades: tuple[Trade, ...], washes: PlannedWashSales) -> Iterator[Issue]:
    """Yield for each symbol that is sold at a loss until when it must not be bought (26 USC 1091)."""
    household = blocks.household
    wash = household.policy.wash_sales
    if wash.mode == "warn":
        return
    taxable = {account.account_number for account in household.accounts if account.kind == "taxable"}
    washed = "the loss superficial" if household.policy.tax.regime == "canada" else "it a wash sale"
    losses: dict[str, float] = {}
    first: dict[str, str] = {}
    for trade in trades:
        if trade.account_id not in taxable:
            continue
        loss = -sum([lot.gain for lot in trade.lots if lot.gain < 0])
        if loss > NOTHING:
            losses[trade.symbol] = losses.get(trade.symbol, 0.0) + loss
            first.setdefault(trade.symbol, trade.account_id)
    until = household.as_of + timedelta(days=wash.window_days)
    day = until.isoformat()
    standing = {block.symbol for block in washes.no_buy if block.until >= until}
    for symbol, loss in sorted(losses.items()):
        if symbol not in standing:
            continue
        names = [symbol, *(name for name in blocks.identical.get(symbol, ()) if name != symbol)]
        yield Issue(
            code="wash.window",
            where=f"accounts[{first[symbol]}].positions.{symbol}",
            message=f"{symbol} is sold at a loss of {usd(loss)}: buying {' or '.join(names)} in any account "
            f"through {day} would make {washed}",
            hint="stop the reinvestment of its dividends until then",
            severity="info",
        )
