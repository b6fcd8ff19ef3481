"""Spaces around a name are no part of it, in every way in (rule NAME-1)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from realloc import Household
from realloc.batch import households_of, tables_of
from realloc.plugins.importers.account.account_csv import CSVAccountImporter
from realloc.plugins.importers.prices.prices_csv import PricesCSVImporter
from realloc.portfolio_file import load_portfolio
from realloc.portfolio_file.confirming import confirm
from realloc.portfolio_file.planned import planned_from
from tests.portfolio_file.broker_files import HOUSEHOLD, fidelity, household

DOCUMENT = {
    "as_of": "2026-11-20",
    "prices": {" VTI": 250.0},
    "accounts": [
        {
            "label": " Joint ",
            "account_number": "A1 ",
            "positions": {"VTI ": 3},
            "lots": [
                {"symbol": " VTI", "shares": 3, "cost_per_share": 1.0, "acquired": "2020-01-01", "id": " a "}
            ],
        }
    ],
    "model": {"name": " all ", "targets": {" VTI ": 1.0}},
}


def require_trimmed(read: Household) -> None:
    (account,) = read.accounts
    assert (account.label, account.account_number, account.positions) == ("Joint", "A1", {"VTI": 3})
    assert [(lot.symbol, lot.id) for lot in account.lots] == [("VTI", "a")]
    assert read.prices == {"VTI": 250.0}
    assert dict(read.model.targets) == {"VTI": 1.0}


def test_in_a_household_document() -> None:
    require_trimmed(Household.from_dict(DOCUMENT))


def test_in_tables_of_a_batch() -> None:
    ((_, document),) = households_of(tables_of([("h", DOCUMENT)]))
    assert isinstance(document, dict)
    require_trimmed(Household.from_dict(document))


def test_in_data_frames() -> None:
    accounts = pd.DataFrame({"account_number": [" A1"], "label": ["Joint "]})
    positions = pd.DataFrame({"account_number": ["A1"], "symbol": [" VTI "], "shares": [3]})
    lots = pd.DataFrame(
        {
            "account_number": ["A1 "],
            "symbol": [" VTI"],
            "shares": [3],
            "cost_per_share": [1.0],
            "acquired": ["2020-01-01"],
            "id": ["a "],
        }
    )
    prices = pd.DataFrame({"symbol": ["VTI "], "price": [250.0]})
    model = {"name": "all", "targets": {" VTI ": 1.0}}
    require_trimmed(
        Household.from_frames(accounts=accounts, positions=positions, lots=lots, prices=prices, model=model)
    )


def test_in_csv_files(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("Account Label,Account Id,Symbol,Shares\n Joint , A1 , VTI ,3\nJoint,A1, CASH ,5\n")
    (account,) = CSVAccountImporter().account_importer(file)
    assert (account.label, account.account_number, account.positions) == ("Joint", "A1", {"VTI": 3})
    file.write_text("Symbol,Price\n VTI ,250\n")
    assert PricesCSVImporter().import_prices(file) == {"VTI": 250.0}


def test_in_a_portfolio_file_and_when_it_is_brought_up_to_date(tmp_path: Path) -> None:
    text = HOUSEHOLD.replace('"Z00000101"', '" Z00000101 "').replace('"VTI", shares', '" VTI ", shares')
    text = text.replace("VTI = 0.6", '" VTI " = 0.6').replace('"Joint"', '" Joint "')
    path = household(tmp_path, text)
    read = load_portfolio(path, today=date(2026, 11, 20))
    assert (read.household.accounts[0].label, read.household.accounts[0].account_number) == (
        "Joint",
        "Z00000101",
    )
    assert read.origins["accounts[Z00000101].lots.VTI"].source == "portfolio.toml"
    assert set(read.household.model.targets) == {"VTI", "BND"}
    after = [("200000303", "IRA", "SPAXX**", "140.00", ""), ("200000303", "IRA", "BND", "105", "72.00")]
    new = fidelity(tmp_path / "ira.csv", "Nov-23-2026", after)
    order = {"account_id": "200000303", "symbol": "BND", "shares": 5, "price": 72.0}
    plan = planned_from({"trades": [order], "household": {"drift_after": 0.05}})
    # The joint account is not in the new file: its lots stay.
    kept = confirm(path, plan, [new], traded=date(2026, 11, 20), take_files=True).kept
    assert len(kept.document["accounts"][0]["lots"]) == 2
