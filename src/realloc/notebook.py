"""A plan as HTML tables, which notebooks display."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from realloc.plan import Plan


def plan_html(plan: Plan) -> str:
    """Return the plan as HTML: the figures, the orders, the classes, the cash and the issues, all escaped."""
    totals, certificate = plan.household, plan.certificate
    summary = (
        f"<p><b>{len(plan.trades)} {'order' if len(plan.trades) == 1 else 'orders'}</b>, household value "
        f"{_dollars(totals.value)}, drift {totals.drift_before:.2%} before, {totals.drift_after:.2%} after. "
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
            ("Class", "Target", "Before", "After", "Band"),
            (
                (
                    f"{weight.name} ({weight.account})" if weight.account else weight.name,
                    *(f"{part:.2%}" for part in (weight.target, weight.before, weight.after, weight.band)),
                )
                for weight in plan.classes
            ),
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


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _dollars(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"
