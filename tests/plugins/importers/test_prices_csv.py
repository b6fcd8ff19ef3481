from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.plugins.importers.prices.prices_csv import PricesCSVImporter
from realloc.testing.conformance import PriceImporterConformance

SAMPLE = "Symbol,Price,Date\nAAPL,100,2026-11-19\nAAPL,101.5,2026-11-20\nGOOG,200,11/20/2026\n"


class TestConformance(PriceImporterConformance):
    plugin = PricesCSVImporter
    entry_point = "price_csv"
    sample = SAMPLE.encode()
    expected = {"AAPL": 101.5, "GOOG": 200.0}  # noqa: RUF012 - what the sample has

    def make(self) -> PricesCSVImporter:
        return PricesCSVImporter()


def prices(folder: Path, text: str, day: Any = None) -> dict[str, float]:
    (folder / "prices.csv").write_text(text, encoding="utf-8")
    return PricesCSVImporter().import_prices(folder / "prices.csv", day)


def faults(folder: Path, text: str, day: Any = None) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        prices(folder, text, day)
    place = str(folder / "prices.csv")
    return [(issue.where.removeprefix(place), issue.message) for issue in caught.value.issues]


def test_prices_are_read_by_symbol(tmp_path: Path) -> None:
    assert prices(tmp_path, 'Symbol,Price\nAAPL,100\nBRK B,"$612,000.50"\n') == {
        "AAPL": 100,
        "BRK B": 612000.5,
    }
    assert PricesCSVImporter().supported_extensions == [".csv"]


@pytest.mark.parametrize(
    "day", ["2026-11-19", "11/19/2026", date(2026, 11, 19), datetime(2026, 11, 19, 16, tzinfo=UTC)]
)
def test_a_row_of_another_date_is_skipped(tmp_path: Path, day: Any) -> None:
    assert prices(tmp_path, SAMPLE + "X,bad,2026-11-18\n", day) == {"AAPL": 100}


def test_the_most_recent_price_counts_where_no_date_is_asked_wherever_it_stands(tmp_path: Path) -> None:
    rows = ["AAPL,3,2026-03-01", "AAPL,1,2026-01-31", "AAPL,2,2026-02-28"]
    for order in (rows, rows[::-1], rows[1:] + rows[:1]):
        assert prices(tmp_path, "\n".join(["Symbol,Price,Date", *order])) == {"AAPL": 3}


def test_a_price_that_is_older_than_the_rest_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        prices(tmp_path, SAMPLE)
        assert not caplog.records
        prices(tmp_path, SAMPLE + "OLD,5,2026-01-02\n")
    assert "older than 2026-11-20 for OLD" in caplog.text


def test_a_file_without_dates_has_prices_for_any_date_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert prices(tmp_path, "Symbol,Price\nAAPL,5\n", "2026-11-20") == {"AAPL": 5}
    assert "has no Date column" in caplog.text


@pytest.mark.parametrize("price", ["abc", "", "nan", "-inf", "1.234,50", "5%", "1,50"])
def test_a_price_that_is_no_number_is_named(tmp_path: Path, price: str) -> None:
    found = faults(tmp_path, f'Symbol,Price\nGOOG,5\nAAPL,"{price}"\n')
    assert [place for place, _ in found] == [":3:Price"]
    assert found[0][1].startswith("Invalid price for AAPL: ")


@pytest.mark.parametrize("price", ["0", "-1", "(12.50)", "0.00", "1e-999", "-0"])
def test_a_price_that_is_not_positive_is_named(tmp_path: Path, price: str) -> None:
    found = faults(tmp_path, f"Symbol,Price\nAAPL,{price}\n")
    assert [place for place, _ in found] == [":2:Price"]
    assert found[0][1].startswith("Price must be positive for AAPL")


def test_two_prices_for_one_symbol_and_date_are_a_fault_and_one_twice_is_none(tmp_path: Path) -> None:
    assert prices(tmp_path, "Symbol,Price\nAAPL,5\nAAPL,5.00\n") == {"AAPL": 5}
    assert faults(tmp_path, "Symbol,Price\nAAPL,5\nAAPL,6\n") == [
        (":3:Price", "two prices for AAPL: 5 in line 2 and 6 here")
    ]
    assert faults(tmp_path, SAMPLE + "AAPL,99,11/19/2026\n")[0][0] == ":5:Price"


@pytest.mark.parametrize("day", ["", "20/11/2026", "soon", "46346"])
def test_a_row_without_a_date_is_a_fault_where_there_are_dates(tmp_path: Path, day: str) -> None:
    assert [place for place, _ in faults(tmp_path, SAMPLE + f"X,5,{day}\n")] == [":5:Date"]
    assert [place for place, _ in faults(tmp_path, SAMPLE + f"X,5,{day}\n", "2026-11-20")] == [":5:Date"]


def test_a_row_without_a_symbol_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, "Symbol,Price\nAAPL,5\n,5\n") == [(":3:Symbol", "missing Symbol")]


def test_no_price_of_the_date_or_none_at_all_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, SAMPLE, "2020-01-01") == [("", "no price of 2020-01-01")]
    assert faults(tmp_path, "Symbol,Price\n") == [("", "the table has no prices")]


def test_a_date_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Invalid date 'soon'"):
        prices(tmp_path, SAMPLE, "soon")


def test_missing_columns_are_named(tmp_path: Path) -> None:
    assert faults(tmp_path, "Symbol,Close\nA,1\n") == [(":1", "Missing required columns: Price")]


cells = st.sampled_from(
    ["AAPL", "GOOG", "5", "-3.5", "$1,000", '"1,000"', "2026-11-20", "1/2/2026", "Total", "", '"', "1.234"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, max_size=4), max_size=6), separator=st.sampled_from([",", ";", "\t"]))
def test_any_table_ends_in_prices_or_in_an_input_error(
    tmp_path: Path, rows: list[list[str]], separator: str
) -> None:
    text = "\n".join(separator.join(row) for row in [["Symbol", "Price", "Date"], *rows])
    try:
        read = prices(tmp_path, text)
    except InputError:
        return
    TestConformance().check(read)
