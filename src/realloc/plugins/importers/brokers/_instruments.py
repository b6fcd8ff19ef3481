"""What kind of thing a row holds, and what an account's name suggests."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from realloc.accounts import AccountKind
from realloc.plugins.importers.brokers._cells import clean, normal

_TICKER = re.compile(r"[A-Z]{1,6}(?:\.[A-Z]{1,3})?")
_CLASS_SHARE = re.compile(r"([A-Z]{1,5})[ /.-]([A-Z])")
_CUSIP = re.compile(r"(?=(?:.*\d){3})[0-9A-Z]{8}\d")
_OPTION = re.compile(
    r"[A-Z.]{1,6}\s*\d{6}[CP]\d+(?:\.\d+)?|[A-Z.]{1,6} \d{1,2}/\d{1,2}/\d{2,4} [\d.,]+ [CP](?:ALL|UT)?"
)
_BOND = re.compile(
    r"\b(?:TREASURY|T-?BILL|T-?NOTE|T-?BOND|ZERO CPN|DEBENTURE)\b|\bDUE \d|\d{2}\.\d{3,}\b.*\d{2}/"
)

_TRADABLE_TYPES = (
    "stock", "stocks", "equity", "equities", "etf", "etfs", "etn", "exchangetradedfund", "etfsclosedendfunds",
    "mutualfund", "mutualfunds", "fund", "funds", "cef", "closedendfund", "adr", "adrs", "reit", "reits",
    "commonstock", "stk", "cashandmoneymarket", "moneymarket", "cash", "indexfund", "stocksetfs",
)  # fmt: skip
_KINDS: tuple[tuple[AccountKind, str], ...] = (
    ("taxable", r"NON[- ]?REG\w*"),
    ("tax_exempt", r"ROTH|HSA|HEALTH SAVINGS?|529|TFSA|FHSA|COVERDELL|ESA"),
    (
        "tax_deferred",
        r"IRA|401 ?\(?K\)?|403 ?\(?B\)?|457 ?\(?B\)?|SEP|SIMPLE|ROLLOVER|TSP|RRSP|LIRA|PENSION|KEOGH",
    ),
    (
        "taxable",
        r"INDIVIDUAL|JOINT|JT|TOD|WROS|JTWROS|BROKERAGE|TAXABLE|TRUST|UTMA|UGMA|CMA|COMMUNITY PROPERTY",
    ),
)


@lru_cache(maxsize=16_384)
def clean_symbol(text: str) -> str:
    """Return a ticker as the household knows it: capitals, no footnote stars, class shares as ``BRK.B``."""
    symbol = clean(text).rstrip("*").strip().upper()
    if symbol.casefold() in {"null", "--", "-", "n/a"}:
        return ""
    found = _CLASS_SHARE.fullmatch(symbol)
    return f"{found[1]}.{found[2]}" if found else symbol


def untouchable_reason(symbol: str, description: str, type_text: str, shares: Decimal) -> str:
    """Return why a holding must not be touched; empty for one that may be traded.

    Parameters
    ----------
    symbol : str
        As `clean_symbol` gives it.
    description, type_text : str
        The instrument's name and its type as the broker prints them; may be empty.
    shares : Decimal
        How many are held.
    """
    return _reason(symbol, description, type_text, short=shares < 0)


@lru_cache(maxsize=16_384)
def _reason(symbol: str, description: str, type_text: str, *, short: bool) -> str:
    if _OPTION.fullmatch(symbol.lstrip("-").strip()) or "option" in normal(type_text):
        return "an option"
    if short:
        return "a short position"
    if not symbol:
        return "a bond" if _BOND.search(description.upper()) else "an instrument without a ticker"
    if not _TICKER.fullmatch(symbol):
        known = _CUSIP.fullmatch(symbol)
        return "an instrument known by its CUSIP only" if known else f"an unknown instrument {symbol!r}"
    known_type = normal(type_text) in {"", *_TRADABLE_TYPES}
    return "" if known_type else f"of the type {clean(type_text)!r}"


def kind_hint(*names: str) -> AccountKind | None:
    """Return what an account's name suggests about its tax; None where it suggests nothing."""
    text = re.sub(r"[^A-Z0-9()-]+", " ", " ".join(names).upper())
    for kind, words in _KINDS:
        if re.search(rf"(?<![A-Z0-9])(?:{words})(?![A-Z0-9])", text):
            return kind
    return None


def masked(text: str) -> str:
    """Return an account number with the hidden part as three dots: ``XXXX-0123`` becomes ``...0123``."""
    found = re.fullmatch(r"(?:[X*.#\u2026]+[- ]?|-)([0-9A-Z]{2,5})", clean(text), re.IGNORECASE)
    return f"...{found[1]}" if found else clean(text)


def same_account(one: str, other: str) -> bool:
    """Return whether two account numbers can be one account: equal, or the visible ends agree."""
    ends = [number.removeprefix("...") for number in (one, other)]
    if one == other or not (one.startswith("...") or other.startswith("...")):
        return one == other
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])
