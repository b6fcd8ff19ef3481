"""A plan and a household as HTML tables, which notebooks display."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape as as_html
from typing import TYPE_CHECKING

from realloc._printable import one_line

if TYPE_CHECKING:
    from realloc.household import Household
    from realloc.plan import ClassWeight, Plan


def plan_html(plan: Plan) -> str:
    """Return the plan as HTML: the figures, the orders, the classes, the cash and the issues, all escaped."""
    totals, certificate = plan.household, plan.certificate
    summary = (
        f"<p><b>{len(plan.trades)} {'order' if len(plan.trades) == 1 else 'orders'}</b>, household value "
        f"{_dollars(totals.value)}, drift {totals.drift_before:.1%} before, {totals.drift_after:.1%} after. "
        f"Realized gain {_dollars(totals.realized_short_term)} short-term, "
        f"{_dollars(totals.realized_long_term)} long-term. No plan can be better by more than "
        f"{_dollars(certificate.gap)} ({escape(certificate.status)}).</p>"
    )
    parts = [summary]
    if plan.trades:
        parts.append(
            _table(
                ("#", "Account", "Side", "Shares", "Symbol", "Price", "Dollars", "Reason"),
                (
                    (
                        str(trade.sequence),
                        trade.account_id,
                        "sell" if trade.shares < 0 else "buy",
                        f"{abs(trade.shares):,.3f}".rstrip("0").rstrip("."),
                        trade.symbol,
                        "" if trade.price is None else f"{trade.price:,.2f}",
                        "" if trade.price is None else f"{trade.notional:,.2f}",
                        trade.reason,
                    )
                    for trade in plan.trades
                ),
            )
        )
    parts += [
        _table(
            ("Class", "Target", "Before", "After", "Band", ""),
            (
                (
                    f"{weight.name} ({weight.account})" if weight.account else weight.name,
                    *(f"{part:.1%}" for part in (weight.target, weight.before, weight.after, weight.band)),
                )
                for weight in plan.classes
            ),
            [_meters(weight) for weight in plan.classes],
        ),
        _table(
            ("Account", "Cash before", "Cash after", "Shortfall"),
            (
                (
                    cash.account_number,
                    *(f"{amount:,.2f}" for amount in (cash.cash_before, cash.cash_after, cash.shortfall)),
                )
                for cash in plan.accounts
            ),
        ),
    ]
    if plan.issues:
        parts.append(
            _table(
                ("Severity", "Where", "Message", "Hint"),
                ((issue.severity, issue.where, issue.message, issue.hint) for issue in plan.issues),
            )
        )
    return "\n".join(["<div>", *parts, "</div>"])


def household_html(household: Household) -> str:
    """Return the household as HTML: its accounts and what is held, all escaped."""
    held: dict[str, float] = {}
    accounts = []
    for account in household.accounts:
        values = {
            symbol: shares * household.prices.get(symbol, 0.0) for symbol, shares in account.positions.items()
        }
        for symbol, value in values.items():
            held[symbol] = held.get(symbol, 0.0) + value
        accounts.append((account, account.cash + account.cash_flow + sum(values.values())))
    held["CASH"] = sum(account.cash + account.cash_flow for account in household.accounts)
    total = sum(held.values())
    shares = {symbol: value / total if total else 0.0 for symbol, value in held.items()}
    ranked = sorted(held, key=lambda symbol: (-held[symbol], symbol))
    count = f"{len(accounts)} {'account' if len(accounts) == 1 else 'accounts'}"
    parts = [
        f"<p><b>{_dollars(total)}</b> in {count} on {household.as_of.isoformat()}, prices of that day.</p>",
        _table(
            ("Account", "Number", "Kind", "Cash", "Value"),
            (
                (account.label, account.account_number, account.kind, f"{account.cash:,.2f}", f"{value:,.2f}")
                for account, value in accounts
            ),
        ),
        _table(
            ("Symbol", "Value", "Weight", ""),
            ((symbol, f"{held[symbol]:,.2f}", f"{shares[symbol]:.1%}") for symbol in ranked),
            [f'<meter value="{max(shares[symbol], 0.0):.4f}"></meter>' for symbol in ranked],
        ),
    ]
    return "\n".join(["<div>", *parts, "</div>"])


def _meters(weight: ClassWeight) -> str:
    """Return the weights before and after as bars that change their colour outside the band."""
    low, high = max(0.0, weight.target - weight.band), min(1.0, weight.target + weight.band)
    scale = f'low="{low:.4f}" high="{high:.4f}" optimum="{min(weight.target, 1.0):.4f}"'
    return "<br>".join(
        f'<meter value="{min(max(value, 0.0), 1.0):.4f}" {scale} title="{when}"></meter>'
        for when, value in (("before", weight.before), ("after", weight.after))
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], bars: Sequence[str] = ()) -> str:
    """Return a table; `bars` is markup for a last cell of each row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    cells = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    if bars:
        cells = [f"{row}<td>{bar}</td>" for row, bar in zip(cells, bars, strict=True)]
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _dollars(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def escape(text: str) -> str:
    """Return a text for HTML, with what nobody sees in it written as an escape."""
    return as_html(one_line(text))
