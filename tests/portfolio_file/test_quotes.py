"""One price for each symbol: what is stated counts, then the newest; conflicts and old prices are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from realloc.errors import InputError, Issue
from realloc.plugins.core.base import MarketData
from realloc.portfolio_file import Checks, Origin, check_portfolio, load_portfolio
from realloc.portfolio_file.quotes import Quote, choose_quotes, read_price_file
from tests.portfolio_file.broker_files import HOUSEHOLD, household

DAY = date(2026, 11, 20)


def quote(price: float, source: str = "a.csv", as_of: date | None = DAY) -> Quote:
    return Quote(symbol="VTI", price=price, origin=Origin(source=source, as_of=as_of))


def chosen(stated: Sequence[Quote], found: Sequence[Quote]) -> tuple[float, list[str]]:
    quotes, issues = choose_quotes(stated, found, Checks(), DAY)
    return quotes["VTI"].price, [issue.code for issue in issues]


def test_a_stated_price_counts_before_newer_ones() -> None:
    assert chosen([quote(100, "own", None)], [quote(100.1)]) == (100, [])


def test_the_newest_price_counts_and_one_without_a_date_is_the_oldest() -> None:
    old, new, undated = quote(100, "a", date(2026, 11, 18)), quote(100.2, "b"), quote(100.3, "c", None)
    assert chosen([], [old, new, undated]) == (100.2, [])
    assert chosen([], [undated, old]) == (100, [])
    assert chosen([], [quote(1, "a"), quote(1.001, "b")]) == (1, [])


@pytest.mark.parametrize(
    ("other", "conflict"), [(100.5, False), (100.51, True), (99.51, False), (99.5, True)]
)
def test_prices_more_than_half_a_percent_of_the_lower_apart_conflict(other: float, conflict: bool) -> None:
    # 99.51 * 1.005 = 100.00755 and 99.5 * 1.005 = 99.9975
    price, codes = chosen([], [quote(100.0, "a"), quote(other, "b")])
    assert price == 100.0
    assert codes == (["price.conflict"] if conflict else [])


def test_prices_of_one_file_do_not_conflict_with_themselves() -> None:
    assert chosen([], [quote(100, "a"), quote(120, "a")]) == (100, [])


def test_a_conflict_names_both_prices_files_and_dates() -> None:
    _, issues = choose_quotes([], [quote(100, "a.csv"), quote(90, "b.csv", date(2026, 11, 1))], Checks(), DAY)
    assert issues[0].message == (
        "VTI is $100.00 in a.csv (2026-11-20) and $90.00 in b.csv (2026-11-01): the first is used"
    )
    assert issues[0].severity == "warning"


@pytest.mark.parametrize(("day", "stale"), [(13, False), (12, True)])
def test_a_price_is_stale_after_more_than_the_days_of_the_setting(day: int, stale: bool) -> None:
    assert chosen([], [quote(100, "a", date(2026, 11, day))])[1] == (["price.stale"] if stale else [])


def test_a_price_file_gives_the_newest_price_of_each_symbol_with_its_date(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("Symbol,Price,Date\nVTI,249.00,2026-11-18\nVTI,250.50,2026-11-19\nBND,72.25,2026-11-17\n")
    assert {each.symbol: (each.price, each.origin.as_of) for each in read_price_file(path, "p")} == {
        "VTI": (250.5, date(2026, 11, 19)),
        "BND": (72.25, date(2026, 11, 17)),
    }


def write_parquet(path: Path, columns: Mapping[str, list[object]]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    parquet.write_table(pyarrow.table(dict(columns)), path)


@pytest.mark.parametrize("make", [date, datetime, lambda *day: date(*day).isoformat()])
def test_a_parquet_file_is_read_like_a_table(tmp_path: Path, make: Callable[..., object]) -> None:
    path = tmp_path / "prices.parquet"
    days: list[object] = [make(2026, 11, 19), make(2026, 11, 18)]
    write_parquet(path, {"Symbol": ["VTI", "VTI"], "price": [250.5, 249.0], "DATE": days})
    (found,) = read_price_file(path, "prices.parquet")
    assert (found.price, found.origin.as_of) == (250.5, date(2026, 11, 19))


@pytest.mark.parametrize("price", [0.0, -1.0, None, float("inf"), float("nan")])
def test_a_price_in_parquet_that_is_none_is_refused_with_its_row(tmp_path: Path, price: object) -> None:
    path = tmp_path / "prices.parquet"
    write_parquet(path, {"symbol": ["VTI", "BND"], "price": [250.5, price]})
    with pytest.raises(InputError, match=r"prices\.parquet:2"):
        read_price_file(path, "prices.parquet")


def test_a_price_in_parquet_may_be_a_decimal(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    write_parquet(path, {"symbol": ["VTI", "BND"], "price": [Decimal("250.50"), Decimal("72.25")]})
    assert {each.symbol: each.price for each in read_price_file(path, "p")} == {"VTI": 250.5, "BND": 72.25}
    write_parquet(path, {"symbol": ["VTI"], "price": [Decimal("-1.00")]})
    with pytest.raises(InputError, match=r"p:1: expected a symbol and a price above zero"):
        read_price_file(path, "p")


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="not a Parquet file"):
        read_price_file(path, "prices.parquet")


class Provider(MarketData):
    """A provider that knows one symbol."""

    name = "fake"
    asked: list[list[str]]

    def __init__(self) -> None:
        self.asked = []

    def fetch(self, symbols: Sequence[str]) -> Mapping[str, tuple[float, date]]:
        self.asked.append(list(symbols))
        if "BROKEN" in symbols:
            raise InputError(Issue(code="price.provider", where="fake", message="no answer"))
        return {"BND": (72.1, date(2026, 11, 20))}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    built = Provider()
    monkeypatch.setattr(MarketData, "load_market_data", lambda _: built)
    return built


def with_prices(tmp_path: Path, table: str, text: str = HOUSEHOLD) -> Path:
    assert "ITOT = 110.0  # not held yet\n" in text
    return household(tmp_path, text.replace("ITOT = 110.0  # not held yet\n", table))


def test_a_provider_is_asked_only_when_a_person_asks(tmp_path: Path, provider: Provider) -> None:
    path = with_prices(tmp_path, 'provider = "fake"\n')
    load_portfolio(path)
    assert provider.asked == []
    portfolio = load_portfolio(path, fetch=True)
    assert provider.asked == [["BND", "VTI"]]
    assert portfolio.household.prices["BND"] == 72.1
    assert portfolio.origins["prices.BND"] == Origin(source="fake", as_of=DAY, dated_by="provider")


def test_a_provider_that_fails_or_does_not_exist_is_an_issue(tmp_path: Path, provider: Provider) -> None:
    text = HOUSEHOLD.replace("BND = 0.4", "BROKEN = 0.4")
    path = with_prices(tmp_path, 'provider = "fake"\nBROKEN = 1.0\n', text)
    assert [issue.code for issue in check_portfolio(path, fetch=True)] == ["price.provider"]
    assert provider.asked


def test_an_unknown_provider_is_named(tmp_path: Path) -> None:
    path = with_prices(tmp_path, 'provider = "yahooo"\n')
    (issue,) = check_portfolio(path, fetch=True)
    assert "'yahooo'" in issue.message
    assert "'yahoo'" in issue.message


def test_prices_of_a_file_are_compared_with_those_of_the_statement(tmp_path: Path) -> None:
    path = with_prices(tmp_path, 'file = "prices.csv"\nITOT = 110.0\n')
    (tmp_path / "prices.csv").write_text("Symbol,Price,Date\nVTI,251.00,2026-11-19\nBND,71.00,2026-11-21\n")
    portfolio = load_portfolio(path)
    # VTI: the statement of the 20th is newer, 0.4% apart. BND: the file is newer, 72/71 is 1.4% apart
    assert portfolio.household.prices == {"VTI": 250.0, "BND": 71.0, "ITOT": 110.0}
    assert [issue.code for issue in portfolio.issues] == ["price.conflict"]
    assert "$71.00 in prices.csv (2026-11-21) and $72.00 in downloads/" in portfolio.issues[0].message


def test_a_price_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = with_prices(tmp_path, 'file = "prices.csv"\n')
    assert [issue.code for issue in check_portfolio(path)] == ["file.missing"]


def test_a_spread_can_stand_without_a_price_and_a_date_for_stated_prices(tmp_path: Path) -> None:
    path = with_prices(tmp_path, "date = 2026-11-02\nBND = { spread_bps = 3.0 }\nITOT = 110\n")
    portfolio = load_portfolio(path)
    assert portfolio.household.prices["BND"] == 72.0
    assert portfolio.household.spreads_bps == {"BND": 3.0}
    assert [issue.code for issue in portfolio.issues] == ["price.stale"]
    assert "18 days before 2026-11-20: ITOT" in portfolio.issues[0].message


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("BND = 0", "prices.BND"),
        ("BND = -1.0", "prices.BND"),
        ('BND = "72"', "prices.BND"),
        ("BND = { price = 0, spread_bps = 1 }", "prices.BND.price"),
        ("BND = { price = 72, spred_bps = 1 }", "prices.BND.spred_bps"),
        ("BND = { spread_bps = -1 }", "prices.BND.spread_bps"),
        ("BND = true", "prices.BND"),
        ("NOPE = { spread_bps = 1 }", "prices.NOPE.price"),
        ('date = "soon"', "prices.date"),
        ("file = 3.5", None),
    ],
)
def test_a_stated_price_that_is_none_is_refused_at_its_place(
    tmp_path: Path, line: str, where: str | None
) -> None:
    path = with_prices(tmp_path, f"{line}\n")
    errors = [issue.where for issue in check_portfolio(path) if issue.severity == "error"]
    assert errors == ([] if where is None else [f"{path}: {where}"])
