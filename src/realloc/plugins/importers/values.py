"""Numbers and dates as brokers and spreadsheets write them; what could mean two things is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from realloc._reading import LARGEST

_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_POINT_SHOWN = re.compile(r".*(?:,[0-9]{3}\.[0-9]*|\.(?:[0-9]{1,2}|[0-9]{4,})|(?<![0-9])0?\.[0-9]+)\)?%?")
_COMMA_SHOWN = re.compile(r".*(?:\.[0-9]{3},[0-9]*|,(?:[0-9]{1,2}|[0-9]{4,})|(?<![0-9])0,[0-9]+)\)?%?")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]+[0-9]{1,2}:[0-9]{2}.*)?")
_US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: +[0-9]{1,2}:[0-9]{2}.*)?")


class NotANumberError(ValueError):
    """A cell is no number, or could be two; the text says what was found and what to write."""


def parse_number(text: str, *, point: bool = True, percent: bool = False) -> Decimal:
    """Return the number in a cell, exactly.

    Read are ``1234.5``, ``1,234.50``, ``$1,234.50``, ``-$5``, ``(12.50)`` for minus 12.50, ``1.5E+3``.
    A decimal comma (``12,5`` or ``1.234,50``) is refused.

    Parameters
    ----------
    text : str
        The cell, without spaces around it.
    point : bool
        Whether the table is known to have decimal points. Where it is not, ``1.234`` and ``1,234``
        (which are 1234 in one country and a little over 1 in another) are refused too, unless a dollar sign
        settles it.
    percent : bool
        Read ``60%`` as 0.6.

    Raises
    ------
    NotANumberError
        The cell is not one number, not finite, or beyond what is believed.
    """
    if not text:
        raise NotANumberError("found nothing")
    body, negative, dollars = _unwrap(text)
    scale = 0
    if percent and body.endswith("%"):
        body, scale = body[:-1].rstrip(), -2
    if not point and not dollars and _EITHER.fullmatch(body):
        raise NotANumberError(
            f"found {_shown(text)}, which can be read with a decimal comma or a thousands separator; "
            f"write it without thousands separators and with two or four decimals"
        )
    if _GROUPED.fullmatch(body):
        body = body.replace(",", "")
    elif not _PLAIN.fullmatch(body):
        comma = "; write a decimal point and no decimal comma" if _COMMA_SHOWN.fullmatch(body) else ""
        raise NotANumberError(f"expected a number, found {_shown(text)}{comma}")
    number = Decimal(body).scaleb(scale)
    if number > Decimal(LARGEST):
        raise NotANumberError(f"expected a number up to {LARGEST:g}, found {_shown(text)}")
    return -number if negative else number


def point_is_shown(texts: Iterable[str]) -> bool:
    """Return whether the numbers of a table show that it writes decimal points.

    ``12.5`` shows it, ``12`` and ``1.234`` do not; one ``12,5`` takes the proof away.
    """
    texts = list(texts)
    return any(map(_POINT_SHOWN.fullmatch, texts)) and not any(map(_COMMA_SHOWN.fullmatch, texts))


def parse_date(text: str) -> date | None:
    """Return a date: ``2026-11-20``, or by the custom of the United States ``11/20/2026`` (month first).

    A time of day behind it is left out. None where the text is no such date.
    """
    if match := _ISO_DATE.fullmatch(text):
        year, month, day = match.groups()
    elif match := _US_DATE.fullmatch(text):
        month, day, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _unwrap(text: str) -> tuple[str, bool, bool]:
    """Return a number's digits, whether it is negative, and whether it has a dollar sign."""
    body = text.replace("\u2212", "-")
    negative = dollars = False
    if body.startswith("$"):
        body, dollars = body[1:].lstrip(), True
    if body.startswith("(") and body.endswith(")"):
        body, negative = body[1:-1].strip(), True
    elif body[:1] in ("+", "-"):
        body, negative = body[1:], body[0] == "-"
    if body.startswith("$") and not dollars:
        body, dollars = body[1:].lstrip(), True
    return body, negative, dollars


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 40 else f"{text[:37]!r} and more"
