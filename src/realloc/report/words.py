"""How the report writes amounts, account numbers and places."""

from __future__ import annotations

import re
from collections.abc import Callable

from realloc._printable import one_line
from realloc.household import Household

MINUS = "\u2212"
_ACCOUNT = re.compile(r"accounts\[(?P<number>[^\]]+)\](?:\.(?P<rest>.+))?", re.DOTALL)
_TARGET = re.compile(r"model\.(?:targets|classes)\.(?P<name>.+)", re.DOTALL)


def as_shown(value: object) -> object:
    """Return what a page shows of a value: of a text nothing is hidden; what is HTML already stays as it is."""
    return one_line(value, keep="\n") if type(value) is str else value


def dollars(amount: float, digits: int = 2) -> str:
    """Return dollars and cents; a negative amount has a true minus sign."""
    rounded = round(amount, digits)
    return f"{MINUS if rounded < 0 else ''}${abs(rounded):,.{digits}f}"


def percent(fraction: float, digits: int = 1) -> str:
    """Return a percentage to the tenth."""
    rounded = round(100 * fraction, digits)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):.{digits}f}%"


def shares(count: float) -> str:
    """Return a share count to three decimals, without zeros at the end."""
    return f"{abs(count):,.3f}".rstrip("0").rstrip(".")


def masked_number(number: str, masked: bool) -> str:
    """Return an account number, or its last four characters behind dots."""
    return f"\u2026{number[-4:]}" if masked and len(number) > 4 else number


def masker(household: Household, *, full_numbers: bool) -> Callable[[str], str]:
    """Return a function that hides account numbers in a text."""
    numbers = sorted((a.account_number for a in household.accounts), key=len, reverse=True)

    def mask(text: str) -> str:
        for number in () if full_numbers else numbers:
            if len(number) > 4:
                text = text.replace(number, masked_number(number, masked=True))
        return text

    return mask


def place(where: str, household: Household) -> str:
    """Return the place of an issue as a person says it: ``Joint brokerage, VTI`` for a path in a document."""
    labels = {account.account_number: account.label for account in household.accounts}
    if found := _ACCOUNT.fullmatch(where):
        label = labels.get(found["number"]) or found["number"]
        rest = found["rest"] or ""
        symbol = rest.removeprefix("positions.")
        return f"{label}, {symbol if symbol != rest else rest.replace('_', ' ')}" if rest else label
    if found := _TARGET.fullmatch(where):
        return found["name"]
    return where
