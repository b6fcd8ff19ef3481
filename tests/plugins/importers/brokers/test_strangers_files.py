"""Files that nobody should have to trust: each is refused in one line before anything is built from it or run."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from realloc.errors import InputError
from realloc.plugins.importers.brokers import _workbook, import_files, statement_importers
from realloc.plugins.importers.brokers import ofx as ofx_module
from realloc.plugins.importers.brokers._sheet import read_sheet
from realloc.plugins.importers.brokers.beancount_ledger import BeancountLedger
from realloc.plugins.importers.brokers.ofx import DEEPEST, OfxStatement
from realloc.plugins.importers.lines import LONGEST_CELL, LONGEST_LINE, split

DATA = Path(__file__).parents[3] / "data" / "brokers"
LEDGER = (DATA / "ledger.beancount").read_text(encoding="utf-8")


# --- ledgers


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a plugin that can be imported and leaves a mark when it runs; return the mark."""
    mark = tmp_path / "ran"
    (tmp_path / "marking.py").write_text(
        "from pathlib import Path\n__plugins__ = ('mark',)\n"
        f"def mark(entries, options):\n    Path({str(mark)!r}).touch()\n    return entries, []\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    return mark


def ledger(folder: Path, line: str, name: str = "mine.beancount") -> Path:
    path = folder / name
    path.write_text(LEDGER.replace("\n\n", f"\n{line}\n\n", 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line", ['plugin "marking"', '  plugin   "marking" "config"', 'plugin "marking" ; mine']
)
def test_a_ledger_that_names_a_plugin_is_refused_with_the_line_and_runs_nothing(
    line: str, tmp_path: Path, plugin: Path
) -> None:
    with pytest.raises(InputError, match=r"mine\.beancount:2: the ledger runs code: plugin 'marking'"):
        BeancountLedger().read(ledger(tmp_path, line.strip()))
    assert not plugin.exists()


def test_a_trusted_ledger_runs_its_plugins(tmp_path: Path, plugin: Path) -> None:
    statement = BeancountLedger(trusted=True).read(ledger(tmp_path, 'plugin "marking"'))
    assert plugin.exists()
    assert [held.symbol for account in statement.accounts for held in account.positions] == ["VTI"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('include "other.beancount"', "reads another file: include 'other.beancount'"),
        ('option "documents" "papers"', "reads folders: option 'documents'"),
        (
            'option "insert_pythonpath" "TRUE"',
            "loads code from the ledger's folder: option 'insert_pythonpath'",
        ),
    ],
)
def test_a_ledger_that_reaches_for_other_files_is_refused(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "other.beancount").write_text("2020-01-01 open Assets:Other USD\n", encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        BeancountLedger().read(ledger(tmp_path, line))
    assert "trusted = true" in caught.value.issues[0].hint


def test_words_of_a_directive_in_prose_are_no_directive(tmp_path: Path) -> None:
    statement = BeancountLedger().read(ledger(tmp_path, '; plugin "marking"\n* include "x" is how I did it'))
    assert statement.accounts


@pytest.mark.parametrize("name", ["mine.txt", "mine.csv", "mine"])
def test_what_looks_like_a_ledger_is_read_only_where_its_name_says_so(
    name: str, tmp_path: Path, plugin: Path
) -> None:
    with pytest.raises(InputError, match="no importer knows this file"):
        import_files([ledger(tmp_path, 'plugin "marking"', name)], importers=statement_importers())
    assert not plugin.exists()


# --- workbooks


def workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def altered(path: Path, part: str, old: str, new: str) -> Path:
    """Replace a text in one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def nothing_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where openpyxl is asked for a workbook."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a workbook beyond the bounds was built")

    monkeypatch.setattr(openpyxl, "load_workbook", refuse)


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('<row r="2"', f'<row r="{_workbook.MOST_ROWS + 1}"', "has 100,001 rows"),
        ('r="B2"', 'r="ALM2"', "has 1,001 columns"),
        ('r="B2"', 'r="XFD2"', "has 16,384 columns"),
        ('r="B2"', 'r="AAAAAA2"', "has 1,001 columns"),
        ('<row r="2"', '<row r="50001"', "cells or more"),
    ],
)
def test_a_sheet_beyond_a_bound_is_refused_before_it_is_built(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "big.xlsx", [["Symbol", "Quantity", *"abcdefghijklmnopqrstu"], ["VTI", 3]])
    with pytest.raises(InputError, match=said):
        read_sheet(altered(path, SHEET, old, new))


@pytest.mark.usefixtures("nothing_built")
def test_parts_beyond_a_bound_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "big.xlsx", [["Symbol"]])
    padding = " " * (_workbook.LARGEST_PART + 1)
    with pytest.raises(InputError, match=r"styles\.xml unpacks to 4 MB"):
        read_sheet(altered(path, "xl/styles.xml", "</styleSheet>", padding + "</styleSheet>"))


@pytest.mark.usefixtures("nothing_built")
def test_the_number_of_parts_and_their_sum_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "big.xlsx", [["Symbol"]])
    monkeypatch.setattr(_workbook, "LARGEST_TABLE", 1_000)
    with pytest.raises(InputError, match="it unpacks to 0 MB"):
        read_sheet(path)
    monkeypatch.setattr(_workbook, "MOST_PARTS", 3)
    with pytest.raises(InputError, match="parts, at most 3 are read"):
        read_sheet(path)


@pytest.mark.usefixtures("nothing_built")
def test_a_sheet_that_defines_entities_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "entity.xlsx", [["Symbol"]])
    altered(path, SHEET, "<worksheet", '<!DOCTYPE worksheet [<!ENTITY a "b">]><worksheet')
    with pytest.raises(InputError, match="defines a document type"):
        read_sheet(path)


def test_a_stated_dimension_makes_no_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "wide.xlsx", [["Symbol", "Quantity"], ["VTI", 3]])
    altered(path, SHEET, '<dimension ref="A1:B2"', '<dimension ref="A1:XFD1048576"')
    assert [row.cells for row in read_sheet(path).rows] == [("Symbol", "Quantity"), ("VTI", "3")]


def test_a_cell_longer_than_any_text_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "long.xlsx", [["Symbol"], ["x" * (LONGEST_CELL + 1)]])
    with pytest.raises(InputError, match=r"long\.xlsx:2: a cell of 10,001 characters"):
        read_sheet(path)


def test_a_damaged_archive_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = workbook(tmp_path / "cut.xlsx", [["Symbol"]])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="the workbook cannot be read"):
        read_sheet(path)


# --- text


def test_cells_and_rows_are_as_long_as_their_bounds_and_no_longer() -> None:
    assert list(split("x" * LONGEST_CELL, ",", "f")) == [(1, ["x" * LONGEST_CELL])]
    with pytest.raises(InputError, match="f:2: a cell of 10,001 characters"):
        list(split(f"a\n{'x' * (LONGEST_CELL + 1)}", ",", "f"))
    cell = "x" * LONGEST_CELL
    cells = [cell] * (LONGEST_LINE // LONGEST_CELL)
    assert len(list(split(",".join(cells), ",", "f"))) == 1
    with pytest.raises(InputError, match="f:1: a row of 100,001 characters"):
        list(split(",".join([*cells, "x"]), ",", "f"))


# --- OFX


def ofx(path: Path, *pairs: tuple[str, str]) -> Path:
    text = (DATA / "sample_trades.qfx").read_text(encoding="ascii")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="ascii")
    return path


def test_elements_nested_beyond_the_bound_are_refused_before_they_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io, "BytesIO", None)  # what the parser would be given
    nested = "<A>" * (DEEPEST + 1)
    with pytest.raises(InputError, match=r"deep\.qfx:11: A stands inside more than 64 other elements"):
        OfxStatement().read(ofx(tmp_path / "deep.qfx", ("<OFX>", f"<OFX>{nested}")))


def test_values_without_end_tags_do_not_nest(tmp_path: Path) -> None:
    path = ofx(tmp_path / "flat.qfx")
    ofx_module._check_depth("<OFX>" + "<NAME>value\n" * 10 * DEEPEST + "</OFX>", "f")
    assert OfxStatement().read(path).accounts


def test_a_value_longer_than_any_text_is_refused(tmp_path: Path) -> None:
    path = ofx(tmp_path / "long.qfx", ("SAMPLE TOTAL STOCK ETF", "x" * (LONGEST_CELL + 1)))
    with pytest.raises(InputError, match="SECNAME has 10,001 characters"):
        OfxStatement().read(path)


@pytest.mark.parametrize(
    "moment", ["20261231202000[-5:EST]", "20261231", "20261231235959.999[-8:PST]", "20261231003000[+9:JST]"]
)
def test_the_day_of_a_trade_is_the_one_that_the_file_writes(moment: str, tmp_path: Path) -> None:
    path = ofx(tmp_path / "evening.qfx", ("<DTTRADE>20260710", f"<DTTRADE>{moment}"))
    assert OfxStatement().read(path).trades[0].traded == date(2026, 12, 31)


def test_the_day_of_the_statement_and_of_prices_are_those_that_the_file_writes(tmp_path: Path) -> None:
    path = ofx(
        tmp_path / "evening.qfx",
        ("<DTASOF>20260803120000", "<DTASOF>20260803223000[-5:EST]"),
        ("<DTPRICEASOF>20260801", "<DTPRICEASOF>20260801210000[-4:EDT]"),
    )
    statement = OfxStatement().read(path)
    assert statement.as_of == date(2026, 8, 3)
    assert {price.as_of for price in statement.prices} == {date(2026, 8, 1)}
