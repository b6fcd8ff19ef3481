from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.plugins.importers.values import NotANumberError, parse_date, parse_number, point_is_shown


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", "5"),
        ("007", "7"),
        ("12.50", "12.5"),
        ("12.", "12"),
        (".40", "0.4"),
        ("1,234", "1234"),
        ("1,234.50", "1234.5"),
        ("12,345,678.9", "12345678.9"),
        ("$1,234.50", "1234.5"),
        ("$ 5.00", "5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("+$1.00", "1"),
        ("+3", "3"),
        ("\u22123", "-3"),
        ("(12.50)", "-12.5"),
        ("($1,850.00)", "-1850"),
        ("$(12.50)", "-12.5"),
        ("$ ( 12.50 )", "-12.5"),
        ("1.5E+3", "1500"),
        ("2e-3", "0.002"),
        ("-0", "0"),
    ],
)
def test_a_number_is_read_as_it_is_written_in_the_united_states(text: str, number: str) -> None:
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--",
        "n/a",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "1e16",
        "9" * 400,
        "abc",
        "5 shares",
        "1,5",
        "12,50",
        "1.234,50",
        "1.234.567",
        "1,23",
        "1,2345",
        "12,34,567",
        ",5",
        "1 234.50",
        "1_000",
        "1'000",
        "5-",
        "--5",
        "- 5",
        "+-5",
        "(-5)",
        "-(5)",
        "(5",
        "5)",
        "$",
        "$$5",
        "\u20ac5",
        "5%",
        "0x10",
        "1e",
        "1e5.5",
        "\u0661\u0662",
        "1/2",
        "=1+1",
        "True",
    ],
)
def test_what_is_not_surely_one_number_is_refused_with_what_was_found(text: str) -> None:
    with pytest.raises(NotANumberError, match="found"):
        parse_number(text)


@pytest.mark.parametrize("text", ["1,5", "1.234,50", "0,25"])
def test_a_decimal_comma_is_told_apart(text: str) -> None:
    with pytest.raises(NotANumberError, match="write a decimal point"):
        parse_number(text)


@pytest.mark.parametrize("text", ["1,234", "1.234", "-12.345", "(999,999)"])
def test_where_the_decimal_point_is_not_known_three_digits_behind_one_mark_are_refused(text: str) -> None:
    parse_number(text, point=True)
    with pytest.raises(NotANumberError, match="decimal comma or a thousands separator"):
        parse_number(text, point=False)


@pytest.mark.parametrize("text", ["1,234.5", "1.2345", "0.125", "$1,234", "1234", "12.3", "1,234,567"])
def test_where_the_decimal_point_is_not_known_what_can_be_read_in_one_way_is_read(text: str) -> None:
    assert parse_number(text, point=False) == parse_number(text, point=True)


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["12.5"], True),
        (["$1,234.50", "7"], True),
        (["(12.50)"], True),
        ([".125"], True),
        (["0.125"], True),
        (["5", "1.234", "1,234"], False),
        ([], False),
        (["12.5", "12,5"], False),
        (["12.5", "1.234,5"], False),
        (["12.5", "0,125"], False),
    ],
)
def test_a_table_shows_its_decimal_point_by_numbers_that_need_one(texts: list[str], shown: bool) -> None:
    assert point_is_shown(texts) is shown


def test_a_percentage_is_read_where_it_is_asked_for() -> None:
    assert parse_number("60%", percent=True) == Decimal("0.6")
    assert parse_number("2.5 %", percent=True) == Decimal("0.025")
    assert parse_number("0.6", percent=True) == Decimal("0.6")
    with pytest.raises(NotANumberError):
        parse_number("60%")


def test_a_long_cell_is_not_repeated_in_full() -> None:
    with pytest.raises(NotANumberError) as caught:
        parse_number("x" * 5000)
    assert len(str(caught.value)) < 120


@given(st.decimals(-(10**12), 10**12, places=4))
def test_every_amount_is_read_back_from_plain_grouped_and_accounting_form(amount: Decimal) -> None:
    plain, grouped = f"{amount:f}", f"{amount:,f}"
    money = f"(${abs(amount):,f})" if amount < 0 else f"${amount:,f}"
    assert parse_number(plain) == parse_number(grouped) == parse_number(money) == amount


@given(st.text("0123456789.,$()-+ eE%", max_size=14))
def test_a_number_is_never_more_than_its_digits_say(text: str) -> None:
    try:
        number = parse_number(text)
    except NotANumberError:
        return
    body = text.lower().partition("e")[0]
    digits = "".join(character for character in body if character.isdigit())
    shown = Decimal(digits).scaleb(-len(body.partition(".")[2].rstrip(") ")) if "." in body else 0)
    exponent = int(text.lower().partition("e")[2] or 0) if "e" in text.lower() else 0
    assert abs(number) == shown.scaleb(exponent)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-1-2", date(2026, 1, 2)),
        ("2026-11-20 16:00:00", date(2026, 11, 20)),
        ("2026-11-20T16:00:00-05:00", date(2026, 11, 20)),
        ("11/20/2026", date(2026, 11, 20)),
        ("1/2/2026", date(2026, 1, 2)),
        ("11/20/2026 4:00 PM", date(2026, 11, 20)),
        ("20/11/2026", None),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("20.11.2026", None),
        ("11/20/26", None),
        ("46346", None),
        ("", None),
        ("yesterday", None),
        ("2026-11-20 or so", None),
    ],
)
def test_a_date_is_year_month_day_or_month_day_year(text: str, day: date | None) -> None:
    assert parse_date(text) == day
