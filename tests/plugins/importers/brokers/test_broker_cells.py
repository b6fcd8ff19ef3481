"""Amounts, dates, names and kinds as brokers print them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from realloc.plugins.importers.brokers._cells import find_date, normal, parse_amount, parse_date, unit
from realloc.plugins.importers.brokers._instruments import (
    clean_symbol,
    kind_hint,
    masked,
    same_account,
    untouchable_reason,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,234.50", "1234.50"),
        ("-$2.00", "-2"),
        ("($1,850.00)", "-1850"),
        ("+$6780.00", "6780"),
        (".40", "0.4"),
        ("$-", "0"),
        ("12.50-", "-12.5"),
        ("USD 12.50", "12.5"),
        ("US$12.50", "12.5"),
        ("\u22125", "-5"),
        ("4100.505", "4100.505"),
    ],
)
def test_an_amount_is_read_exactly(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "--", "-", "n/a", "N/A", "Incomplete", " -- ", "\u2014", "#N/A", "Unknown"]
)
def test_what_stands_for_an_unknown_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    "text", ["1,2,3", "12,5", "five", "1e400", "NaN", "5%", "$1.0.0", "C$5", "(5", "--5"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-15", date(2026, 1, 15)),
        ("1/5/2026", date(2026, 1, 5)),
        ("01/05/26", date(2026, 1, 5)),
        ("Jan-15-2023", date(2023, 1, 15)),
        ("January 15, 2023", date(2023, 1, 15)),
        ("20260115;093000", date(2026, 1, 15)),
        ("08/24/2020 13:42:07", date(2020, 8, 24)),
        ("2023-07-07, 15:39:46", date(2023, 7, 7)),
        ("15-Jan-2023", date(2023, 1, 15)),
        ("15-Jan-23", date(2023, 1, 15)),
        ("2026-01-15T09:30:00Z", date(2026, 1, 15)),
        ("2026/05/04", date(2026, 5, 4)),
    ],
)
def test_a_date_is_read_in_each_way_that_brokers_write_it(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize("text", ["13/13/2026", "02/30/2026", "yesterday", "2026", "20269999"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a date"):
        parse_date(text)


def test_a_date_is_found_in_a_title_or_a_footer() -> None:
    assert find_date("12:33 PM ET, 2025/05/04") == date(2025, 5, 4)
    assert find_date("Date downloaded Aug-03-2026 5:45 p.m ET") == date(2026, 8, 3)
    assert find_date("no date at all") is None


def test_column_names_differ_by_their_signs_and_not_by_case_or_dashes() -> None:
    assert normal("Short-term gain/loss") == normal("Short Term Gain/Loss")
    assert normal("Total Gain $") != normal("Total Gain %")


def test_the_last_digit_of_an_amount_has_a_worth() -> None:
    assert unit(Decimal("62.40")) == Decimal("0.01")
    assert unit(Decimal(120)) == 1


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("SPAXX**", "SPAXX"), ("brk b", "BRK.B"), ("BRK/B", "BRK.B"), ("null", ""), ("\u200bVTI", "VTI")],
)
def test_a_symbol_has_one_spelling(text: str, symbol: str) -> None:
    assert clean_symbol(text) == symbol


@pytest.mark.parametrize(
    ("symbol", "description", "kind", "shares", "why"),
    [
        ("VTI", "", "", 1, ""),
        ("VTI", "", "ETFs & Closed End Funds", 1, ""),
        ("VTI", "", "Equity", -1, "a short position"),
        ("-CROX260821C150", "", "", 1, "an option"),
        ("AAPL 01/15/2027 200.00 C", "", "", 1, "an option"),
        ("912810TX6", "", "", 1, "an instrument known by its CUSIP only"),
        ("", "U S TREASURY NOTE", "", 1, "a bond"),
        ("", "Something", "", 1, "an instrument without a ticker"),
        ("BTC", "", "Cryptocurrency", 1, "of the type 'Cryptocurrency'"),
        ("A-B-C-D", "", "", 1, "an unknown instrument 'A-B-C-D'"),
    ],
)
def test_only_a_long_position_in_a_known_instrument_may_be_touched(
    symbol: str, description: str, kind: str, shares: int, why: str
) -> None:
    assert untouchable_reason(symbol, description, kind, Decimal(shares)) == why


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ROTH IRA", "tax_exempt"),
        ("Rollover IRA", "tax_deferred"),
        ("Joint_Taxable", "taxable"),
        ("My 401(k)", "tax_deferred"),
        ("Health Savings Account", "tax_exempt"),
        ("Individual - TOD", "taxable"),
        ("Sample Non-Reg Non-registered", "taxable"),
        ("Miranda", None),
        ("", None),
    ],
)
def test_an_account_name_hints_at_its_kind(name: str, kind: str | None) -> None:
    assert kind_hint(name) == kind


def test_masked_account_numbers_are_compared_by_their_visible_end() -> None:
    assert masked("XXXX-0123") == "...0123"
    assert masked("-0456") == "...0456"
    assert masked("Z00000101") == "Z00000101"
    assert same_account("...123", "...0123")
    assert same_account("...0123", "00000123")
    assert not same_account("...123", "...124")
    assert not same_account("Z00000101", "0101")
