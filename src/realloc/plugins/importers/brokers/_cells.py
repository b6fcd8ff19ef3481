"""The text of one cell as an amount, a date or a column name."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from realloc.plugins.importers import values
from realloc.plugins.importers.values import parse_number

UNKNOWN = frozenset(
    {"", "-", "--", "---", "n/a", "#n/a", "na", "none", "null", "incomplete", "not available", "unavailable",
     "unknown"}
)  # fmt: skip
"""What brokers print for an amount that they do not know."""

_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x200E, 0x200F))
_PLAIN = {0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-", 0x2013: "-", 0x2014: "-"}
_DOLLARS = re.compile(r"\bUSD\b|\bUS(?=\s?\$)", re.IGNORECASE)
_ZERO = re.compile(r"\$\s*-{1,2}")
_MONTH_DATE = re.compile(
    r"(?P<date>[A-Za-z]{3,9}[ -]\d{1,2},?[ -]\d{4}|\d{1,2}[ -][A-Za-z]{3,9}[ -](?:\d{4}|\d{2})"
    r"|\d{8}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}/\d{1,2}/\d{2})(?:[;,T ].*)?",
    re.DOTALL,
)
_FORMATS = (
    "%b-%d-%Y", "%B-%d-%Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d %b %Y",
    "%d %B %Y", "%d-%b-%y", "%Y%m%d", "%Y/%m/%d", "%m/%d/%y",
)  # fmt: skip


def clean(text: str) -> str:
    """Return the text without surrounding spaces and invisible characters."""
    return text.strip() if text.isascii() else text.translate(_INVISIBLE).translate(_PLAIN).strip()


@lru_cache(maxsize=1024)
def normal(name: str) -> str:
    """Return a column name as it is compared: letters and digits; ``$``, ``%`` and ``#`` become words."""
    words = clean(name).casefold().replace("$", "dollar").replace("%", "percent").replace("#", "number")
    return re.sub(r"[^a-z0-9]", "", words)


@lru_cache(maxsize=65_536)
def parse_amount(text: str, *, point: bool = True) -> Decimal | None:
    """Return dollars or shares exactly as printed; None for what stands for an unknown amount.

    Beside what `parse_number` reads: ``$-`` (zero), ``12.50-``, ``USD 12.50`` and the words of `UNKNOWN`.

    Parameters
    ----------
    text : str
        Such as ``$1,234.50``, ``-$2.00``, ``($1,850.00)``, ``+.40`` or ``--``.
    point : bool
        Whether the file is known to have decimal points; see `parse_number`.

    Raises
    ------
    ValueError
        It is neither a number nor unknown.
    """
    text = clean(text)
    if text.casefold() in UNKNOWN:
        return None
    if text[-1].isalpha() or text[0].isalpha():
        text = _DOLLARS.sub("", text).strip()
    if text.endswith("-"):
        if _ZERO.fullmatch(text):
            return Decimal(0)
        text = text if text[:1] in "-+(" else "-" + text[:-1].rstrip()
    return parse_number(text, point=point)


@lru_cache(maxsize=65_536)
def parse_date(text: str, date_format: str = "") -> date | None:
    """Return the date at the start of the text; None where it is unknown.

    Numbers alone are read as month/day/year, the way US brokers print them, or as year-month-day.

    Parameters
    ----------
    text : str
        Such as ``2026-01-15``, ``1/15/2026``, ``Jan-15-2026``, ``20260115;093000`` or ``January 15, 2026``.
    date_format : str
        A `strptime` format to use instead.

    Raises
    ------
    ValueError
        It is no date.
    """
    text = clean(text)
    if text.casefold() in UNKNOWN:
        return None
    if date_format:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a calendar date
    parsed = values.parse_date(text.partition(",")[0] if text[:1].isdigit() else text)
    found = _MONTH_DATE.fullmatch(text)
    for form in _FORMATS if found and parsed is None else ():
        try:
            parsed = datetime.strptime(found["date"], form).date()  # type: ignore[index]  # noqa: DTZ007
            break
        except ValueError:
            continue
    if parsed is None or not 1900 <= parsed.year <= 2200:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise ValueError(f"expected a date such as 2026-01-15 or 01/15/2026, found {shown!r}")
    return parsed


def find_date(text: str) -> date | None:
    """Return the first date inside a title or footer line, None where there is none."""
    pattern = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}/\d{1,2}/\d{4}|[A-Za-z]{3,9}[ -]\d{1,2},?[ -]\d{4}"
    for found in re.findall(pattern, clean(text)):
        try:
            return parse_date(found)
        except ValueError:
            continue
    return None


def unit(amount: Decimal) -> Decimal:
    """Return the worth of the last digit that an amount is printed with."""
    exponent = amount.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
