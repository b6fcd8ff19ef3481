from __future__ import annotations

import logging
from decimal import Decimal
from pathlib import Path

import pytest

from realloc.errors import InputError
from realloc.plugins.importers.tabular import MOST_ISSUES, Layout, Table, read_table

LAYOUT = Layout(keys=("Symbol",), numbers=("Price",), optional=("Date",), synonyms={"Price": ("Last Price",)})


def table(folder: Path, text: str, layout: Layout = LAYOUT) -> Table:
    (folder / "t.csv").write_bytes(text.encode())
    return read_table(folder / "t.csv", layout)


def rows(folder: Path, text: str) -> list[tuple[int, str, Decimal | None]]:
    found = table(folder, text)
    out = [(row.line, row.text("Symbol"), row.number("Price", "Invalid price")) for row in found.rows]
    found.finish()
    return out


def issues(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        rows(folder, text)
    place = str(folder / "t.csv")
    assert all(issue.where.startswith(place) for issue in caught.value.issues)
    return [(issue.code, issue.where.removeprefix(place)) for issue in caught.value.issues]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_gives_the_same_rows(tmp_path: Path, separator: str, end: str) -> None:
    text = end.join(["Symbol,Price", "AAPL,12.50", "GOOG,7", ""]).replace(",", separator)
    assert rows(tmp_path, text) == [(2, "AAPL", Decimal("12.5")), (3, "GOOG", Decimal(7))]


@pytest.mark.parametrize(
    "header",
    [
        "Symbol,Price",
        "SYMBOL,price",
        " Symbol , Price ",
        '"Symbol","Price"',
        '"Symbol" ,"Price" ',
        "_symbol_,-price",
        "\u200bSymbol,\u00a0Price",
        "Symbol,Last  Price",
        "Symbol,LAST_PRICE",
    ],
)
def test_the_name_of_a_column_is_known_in_any_dress(tmp_path: Path, header: str) -> None:
    assert rows(tmp_path, f"{header}\nAAPL,5\n") == [(2, "AAPL", Decimal(5))]


def test_the_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    assert rows(tmp_path, "Note,Price,X,Symbol\nhello,5,,AAPL\n") == [(2, "AAPL", Decimal(5))]


def test_a_name_of_its_own_goes_before_a_synonym(tmp_path: Path) -> None:
    assert rows(tmp_path, "Last Price,Symbol,Price\n4,AAPL,5\n") == [(2, "AAPL", Decimal(5))]


def test_spaces_and_invisible_marks_around_a_cell_are_no_part_of_it(tmp_path: Path) -> None:
    text = 'Symbol,Price\n AAPL\u200b ,\u00a0$5.00 \n "GOOG" , "1,000"  \n'
    assert rows(tmp_path, text) == [(2, "AAPL", Decimal(5)), (3, "GOOG", Decimal(1000))]


def test_a_cell_that_a_spreadsheet_protects_as_text_is_its_text(tmp_path: Path) -> None:
    assert rows(tmp_path, 'Symbol,Price\n="00700",5\n') == [(2, "00700", Decimal(5))]


def test_the_line_of_a_row_is_where_it_begins_in_the_file(tmp_path: Path) -> None:
    text = 'Symbol,Price,Note\nAAPL,1,"two\nlines"\n\nGOOG,2,x\n'
    assert [line for line, _, _ in rows(tmp_path, text)] == [2, 5]


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    text = '"Positions as of 12:33 PM ET, 2026/05/04"\n\nSymbol,Price\nAAPL,5\n'
    assert rows(tmp_path, text) == [(4, "AAPL", Decimal(5))]
    assert rows(tmp_path, "sep=;\nSymbol;Price\nAAPL;5\n") == [(3, "AAPL", Decimal(5))]


def test_more_empty_cells_than_columns_are_nothing(tmp_path: Path) -> None:
    assert rows(tmp_path, "Symbol,Price\nAAPL,5,,,\n") == [(2, "AAPL", Decimal(5))]


def test_a_value_beyond_the_last_column_is_a_fault(tmp_path: Path) -> None:
    assert issues(tmp_path, "Symbol,Price\nAAPL,1,234.50\n") == [("row.width", ":2")]


@pytest.mark.parametrize(
    "footer",
    [
        "Total,300",
        "TOTALS:,300",
        "Grand Total,",
        "Account Total,--",
        ",\n\n",
        '"Date downloaded Aug-03-2026 5:45 p.m ET"',
        "Generated: 2026-11-20",
        '\n"The data is provided to you, solely for your information."\n"No advice."\n',
        "Total,300\n\nGenerated at Aug 20 2026 11:42 AM ET",
    ],
)
def test_totals_and_prose_below_the_table_are_skipped_and_logged(
    tmp_path: Path, footer: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert rows(tmp_path, f"Symbol,Price\nAAPL,5\n{footer}\n") == [(2, "AAPL", Decimal(5))]
    assert "skipped" in caplog.text


def test_prose_amid_the_table_and_a_short_row_below_it_are_faults(tmp_path: Path) -> None:
    assert issues(tmp_path, "Symbol,Price\nthis is not a row\nAAPL,5\n") == [("cell.number", ":2:Price")]
    assert issues(tmp_path, "Symbol,Price\nAAPL,5\nGOOG\n") == [("cell.number", ":3:Price")]
    assert issues(tmp_path, "Symbol,Price\nAAPL,5\nthis is no footer at all,x\n") == [
        ("cell.number", ":3:Price")
    ]


def test_a_position_in_an_account_that_is_called_total_is_no_row_of_totals(tmp_path: Path) -> None:
    layout = Layout(keys=("Account", "Symbol"), numbers=("Shares",))
    found = table(tmp_path, "Account,Symbol,Shares\nTotal,AAPL,5\nTotal,,5\n", layout)
    assert [row.line for row in found.rows] == [2]


def test_missing_columns_are_named_with_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"t\.csv:1: Missing required columns: Price \(found: Symbol, Prise\)"
    ):
        rows(tmp_path, "Symbol,Prise\nAAPL,5\n")
    with pytest.raises(InputError, match="Missing required columns: Symbol, Price"):
        rows(tmp_path, "AAPL,5\n")


@pytest.mark.parametrize("text", ["", "\n\n", " \n  \n"])
def test_an_empty_file_is_told_so(tmp_path: Path, text: str) -> None:
    assert issues(tmp_path, text) == [("file.empty", "")]


def test_a_column_that_is_there_twice_is_a_fault(tmp_path: Path) -> None:
    assert issues(tmp_path, "Symbol,Price,price\nAAPL,5,6\n") == [("column.twice", ":1")]


@pytest.mark.parametrize(
    "text", ['Symbol,Price\nAAPL,"5\n', 'Symbol,Price\n"AAPL"x,5\n', "Symbol,Price\nA," + "9" * 140_000]
)
def test_a_quotation_mark_in_the_wrong_place_or_a_huge_cell_is_a_fault_of_the_line(
    tmp_path: Path, text: str
) -> None:
    assert issues(tmp_path, text) == [("file.csv", ":2")]


def test_where_the_separator_is_a_semicolon_a_number_that_reads_in_two_ways_is_refused(
    tmp_path: Path,
) -> None:
    assert issues(tmp_path, "Symbol;Price\nAAPL;1.234\n") == [("cell.number", ":2:Price")]
    assert issues(tmp_path, "Symbol;Price\nAAPL;1.234\nGOOG;12,5\n") == [
        ("cell.number", ":2:Price"),
        ("cell.number", ":3:Price"),
    ]
    assert rows(tmp_path, "Symbol;Price\nAAPL;1.234\nGOOG;12.5\n") == [
        (2, "AAPL", Decimal("1.234")),
        (3, "GOOG", Decimal("12.5")),
    ]


def test_all_faults_are_told_at_once_up_to_a_limit(tmp_path: Path) -> None:
    assert issues(tmp_path, "Symbol,Price\nA,x\nB,5\nC,\n") == [
        ("cell.number", ":2:Price"),
        ("cell.number", ":4:Price"),
    ]
    many = issues(tmp_path, "Symbol,Price\n" + "A,x\n" * (MOST_ISSUES + 5))
    assert len(many) == MOST_ISSUES + 1
    assert many[-1] == ("table.more", "")
