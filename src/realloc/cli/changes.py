"""Changes of a household on the command line: KEY=VALUE, where the key is a path in its document.

Nothing here knows the fields of the policy: a key is put into the document, and the document's own reader
judges it, so that a new field works as soon as the document has it. (Rates of tax are the exception: see `changed`.)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from cyclopts import Parameter

from realloc._reading import nearest
from realloc.cli.arguments import POLICY_GROUP
from realloc.errors import InputError, Issue
from realloc.household import HOUSEHOLD_KEYS, Household
from realloc.policy import INSTEAD

_ACCOUNT = re.compile(r"accounts\[(?P<number>[^\]]+)\]\.(?P<rest>.+)", re.DOTALL)
_NONE = frozenset({"none", "null"})

Mode = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="MODE")]
Place = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="PLACE")]
Count = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="N")]
Dollars = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="DOLLARS")]
WashHandling = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="MODE")]
Part = Annotated[str | None, Parameter(show_default=False, group=POLICY_GROUP, metavar="PART")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One changed value: the option and the text that say it, the path in the document, and the value."""

    said: str
    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Values of the household's policy for this run; the file stays as it is.

    Parameters
    ----------
    set : tuple of str
        Any key of the household document, such as policy.tax.long_term_rate=0.15; `realloc schema household
        --keys policy` lists them. Repeatable.
    mode : str, optional
        What is traded for: full, outside_band, invest_cash, raise_cash, harvest, partial or hold.
    destination : str, optional
        How far outside_band may bring a class back: target, midpoint or edge.
    max_orders : int, optional
        Most orders.
    max_tax : float, optional
        Most tax, in dollars.
    max_realized_gain : float, optional
        Most net realized gain of the year, in dollars.
    wash_sales : {"avoid", "allow", "warn"}, optional
        What is done about wash sales.
    max_drift : float, optional
        Most drift after the plan, as a fraction.
    min_trade : float, optional
        Smallest order, in dollars.
    order_cost : float, optional
        What the bother of one order is worth to you, in dollars.
    """

    set: Annotated[
        tuple[str, ...], Parameter(negative="", show_default=False, group=POLICY_GROUP, metavar="KEY=VALUE")
    ] = ()
    mode: Mode = None
    destination: Place = None
    max_orders: Count = None
    max_tax: Dollars = None
    max_realized_gain: Dollars = None
    wash_sales: WashHandling = None
    max_drift: Part = None
    min_trade: Dollars = None
    order_cost: Dollars = None


NO_CHANGES = PolicyOptions()
SharedPolicy = Annotated[PolicyOptions, Parameter(name="*")]

_PLACES = {
    "mode": "policy.mode",
    "destination": "policy.destination",
    "max_orders": "policy.max_orders",
    "max_tax": "policy.max_tax",
    "max_realized_gain": "policy.max_realized_gain",
    "wash_sales": "policy.wash_sales.mode",
    "max_drift": "policy.max_drift",
    "min_trade": "policy.min_trade_value",
    "order_cost": "policy.costs.order",
}


def policy_changes(options: PolicyOptions) -> list[Change]:
    """Return the changes that the options ask for, ``--set`` first.

    Raises
    ------
    InputError
        A text is not KEY=VALUE.
    """
    changes = [parse_change(text, "--set") for text in options.set]
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name in _PLACES and value is not None:
            said = f"--{field.name.replace('_', '-')} {value}"
            changes.append(replace(parse_change(f"{_PLACES[field.name]}={value}", said), said=said))
    return changes


def parse_change(text: str, option: str) -> Change:
    """Return the change that ``KEY=VALUE`` asks for.

    A key without a top-level name is one of the policy (``max_tax`` is ``policy.max_tax``). A value is what
    TOML reads (numbers, true, false, lists, quoted texts), ``none``, or else a plain text.

    Raises
    ------
    InputError
        The text is not of this form.
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not (key and equals and value):
        raise InputError(
            f"{option} {text!r}: expected KEY=VALUE (for instance 'policy.tax.long_term_rate=0.15')"
        )
    account = _ACCOUNT.fullmatch(key)
    path = ("accounts", account["number"], *_split(account["rest"])) if account else _split(key)
    if path[0] not in HOUSEHOLD_KEYS:
        path = ("policy", *path)
    return Change(said=f"{option} {text}", path=path, value=_value(value))


def changed(household: Household, changes: Sequence[Change]) -> Household:
    """Return the household with the changes; nothing is written.

    Raises
    ------
    InputError
        A key is not known, or a value cannot be used; the issue has the option that said so.
    """
    if not changes:
        return household
    document = household.to_dict()
    for change in changes:
        _put(document, change)
    try:
        return Household.from_dict(document, today=household.as_of)
    except InputError as error:
        raise InputError([_said(issue, changes) for issue in error.issues]) from error


def _said(issue: Issue, changes: Sequence[Change]) -> Issue:
    """Return the issue with the option in front that its place comes from."""
    for change in reversed(changes):
        if change.path[-1] in issue.where or len(changes) == 1:
            return replace(issue, where=change.said)
    return issue


def _split(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key; a part with dots of its own stands in quotes, as in TOML."""
    try:
        level: Any = tomllib.loads(f"{key} = 0")
    except (tomllib.TOMLDecodeError, RecursionError):
        level = {}
    path: list[str] = []
    while isinstance(level, dict) and level:
        part = next(iter(level))
        path.append(part)
        level = level[part]
    return tuple(path or key.split("."))


def _value(text: str) -> Any:
    if text.casefold() in _NONE:
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _put(document: dict[str, Any], change: Change) -> None:
    level: Any = document
    *parents, last = change.path
    for depth, part in enumerate(parents):
        if isinstance(level, list):
            level = _account(level, part, change)
            continue
        if not isinstance(level.get(part), (dict, list)):
            if depth and level.get(part) is not None:
                raise InputError(
                    Issue(
                        code="key.unknown",
                        where=change.said,
                        message=f"{'.'.join(change.path[: depth + 1])} has no keys below it",
                    )
                )
            level[part] = {}
        level = level[part]
    if not isinstance(level, dict):
        raise InputError(
            Issue(
                code="key.unknown",
                where=change.said,
                message="a list is set as a whole, an account by accounts[NUMBER].KEY",
            )
        )
    level[last] = change.value
    if change.path[0] == "policy":
        for other in INSTEAD.get(change.path[1:], ()):
            level.pop(other, None)


def _account(accounts: list[Mapping[str, Any]], name: str, change: Change) -> Mapping[str, Any]:
    for account in accounts:
        if name.casefold() in (
            str(account["account_number"]).casefold(),
            str(account.get("label", "")).casefold(),
        ):
            return account
    known = [str(account["account_number"]) for account in accounts]
    raise InputError(
        Issue(
            code="account.unknown",
            where=change.said,
            message=f"no account {name!r}",
            hint=nearest(name, known),
        )
    )
