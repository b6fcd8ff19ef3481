"""Several files: recognising, lots joined to positions, accounts that occur twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realloc.errors import InputError
from realloc.plugins.importers.brokers import import_files, recognise, statement_importers
from realloc.plugins.importers.statement import Match, gather_prices, to_account

DATA = Path(__file__).parents[3] / "data" / "brokers"
IMPORTERS = statement_importers()


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (DATA / name).read_text(encoding="utf-8-sig")
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_schwab_lots_are_joined_to_the_account_whose_number_ends_alike() -> None:
    paths = [DATA / "schwab_lot_details_VTI.csv", DATA / "schwab_positions_single_2025.csv"]
    (statement,) = import_files(paths, importers=IMPORTERS)
    (account,) = statement.accounts
    assert account.number == "...123"
    assert [(lot.symbol, lot.shares, lot.cost_per_share) for lot in account.lots] == [
        ("VTI", 80.0, 190.0),
        ("VTI", 40.0, 223.45),
    ]


def test_m1_lots_are_joined_and_its_closed_lots_stay_recent_sales() -> None:
    paths = [DATA / "m1_holdings.csv", DATA / "m1_open_tax_lots.csv"]
    holdings, rest = import_files(paths, importers=IMPORTERS)
    assert [lot.id for lot in holdings.accounts[0].lots] == ["LOT-1", "LOT-2", "LOT-3"]
    assert rest.accounts == ()
    assert [(trade.symbol, trade.gain) for trade in rest.trades] == [("VXUS", -25.0)]


def test_lots_that_do_not_add_up_to_the_position_are_refused(tmp_path: Path) -> None:
    lots = changed(tmp_path, "m1_open_tax_lots.csv", "03/02/2021,20,", "03/02/2021,21,")
    with pytest.raises(InputError, match=r"lots of VTI are 31\.5 shares.*M1 is 30\.5"):
        import_files([DATA / "m1_holdings.csv", lots], importers=IMPORTERS)


def test_lots_of_a_symbol_that_is_not_held_are_refused(tmp_path: Path) -> None:
    lots = changed(tmp_path, "schwab_lot_details_VTI.csv", "VTI Lot", "ITOT Lot")
    with pytest.raises(InputError, match=r"lots of ITOT, which account \.\.\.123 does not hold"):
        import_files([DATA / "schwab_positions_single_2025.csv", lots], importers=IMPORTERS)


def test_lots_of_an_account_without_positions_here_are_refused(tmp_path: Path) -> None:
    lots = changed(tmp_path, "schwab_lot_details_VTI.csv", "XXXX-0123", "XXXX-0999")
    with pytest.raises(InputError, match="fit none of the accounts"):
        import_files([DATA / "schwab_positions_single_2025.csv", lots], importers=IMPORTERS)


def test_a_lot_file_alone_is_kept_with_a_warning() -> None:
    (statement,) = import_files([DATA / "schwab_lot_details_VTI.csv"], importers=IMPORTERS)
    assert statement.accounts[0].lots_only
    assert [issue.code for issue in statement.issues] == ["lot.alone"]


def test_an_account_in_two_files_is_refused_for_it_would_count_twice() -> None:
    paths = [DATA / "fidelity_positions_2023.csv", DATA / "fidelity_positions_2026.csv"]
    with pytest.raises(InputError, match="Z00000101 is also in"):
        import_files(paths, importers=IMPORTERS)
    paths = [DATA / "vanguard_ofxdownload.csv", DATA / "sample_investment.ofx"]
    with pytest.raises(InputError, match="10000001 is also in"):
        import_files(paths, importers=IMPORTERS)


def test_an_order_file_is_no_statement() -> None:
    with pytest.raises(InputError, match="no importer knows this file"):
        recognise(DATA / "unknown" / "ibkr_basket_orders.csv", IMPORTERS)


def test_a_file_that_is_not_there_is_named_once() -> None:
    with pytest.raises(InputError) as caught:
        recognise("nowhere.csv", IMPORTERS)
    assert len(caught.value.issues) == 1
    assert "nowhere.csv" in str(caught.value)


def test_two_importers_that_are_equally_sure_are_both_named() -> None:
    class Twin(type(IMPORTERS[0])):  # type: ignore[misc]  # any importer serves
        name = "twin"

        def matches(self, path: object) -> Match:
            del path
            return Match(confidence=0.95, reason="says so")

    with pytest.raises(InputError, match=r"fits fidelity_positions .* and twin"):
        recognise(DATA / "fidelity_positions_2026.csv", [*IMPORTERS, Twin()])


def test_faults_of_several_files_are_told_together(tmp_path: Path) -> None:
    one = changed(tmp_path, "trowe_positions.csv", "$1,479.90", "$1,979.90")
    other = changed(tmp_path, "etrade_positions.csv", "431.50\nTOTAL", "433.50\nTOTAL")
    with pytest.raises(InputError) as caught:
        import_files([one, other], importers=IMPORTERS)
    codes = sorted(issue.code for issue in caught.value.issues)
    assert codes == ["total.mismatch", "total.mismatch", "value.mismatch"]


def test_a_total_that_does_not_tie_names_account_file_total_sum_and_difference(tmp_path: Path) -> None:
    path = changed(tmp_path, "schwab_positions_single_2025.csv", '"$578.57"', '"$578.58"')
    with pytest.raises(InputError) as caught:
        import_files([path], importers=IMPORTERS)
    (issue,) = caught.value.issues
    assert issue.where == f"{path}:8"
    assert "Individual ...123 is $117,706.57 in the file, its rows add up to $117,706.58" in issue.message
    assert "$-0.01 of difference" in issue.message


def test_a_bad_cell_names_file_row_and_column(tmp_path: Path) -> None:
    path = changed(tmp_path, "fidelity_positions_2026.csv", ",310.5,", ",many,")
    with pytest.raises(InputError) as caught:
        import_files([path], importers=IMPORTERS)
    assert caught.value.issues[0].where == f"{path}:6:Quantity"


def test_prices_come_with_their_date_and_a_conflict_is_shown(tmp_path: Path) -> None:
    schwab = DATA / "schwab_positions_single_2025.csv"
    fidelity = changed(tmp_path, "fidelity_positions_basket.csv", "Aug-03-2026", "Aug-04-2026")
    statements = import_files([schwab, fidelity], importers=IMPORTERS)
    prices, issues = gather_prices(statements)
    assert {price.symbol: str(price.as_of) for price in prices}["VTI"] == "2026-08-04"
    assert issues == ()  # $250.10 and $250.00 are 0.04% apart
    _, issues = gather_prices(import_files([schwab, DATA / "ledger.beancount"], importers=IMPORTERS))
    assert issues == ()  # $251.00 is 0.36% above $250.10
    other = changed(tmp_path, "ledger.beancount", "VTI 251.00 USD", "VTI 252.00 USD")
    _, issues = gather_prices(import_files([schwab, other], importers=IMPORTERS))
    assert [issue.code for issue in issues] == ["price.conflict"]


def test_an_account_of_a_statement_becomes_the_domains_account() -> None:
    (statement,) = import_files([DATA / "ibkr_activity_statement.csv"], importers=IMPORTERS)
    account = to_account(statement.accounts[0], "taxable")
    assert account.cash == 2222.81
    assert account.positions == {"BRK.B": 2, "VTI": 100}
    assert sum(lot.shares for lot in account.lots if lot.symbol == "VTI") == 100
    assert to_account(statement.accounts[0], "tax_exempt").kind == "tax_exempt"


def test_a_statement_is_plain_json() -> None:
    for path in sorted(DATA.iterdir()):
        if (DATA / "expected" / f"{path.stem}.json").exists():
            (statement,) = import_files([path], importers=IMPORTERS)
            assert json.loads(json.dumps(statement.to_dict()))["importer"] == statement.importer
