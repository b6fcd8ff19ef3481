"""Headers and files change: what is still clear imports to the same, what is not is refused."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeAlias

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realloc.errors import InputError, ReallocError
from realloc.plugins.importers.brokers import recognise, statement_importers
from realloc.plugins.importers.brokers._importer import SheetImporter
from realloc.plugins.importers.brokers._sheet import Row
from realloc.plugins.importers.statement import Statement, StatementImporter
from realloc.testing.mutations import mutated

DATA = Path(__file__).parents[3] / "data" / "brokers"
SAMPLES = sorted(path for path in DATA.iterdir() if (DATA / "expected" / f"{path.stem}.json").exists())
CSV = [path for path in SAMPLES if path.suffix == ".csv"]
IMPORTERS = statement_importers()
TABLES = [path for path in CSV if not path.stem.startswith("ibkr")]

Rows: TypeAlias = list[list[str]]
Change: TypeAlias = Callable[[list[str]], list[str]]

by_name = pytest.mark.parametrize("path", CSV, ids=lambda path: path.name)
tables_by_name = pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)


@cache
def importer_of(path: Path) -> StatementImporter:
    return recognise(path, IMPORTERS)[0]


def money(statement: Statement) -> object:
    """What a statement says about money, without its places and notes."""
    accounts = [
        (
            account.number,
            account.cash,
            [
                (held.symbol, held.shares, held.price, held.value, held.cost_basis)
                for held in account.positions
            ],
            [(held.symbol, held.shares, held.value, held.why) for held in account.untouchable],
            account.lots,
        )
        for account in statement.accounts
    ]
    return accounts, statement.trades


def rows_of(path: Path) -> Rows:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def write(
    rows: Sequence[Sequence[str]], path: Path, *, delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def changed_tables(path: Path, change: Callable[[list[str]], Change]) -> Rows:
    """Rebuild every row of the recognised tables by what `change` makes of their header."""
    importer = importer_of(path)
    assert isinstance(importer, SheetImporter)
    rows: Rows = []
    apply: Change | None = None
    width = 0
    for cells in rows_of(path):
        if sum(map(bool, cells)) > 1 and not importer.columns.missing(Row(1, tuple(cells))):
            apply, width = change(cells), len(cells)
        if apply is None or sum(map(bool, cells)) < 2:
            rows.append(cells)
        else:
            padded = [*cells, *[""] * (width - len(cells))]
            rows.append([*apply(padded[:width]), *padded[width:]])
    return rows


def same(path: Path, other: Path) -> bool:
    importer = importer_of(path)
    assert recognise(other, IMPORTERS)[0].name == importer.name
    return money(importer.read(other)) == money(importer.read(path))


@tables_by_name
def test_shuffled_columns_import_to_the_same(path: Path, tmp_path: Path) -> None:
    if path.stem == "vanguard_ofxdownload":
        pytest.skip("it has two tables; the next test shuffles both")

    def shuffle(header: list[str]) -> Change:
        order = list(range(len(header)))
        Random(7).shuffle(order)
        return lambda cells: [cells[at] for at in order]

    if path.stem == "etrade_positions_total_assets":
        pytest.skip("its cash stands beside the last column, so the order of columns means something")
    assert same(path, write(changed_tables(path, shuffle), tmp_path / path.name))


def test_both_tables_of_a_vanguard_download_may_be_shuffled(tmp_path: Path) -> None:
    path = DATA / "vanguard_ofxdownload.csv"
    rows = rows_of(path)
    shuffled = [cells[-2::-1] + cells[-1:] for cells in rows]
    assert same(path, write(shuffled, tmp_path / path.name))


@pytest.mark.parametrize("rename", [str.upper, lambda name: f"  {name.lower()} "])
@tables_by_name
def test_renamed_case_and_spaces_in_the_header_import_to_the_same(
    path: Path, rename: Callable[[str], str], tmp_path: Path
) -> None:
    def change(header: list[str]) -> Change:
        return lambda cells: [rename(cell) for cell in cells] if cells == header else cells

    assert same(path, write(changed_tables(path, change), tmp_path / path.name))


@tables_by_name
def test_extra_columns_are_not_read(path: Path, tmp_path: Path) -> None:
    def change(header: list[str]) -> Change:
        return lambda cells: (
            ["Rating by Nobody", *cells, "Beta"] if cells == header else ["9", *cells, "1.25"]
        )

    if path.stem in {"vanguard_ofxdownload", "etrade_positions_total_assets", "robinhood_activity"}:
        pytest.skip("its rows without a table's cells, or its second table, would be shifted")
    if path.stem.startswith("merrill_page"):
        pytest.skip("its headings are told by their first cell")
    assert same(path, write(changed_tables(path, change), tmp_path / path.name))


@tables_by_name
def test_a_file_without_one_column_says_the_same_less_or_is_refused(path: Path, tmp_path: Path) -> None:
    importer = importer_of(path)
    assert isinstance(importer, SheetImporter)
    whole = importer.read(path)
    width = max(len(cells) for cells in rows_of(path) if not importer.columns.missing(Row(1, tuple(cells))))
    for column in range(width):

        def change(header: list[str], column: int = column) -> Change:
            del header
            return lambda cells: cells[:column] + cells[column + 1 :]

        other = write(changed_tables(path, change), tmp_path / path.name)
        try:
            statement = importer.read(other)
        except InputError:
            continue
        for account, original in zip(statement.accounts, whole.accounts, strict=True):
            if original.number == account.number:
                assert [(held.symbol, held.shares) for held in account.positions] == [
                    (held.symbol, held.shares) for held in original.positions
                ]
            assert account.cash == original.cash


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@by_name
def test_the_encoding_of_a_file_does_not_matter(path: Path, encoding: str, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8-sig")
    other = tmp_path / path.name
    other.write_bytes(text.encode(encoding))
    assert same(path, other)


@pytest.mark.parametrize("delimiter", [";", "\t"])
@by_name
def test_the_delimiter_of_a_file_does_not_matter(path: Path, delimiter: str, tmp_path: Path) -> None:
    assert same(path, write(rows_of(path), tmp_path / path.name, delimiter=delimiter))


@by_name
def test_a_file_saved_as_an_excel_workbook_imports_to_the_same(path: Path, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row, cells in enumerate(rows_of(path), start=1):
        for column, cell in enumerate(cells, start=1):
            if cell:
                sheet.cell(row, column).value = cell
                sheet.cell(row, column).data_type = "s"
    other = tmp_path / f"{path.stem}.xlsx"
    book.save(other)
    assert same(path, other)


def as_excel_reads_it(cell: str) -> object:
    """Return what a spreadsheet makes of a cell of a CSV file: a number, a part of 1, a date, or the text."""
    found = re.fullmatch(r"([+-]?)\$?((?:\d[\d,]*)?(?:\.\d+)?)(%?)", cell)
    if found and found[2]:
        number = float(found[2].replace(",", "")) * (-1 if found[1] == "-" else 1)
        return round(number / 100, 6) if found[3] else number
    for form in ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(cell, form)  # noqa: DTZ007 - a calendar date
    return cell or None


@pytest.mark.parametrize(
    "path", [path for path in CSV if not path.stem.startswith(("wealthsimple", "ibkr"))], ids=lambda p: p.name
)
def test_a_file_opened_in_excel_and_saved_as_a_workbook_imports_to_the_same(
    path: Path, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in rows_of(path):
        sheet.append([as_excel_reads_it(cell) for cell in cells])
    other = tmp_path / f"{path.stem}.xlsx"
    book.save(other)
    assert same(path, other)
    codes = [sorted(issue.code for issue in importer_of(path).read(file).issues) for file in (path, other)]
    assert codes[0] == codes[1]


@by_name
def test_footers_and_blank_rows_below_a_file_do_not_matter(path: Path, tmp_path: Path) -> None:
    other = tmp_path / path.name
    text = path.read_text(encoding="utf-8-sig").rstrip("\n")
    other.write_text(
        text
        + '\n\n\n"Figures are not a statement of account, and may differ."\nThis line, too, is only text\n',
        encoding="utf-8",
    )
    if path.stem.startswith("ibkr"):
        with pytest.raises(InputError, match="no header"):
            importer_of(path).read(other)
    else:
        assert same(path, other)


@tables_by_name
def test_a_row_above_the_header_is_never_lost(path: Path, tmp_path: Path) -> None:
    importer = importer_of(path)
    assert isinstance(importer, SheetImporter)
    rows = rows_of(path)
    header = next(at for at, cells in enumerate(rows) if not importer.columns.missing(Row(1, tuple(cells))))
    if (
        path.stem.startswith(("etrade", "merrill_page", "schwab_pos"))
        or path.stem == "vanguard_529_positions"
    ):
        pytest.skip("tables stand above its header, or an account's total shows what is lost")
    rows[header], rows[header + 1] = rows[header + 1], rows[header]
    with pytest.raises(InputError, match="above the header"):
        importer.read(write(rows, tmp_path / path.name))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_ends_in_a_statement_or_in_our_own_error(
    path: Path, seed: int, tmp_path: Path
) -> None:
    importer = importer_of(path)
    other = tmp_path / path.name
    other.write_bytes(mutated(path.read_bytes(), Random(seed)))
    importer.matches(other)
    try:
        statement = importer.read(other)
    except ReallocError:
        return
    for account in statement.accounts:
        for tie in account.ties:
            assert abs(tie.stated - tie.found) * 2 < 1
        assert all(held.shares > 0 for held in account.positions)


@given(data=st.binary(max_size=400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_crash_an_importer(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    for importer in IMPORTERS:
        assert 0 <= importer.matches(path).confidence <= 1
        with pytest.raises(InputError):
            importer.read(path)
