"""The subcommand ``explain``: why a symbol, an account, a class or one order is treated as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from realloc._reading import nearest
from realloc.accounts import Account
from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, shares
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.changes import NO_CHANGES, SharedPolicy
from realloc.cli.edge import start_logging
from realloc.cli.orders_view import KINDS, account_name, orders_grid, side
from realloc.cli.output import show
from realloc.cli.places import Place, load
from realloc.cli.planning_commands import plan_for
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.plan import ClassWeight, Plan
from realloc.report.assumptions import account_words
from realloc.trades import Trade

COLUMNS = (
    "account_number",
    "account",
    "symbol",
    "shares_before",
    "shares_traded",
    "shares_after",
    "price",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is asked about: its kind and name, and the accounts and symbols that it touches."""

    kind: str
    name: str
    accounts: frozenset[str]
    symbols: frozenset[str]

    def has(self, account: str, symbol: str) -> bool:
        """Return whether a holding or an order belongs to it."""
        return account in self.accounts and symbol in self.symbols


def explain(
    target: str,
    portfolio: Place = None,
    /,
    *,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Say why a symbol, an account, a class or one order is treated as it is.

    Parameters
    ----------
    target : str
        A symbol, an account (its number or label), a class, an order by its number in the plan, or
        ACCOUNT/SYMBOL.
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    """
    start_logging(options)
    source = load(portfolio, policy=policy)
    household = source.household
    topic = _topic(target, household, None)
    if topic is None and not target.removeprefix("#").isdecimal():
        raise _unknown(target, household)
    plan = plan_for(source)
    topic = topic or _topic(target, household, plan)
    if topic is None:
        raise _unknown(target, household)
    show(_answer(topic, household, plan), options.format)
    return 0


def _unknown(target: str, household: Household) -> InputError:
    known = {name for account in household.accounts for name in (account.account_number, account.label)}
    known |= {*household.prices, *household.model.classes}
    return InputError(
        Issue(
            code="target.unknown",
            where=target,
            message="no symbol, account, class or order of the plan has this name",
            hint=nearest(target, known - {""}),
        )
    )


def _topic(text: str, household: Household, plan: Plan | None) -> Topic | None:
    """Return what is meant; orders are known once there is a plan."""
    numbers = {account.account_number: account for account in household.accounts}
    symbols = frozenset(household.prices) | {s for account in household.accounts for s in account.positions}
    wanted = text.casefold()
    for number, account in numbers.items():
        if wanted in (number.casefold(), account.label.casefold()):
            return Topic(kind="account", name=number, accounts=frozenset([number]), symbols=symbols)
    for symbol in symbols:
        if wanted == symbol.casefold():
            return Topic(kind="symbol", name=symbol, accounts=frozenset(numbers), symbols=frozenset([symbol]))
    for name, each in household.model.classes.items():
        if wanted == name.casefold():
            members = frozenset(each.symbols)
            return Topic(kind="class", name=name, accounts=frozenset(numbers), symbols=members)
    account_text, slash, symbol_text = text.rpartition("/")
    if slash:
        one, other = _topic(account_text, household, None), _topic(symbol_text, household, None)
        if one and other and (one.kind, other.kind) == ("account", "symbol"):
            name = f"{one.name}/{other.name}"
            return Topic(kind="holding", name=name, accounts=one.accounts, symbols=other.symbols)
    for trade in plan.trades if plan else ():
        if text.removeprefix("#") == str(trade.sequence):
            return Topic(
                kind="order",
                name=str(trade.sequence),
                accounts=frozenset([trade.account_id]),
                symbols=frozenset([trade.symbol]),
            )
    return None


def _answer(topic: Topic, household: Household, plan: Plan) -> Answer:
    accounts = {account.account_number: account for account in household.accounts}
    orders = [trade for trade in plan.trades if topic.has(trade.account_id, trade.symbol)]
    issues = [issue for issue in plan.issues if _concerns(issue, topic)]
    records = _holdings(topic, household, plan)
    weights = [weight for weight in plan.classes if _covers(weight, topic, household)]
    page: list[Grid | Line] = [Line(text=_headline(topic, accounts, orders), strong=True)]
    for trade in orders:
        name = account_name(accounts.get(trade.account_id), trade.account_id)
        amount = f"{shares(abs(trade.shares))} {trade.symbol}"
        page.append(Line(text=f"Order {trade.sequence}, {side(trade)} {amount} in {name}: {trade.reason}"))
    if topic.kind == "account":
        page += [Line(text=text) for text in _rules(accounts[topic.name], plan)]
        page += [orders_grid("Orders", orders, {})] if orders else []
    page += _holdings_grid(records)
    page += _lots_grid(topic, household, orders)
    if weights:
        rows = [
            (weight.name, *map(percent, (weight.target, weight.band, weight.before, weight.after)))
            for weight in weights
        ]
        page.append(grid("Classes", ["Class"], ["Target", "Band", "Before", "After"], rows))
    page += notes(issues, "What stood in the way, and what to know")
    document = {
        "kind": topic.kind,
        "name": topic.name,
        "orders": [trade.to_dict() for trade in orders],
        "holdings": records,
        "classes": [weight.name for weight in weights],
        "issues": [issue.to_dict() for issue in issues],
    }
    return Answer(document=document, columns=COLUMNS, records=records, page=page)


def _headline(topic: Topic, accounts: dict[str, Account], orders: list[Trade]) -> str:
    name = topic.name
    if topic.kind == "account":
        account = accounts[name]
        name = f"{account_name(account, name)}, {KINDS[account.kind]}"
    count = f"{len(orders)} order{'s' * (len(orders) != 1)}" if orders else "no order: it stays as it is"
    return f"{topic.kind.capitalize()} {name}: {count}."


def _concerns(issue: Issue, topic: Topic) -> bool:
    if topic.kind == "account":
        return f"[{topic.name}]" in issue.where or topic.name in issue.message
    words = {word.strip("'\":;,.()") for word in f"{issue.where.replace('.', ' ')} {issue.message}".split()}
    return bool(words & (topic.symbols | {topic.name}))


def _covers(weight: ClassWeight, topic: Topic, household: Household) -> bool:
    if topic.kind == "account":
        return weight.account == topic.name
    if weight.account and weight.account not in topic.accounts:
        return False
    asset_class = household.model.classes.get(weight.name)
    members = set(asset_class.symbols) if asset_class else {weight.name}
    return weight.name == topic.name or (topic.kind != "class" and bool(members & topic.symbols))


def _holdings(topic: Topic, household: Household, plan: Plan) -> list[dict[str, Any]]:
    traded = {(trade.account_id, trade.symbol): trade for trade in plan.trades}
    records = []
    for account in household.accounts:
        bought = {trade.symbol for trade in plan.trades if trade.account_id == account.account_number}
        for symbol in sorted({*account.positions, *bought}):
            if not topic.has(account.account_number, symbol):
                continue
            held = account.positions.get(symbol, 0.0)
            trade = traded.get((account.account_number, symbol))
            change = trade.shares if trade else 0.0
            records.append(
                {
                    "account_number": account.account_number,
                    "account": account.label,
                    "symbol": symbol,
                    "shares_before": held,
                    "shares_traded": change,
                    "shares_after": round(held + change, 9),
                    "price": household.prices.get(symbol),
                    "reason": trade.reason if trade else "",
                }
            )
    return records


def _holdings_grid(records: list[dict[str, Any]]) -> list[Grid]:
    rows = [
        (
            str(each["account"]),
            str(each["symbol"]),
            shares(each["shares_before"]),
            shares(each["shares_traded"]) if each["shares_traded"] else "",
            shares(each["shares_after"]),
            money(each["shares_after"] * each["price"]) if each["price"] else "",
        )
        for each in records
    ]
    columns = ["Before", "Traded", "After", "Value"]
    return [grid("Holdings, in shares", ["Account", "Symbol"], columns, rows)] if rows else []


def _lots_grid(topic: Topic, household: Household, orders: list[Trade]) -> list[Grid]:
    sold = {(trade.account_id, lot.id): lot.shares for trade in orders for lot in trade.lots}
    rows = []
    for account in household.accounts:
        for lot in account.lots:
            if topic.has(account.account_number, lot.symbol):
                price = household.prices.get(lot.symbol, 0.0)
                taken = sold.get((account.account_number, lot.id))
                rows.append(
                    (
                        lot.symbol,
                        str(lot.acquired),
                        shares(lot.shares),
                        money(lot.cost_per_share),
                        money((price - lot.cost_per_share) * lot.shares),
                        shares(taken) if taken else "",
                    )
                )
    columns = ["Shares", "Cost", "Gain in it", "Sold"]
    return [grid("Lots", ["Symbol", "Acquired"], columns, rows)] if rows else []


def _rules(account: Account, plan: Plan) -> list[str]:
    said = "; ".join(account_words(account, money)) or "none of its own"
    cash = [
        f"Cash: {money(each.cash_before)} before, {money(each.cash_after)} after."
        for each in plan.accounts
        if each.account_number == account.account_number
    ]
    return [f"Rules: {said}.", *cash]
