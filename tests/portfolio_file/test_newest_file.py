"""The newest file wins: by the date in the file, else in its name, else the time at which it was written."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from realloc.portfolio_file import check_portfolio, load_portfolio
from realloc.portfolio_file.dating import date_of_name, glob_of
from tests.portfolio_file.broker_files import BEFORE, HOUSEHOLD, fidelity, household

M1 = "Name,Symbol,Quantity,Avg. Price,Cost Basis,Unrealized Gain ($),Unrealized Gain (%),Value\n"


def cash_of(path: Path) -> float:
    return load_portfolio(path).household.accounts[0].cash


def other_cash(dollars: str) -> list[tuple[str, str, str, str, str]]:
    return [("Z00000101", "Joint", "SPAXX**", dollars, ""), *BEFORE[1:]]


def test_the_date_in_the_file_counts_before_name_and_time(tmp_path: Path) -> None:
    path = household(tmp_path)
    older = fidelity(
        tmp_path / "downloads/Portfolio_Positions_Dec-31-2026.csv", "Nov-19-2026", other_cash("7.00")
    )
    os.utime(older, (2_000_000_000, 2_000_000_000))
    assert cash_of(path) == 1000.0
    newer = fidelity(
        tmp_path / "downloads/Portfolio_Positions_Jan-01-2020.csv", "Nov-21-2026", other_cash("8.00")
    )
    os.utime(newer, (1_000_000_000, 1_000_000_000))
    assert cash_of(path) == 8.0
    origin = load_portfolio(path).origins["accounts[Z00000101].cash"]
    assert (origin.source, origin.as_of) == (
        "downloads/Portfolio_Positions_Jan-01-2020.csv",
        date(2026, 11, 21),
    )


def test_of_two_files_of_one_day_the_later_written_counts(tmp_path: Path) -> None:
    path = household(tmp_path)
    first = tmp_path / "downloads/Portfolio_Positions_Nov-20-2026.csv"
    again = fidelity(
        tmp_path / "downloads/Portfolio_Positions_Nov-20-2026 (1).csv", "Nov-20-2026", other_cash("9.00")
    )
    os.utime(first, (1_000_000_000, 1_000_000_000))
    os.utime(again, (1_000_000_100, 1_000_000_100))
    assert cash_of(path) == 9.0
    os.utime(again, (999_999_900, 999_999_900))
    assert cash_of(path) == 1000.0


def test_an_account_that_is_gone_from_the_newest_file_comes_from_the_older_one_with_a_warning(
    tmp_path: Path,
) -> None:
    path = household(tmp_path)
    rows = [*BEFORE[:2], ("X00000202", "Roth", "BND", "1", "72.00")]
    fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-21-2026.csv", "Nov-21-2026", rows)
    issues = {issue.code: issue for issue in check_portfolio(path)}
    assert issues["import.older"].severity == "warning"
    assert "Nov-21-2026.csv has no account 200000303: the older" in issues["import.older"].message
    assert load_portfolio(path).household.accounts[1].positions == {"BND": 100}


def test_a_newest_file_that_cannot_be_read_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    path = household(tmp_path)
    bad = tmp_path / "downloads/Portfolio_Positions_Nov-22-2026.csv"
    bad.write_text("half a download")
    errors = [issue for issue in check_portfolio(path) if issue.severity == "error"]
    assert [(issue.code, issue.where) for issue in errors] == [("file.unknown", str(bad))]


def test_an_old_file_that_cannot_be_read_does_no_harm(tmp_path: Path) -> None:
    path = household(tmp_path)
    (tmp_path / "downloads/Portfolio_Positions_Jan-02-2020.csv").write_text("half a download")
    assert check_portfolio(path) == ()


def test_files_can_be_left_out(tmp_path: Path) -> None:
    path = household(tmp_path)
    newer = fidelity(
        tmp_path / "downloads/Portfolio_Positions_Nov-21-2026.csv", "Nov-21-2026", other_cash("8.00")
    )
    assert load_portfolio(path).household.accounts[0].cash == 8.0
    assert load_portfolio(path, without=[newer]).household.accounts[0].cash == 1000.0


def test_a_pattern_may_be_absolute(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    fidelity(folder / "Portfolio_Positions_Nov-20-2026.csv", "Nov-20-2026", BEFORE)
    path = household(tmp_path / "here", HOUSEHOLD.replace('"downloads/', f'"{folder.as_posix()}/'))
    assert cash_of(path) == 1000.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Portfolio_Positions_Aug-03-2026.csv", date(2026, 8, 3)),
        ("Roth-Positions-2026-02-24-205012.csv", date(2026, 2, 24)),
        ("positions_20260224.csv", date(2026, 2, 24)),
        ("positions 02-24-2026.csv", date(2026, 2, 24)),
        ("positions_Foo-03-2026.csv", None),
        ("positions_20269924.csv", None),
        ("OfxDownload (1).csv", None),
    ],
)
def test_the_date_in_a_name_is_read_and_nothing_else_is(
    tmp_path: Path, name: str, expected: date | None
) -> None:
    file = tmp_path / name
    file.write_text("x")
    moment = datetime(2025, 5, 6, 12, 0).timestamp()  # noqa: DTZ001 - the user's own calendar
    os.utime(file, (moment, moment))
    assert date_of_name(file) == ((expected, "name") if expected else (date(2025, 5, 6), "modified"))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Portfolio_Positions_Aug-03-2026.csv", "Portfolio_Positions_*.csv"),
        ("Roth-Positions-2026-02-24-205012.csv", "Roth-Positions-*.csv"),
        ("OfxDownload (1).csv", "OfxDownload*.csv"),
        ("OfxDownload.csv", "OfxDownload*.csv"),
        ("odd[1]?.csv", "odd[[]1][?]*.csv"),
    ],
)
def test_the_pattern_of_a_name_leaves_date_and_copy_open(name: str, pattern: str) -> None:
    assert glob_of(name) == pattern
