"""The text of one cell as an amount, a date or a column name."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from realloc._reading import LARGEST

UNKNOWN = frozenset({"", "-", "--", "---", "n/a", "na", "none", "null", "incomplete", "not available"})
"""What brokers print for an amount that they do not know."""

_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x200E, 0x200F))
_PLAIN = {0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-", 0x2013: "-", 0x2019: "'"}
_AMOUNT = re.compile(
    r"(?P<open>\()?\s*(?P<before>[+-])?\s*(?:US\s?)?\$?\s*(?P<after>[+-])?\s*"
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?P<power>[eE][+-]?\d{1,2})?"
    r"\s*(?:USD)?\s*(?P<trailing>-)?(?P<close>\))?"
)
_ZERO = re.compile(r"(?:US\s?)?\$\s*-{1,2}")
_DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%b-%d-%Y", "%B-%d-%Y", "%d-%b-%Y",
    "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y",
)  # fmt: skip
_DATE = re.compile(
    r"\s*(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{8}(?!\d)|\d{1,2}[/-]\d{1,2}[/-]\d{2}(?:\d{2})?(?!\d)"
    r"|[A-Za-z]{3,9}[ -]\d{1,2},?[ -]\d{4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4})"
    r"(?:[T;, ]+\d{1,2}[:\d]*.*)?\s*",
    re.DOTALL,
)


def clean(text: str) -> str:
    """Return the text without surrounding spaces and invisible characters."""
    return text.translate(_INVISIBLE).translate(_PLAIN).strip()


def normal(name: str) -> str:
    """Return a column name as it is compared: letters and digits only; ``$``, ``%`` and ``#`` become words."""
    words = clean(name).casefold().replace("$", "dollar").replace("%", "percent").replace("#", "number")
    return re.sub(r"[^a-z0-9]", "", words)


def parse_amount(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Return dollars or shares exactly as printed; None for what stands for an unknown amount.

    Parameters
    ----------
    text : str
        Such as ``$1,234.50``, ``-$2.00``, ``($1,850.00)``, ``+.40``, ``$-`` (zero) or ``--`` (unknown).
    decimal_comma : bool
        Whether the file writes ``1.234,50``.

    Raises
    ------
    ValueError
        It is neither.
    """
    text = clean(text)
    if text.casefold() in UNKNOWN:
        return None
    if _ZERO.fullmatch(text):
        return Decimal(0)
    if decimal_comma:
        text = text.translate({ord("."): ",", ord(","): "."})
    found = _AMOUNT.fullmatch(text)
    if not found or bool(found["open"]) != bool(found["close"]):
        raise ValueError(f"expected an amount, found {_shown(text)}")
    signs = [sign for sign in (found["before"], found["after"], found["trailing"], found["open"]) if sign]
    if len(signs) > 1:
        raise ValueError(f"expected an amount, found {_shown(text)}")
    number = Decimal(found["number"].replace(",", "") + (found["power"] or ""))
    if number > Decimal(LARGEST):
        raise ValueError(f"expected an amount up to {LARGEST:g}, found {_shown(text)}")
    return -number if signs and signs[0] in "-(" else number


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
    found = _DATE.fullmatch(text)
    for form in _DATE_FORMATS if found else ():
        try:
            parsed = datetime.strptime(found["date"], form).date()  # type: ignore[index]  # noqa: DTZ007
        except ValueError:
            continue
        if 1900 <= parsed.year <= 2200:
            return parsed
    raise ValueError(f"expected a date such as 2026-01-15 or 01/15/2026, found {_shown(text)}")


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


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 40 else repr(text[:37] + "...")
