"""What a person says about how trades become orders."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, TypeAlias, TypedDict

from realloc._reading import kind_of, nearest
from realloc.errors import InputError, Issue

OrderType: TypeAlias = Literal["limit", "market"]
Names: TypeAlias = str | int | Iterable[str]

MOST_SLIP_BPS = 1000.0
"""A limit further than a tenth from the last price is a mistake."""


class SettingArguments(TypedDict, total=False):
    """The settings as a person gives them; a list may be one text with spaces between its names."""

    slip_bps: float
    order_type: OrderType
    funds: Names
    not_funds: Names
    families: str | Iterable[Iterable[str]]
    accounts: Names
    leave_out: Names
    day: int
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings:
    """How trades become orders.

    Parameters
    ----------
    slip_bps : float
        Distance of a limit from the last price in 1/10,000, at most 1000.
    order_type : {"limit", "market"}
        What stocks and ETFs are ordered with; a mutual fund has no limit.
    funds, not_funds : frozenset of str
        Symbols that are mutual funds, or are not, whatever their letters say.
    families : tuple of frozenset of str
        Groups of mutual funds that are exchanged into each other on one day.
    accounts : tuple of str
        The only accounts whose orders are written; empty: all.
    leave_out : frozenset of str
        Symbols whose orders are not written, because a person enters them.
    day : int, optional
        Write the orders of this day alone.
    tag : str
        Start of the names that orders get; empty takes ``realloc`` and the date of the household.
    """

    slip_bps: float = 20.0
    order_type: OrderType = "limit"
    funds: frozenset[str] = frozenset()
    not_funds: frozenset[str] = frozenset()
    families: tuple[frozenset[str], ...] = ()
    accounts: tuple[str, ...] = ()
    leave_out: frozenset[str] = frozenset()
    day: int | None = None
    tag: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Build the settings from what a person gives.

        Raises
        ------
        InputError
            A setting is unknown or cannot be used; all of them are listed.
        """
        issues: list[Issue] = []

        def fault(key: str, message: str, hint: str = "") -> None:
            issues.append(Issue(code="order.setting", where=key, message=message, hint=hint))

        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in known:
                fault(key, f"unknown setting {key!r}", nearest(key, known))
                continue
            try:
                values[key] = _READERS[key](value)
            except (TypeError, ValueError) as error:
                fault(key, str(error))
        settings = cls(**values) if not issues else cls()
        both = settings.funds & settings.not_funds
        if both:
            fault("not_funds", f"{', '.join(sorted(both))} cannot be a fund and no fund")
        if issues:
            raise InputError(issues)
        return settings


def names(value: object) -> tuple[str, ...]:
    """Return the names of a list, or of a text that has spaces, commas or semicolons between them.

    Raises
    ------
    TypeError
        It is neither.
    ValueError
        A name is empty or no text.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        return tuple(value.replace(",", " ").replace(";", " ").split())
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise TypeError(f"expected names, found {kind_of(value)}")
    listed = tuple(value)
    for name in listed:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"expected a name, found {kind_of(name)}")
    return listed


def _slip(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"expected a number, found {kind_of(value)}")
    if not math.isfinite(value) or not 0 <= value <= MOST_SLIP_BPS:
        raise ValueError(f"expected 0 to {MOST_SLIP_BPS:g} (1/10,000 of the price), found {value}")
    return float(value)


def _order_type(value: object) -> str:
    if value not in ("limit", "market"):
        raise ValueError(f"expected 'limit' or 'market', found {kind_of(value)}")
    return str(value)


def _families(value: object) -> tuple[frozenset[str], ...]:
    groups: Iterable[object]
    if isinstance(value, str):
        groups = value.split(";")
    elif isinstance(value, Iterable) and not isinstance(value, Mapping):
        groups = value
    else:
        raise TypeError(f"expected groups of funds, found {kind_of(value)}")
    return tuple(group for group in (frozenset(names(group)) for group in groups) if group)


def _day(value: object) -> int | None:
    if value is None or (isinstance(value, int) and value in (1, 2) and not isinstance(value, bool)):
        return value
    raise ValueError(f"expected 1 or 2, found {kind_of(value)}")


def _tag(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not all(
        letter.isascii() and (letter.isalnum() or letter in "-_") for letter in text
    ):
        raise ValueError(f"expected letters, digits, '-' and '_', found {kind_of(value)}")
    return text


_READERS: dict[str, Any] = {
    "slip_bps": _slip,
    "order_type": _order_type,
    "funds": lambda value: frozenset(names(value)),
    "not_funds": lambda value: frozenset(names(value)),
    "families": _families,
    "accounts": names,
    "leave_out": lambda value: frozenset(names(value)),
    "day": _day,
    "tag": _tag,
}
