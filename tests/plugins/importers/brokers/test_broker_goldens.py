"""Every sample file imports to what a person read off it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from realloc.accounts import Lot
from realloc.plugins.importers.brokers import import_files, recognise, statement_importers
from realloc.plugins.importers.statement import Holding, Statement, StatementAccount, StatementImporter

DATA = Path(__file__).parents[3] / "data" / "brokers"
SAMPLES = sorted(path for path in DATA.iterdir() if (DATA / "expected" / f"{path.stem}.json").exists())


@pytest.fixture(scope="module")
def importers() -> list[StatementImporter]:
    return statement_importers()


def expected(path: Path) -> dict[str, Any]:
    text = (DATA / "expected" / f"{path.stem}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return document


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_file_imports_to_what_a_person_read_off_it(
    path: Path, importers: list[StatementImporter]
) -> None:
    golden = expected(path)
    importer, match = recognise(path, importers)
    assert importer.name == golden["importer"], match
    statement = importer.read(path)
    assert (statement.importer, statement.broker) == (golden["importer"], golden["broker"])
    assert (statement.as_of.isoformat() if statement.as_of else None) == golden["as_of"]
    assert [_account(account) for account in statement.accounts] == [
        _golden_account(account) for account in golden["accounts"]
    ]
    _check_trades(statement, golden.get("trades", []))
    assert sorted(issue.code for issue in statement.issues) == golden.get("issues", [])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_total_in_a_sample_ties_to_the_cent(path: Path, importers: list[StatementImporter]) -> None:
    statement = recognise(path, importers)[0].read(path)
    for account in statement.accounts:
        assert all(abs(tie.stated - tie.found) < Decimal("0.005") for tie in account.ties)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_row_of_a_sample_has_a_note(path: Path, importers: list[StatementImporter]) -> None:
    statement = import_files([path], importers=importers)[0]
    assert statement.notes
    assert all(note.where.startswith(str(path)) for note in statement.notes)


def test_no_sample_file_is_without_a_golden_file() -> None:
    kept = {"table_401k.csv", "table_lots.csv", "table_lots.toml"}
    assert {path.name for path in DATA.iterdir() if path.is_file()} - kept == {path.name for path in SAMPLES}


def _account(account: StatementAccount) -> dict[str, Any]:
    return {
        "number": account.number,
        "name": account.name,
        "kind_hint": account.kind_hint,
        "cash": account.cash,
        "total": account.total,
        "positions": {held.symbol: _position(held) for held in account.positions},
        "untouchable": [
            {"symbol": held.symbol, "shares": held.shares, "value": held.value, "why": held.why}
            for held in account.untouchable
        ],
        "lots": [_lot(lot) for lot in account.lots],
        "ties": [tie.stated for tie in account.ties],
    }


def _position(held: Holding) -> dict[str, Any]:
    assert not held.why
    return {
        "shares": held.shares,
        "price": held.price,
        "value": held.value,
        "cost_basis": held.cost_basis,
    }


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "symbol": lot.symbol,
        "shares": Decimal(repr(lot.shares)),
        "cost_basis": round(Decimal(lot.shares) * Decimal(lot.cost_per_share), 8),
        "acquired": lot.acquired.isoformat(),
        "id": lot.id,
    }


def _golden_account(account: dict[str, Any]) -> dict[str, Any]:
    return {"untouchable": [], "lots": [], "ties": []} | account


def _check_trades(statement: Statement, golden: list[dict[str, Any]]) -> None:
    assert len(statement.trades) == len(golden)
    for trade, wanted in zip(statement.trades, golden, strict=True):
        assert (trade.account_number, trade.symbol) == (wanted["account_number"], wanted["symbol"])
        assert trade.traded.isoformat() == wanted["traded"]
        assert trade.shares == float(wanted["shares"])
        assert trade.price == pytest.approx(float(wanted["price"]), rel=1e-12)
        gain = wanted.get("gain")
        assert trade.gain == (None if gain is None else pytest.approx(float(gain), abs=1e-9))
