from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realloc.accounts import Account
from realloc.errors import InputError
from realloc.plugins.importers.account.account_csv import CSVAccountImporter
from realloc.testing.conformance import AccountImporterConformance

HEADER = "Account Label,Account Id,Symbol,Shares\n"
SAMPLE = HEADER + "IRA,A1,CASH,1000\nIRA,A1,AAPL,5\nTaxable,A2,GOOG,3.5\nTaxable,A2,CASH,-20.25\n"


class TestConformance(AccountImporterConformance):
    plugin = CSVAccountImporter
    entry_point = "csv_account"
    sample = SAMPLE.encode()
    expected = [  # noqa: RUF012 - what the sample has
        Account("IRA", "A1", 1000.0, {"AAPL": 5.0}),
        Account("Taxable", "A2", -20.25, {"GOOG": 3.5}),
    ]

    def make(self) -> CSVAccountImporter:
        return CSVAccountImporter()


def accounts(folder: Path, text: str) -> list[Account]:
    (folder / "accounts.csv").write_text(text, encoding="utf-8")
    return CSVAccountImporter().account_importer(folder / "accounts.csv")


def faults(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        accounts(folder, text)
    place = str(folder / "accounts.csv")
    return [(issue.where.removeprefix(place), issue.message) for issue in caught.value.issues]


def test_the_cash_row_is_the_accounts_cash_and_no_position(tmp_path: Path) -> None:
    first, second = accounts(tmp_path, SAMPLE)
    assert (first.label, first.account_number, first.cash, first.positions) == (
        "IRA",
        "A1",
        1000,
        {"AAPL": 5},
    )
    assert (second.cash, second.positions) == (-20.25, {"GOOG": 3.5})


def test_accounts_come_as_dictionaries_where_asked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SAMPLE)
    first, _ = CSVAccountImporter().account_importer(str(tmp_path / "a.csv"), return_dicts=True)
    assert first["label"] == "IRA"
    assert first["account_number"] == "A1"
    assert first["cash"] == 1000
    assert first["positions"] == {"AAPL": 5}
    assert Account.from_dict(first) == accounts(tmp_path, SAMPLE)[0]


def test_the_importer_reads_csv() -> None:
    assert CSVAccountImporter().supported_extensions == [".csv"]
    assert CSVAccountImporter().name == "csv_account"


def test_rows_of_one_symbol_in_one_account_are_added_up_exactly(tmp_path: Path) -> None:
    rows = "A,1,X,0.1\nA,1,CASH,1.1\nA,1,X,0.2\nA,1,Cash,2.2\nB,2,X,7\nB,2,CASH,0\n"
    first, second = accounts(tmp_path, HEADER + rows)
    assert (first.positions, first.cash) == ({"X": 0.3}, 3.3)
    assert second.positions == {"X": 7}


def test_every_account_needs_cash(tmp_path: Path) -> None:
    found = faults(tmp_path, HEADER + "IRA,A1,AAPL,5\nTaxable,A2,CASH,5\nRoth,A3,X,1\n")
    assert [place for place, _ in found] == [":2:Symbol", ":4:Symbol"]
    assert "Account 'IRA' (A1) is missing required CASH position" in found[0][1]


@pytest.mark.parametrize("shares", ["abc", "", "nan", "1.234,5", "5%", "1e400"])
def test_a_bad_number_is_named_with_its_symbol_and_place(tmp_path: Path, shares: str) -> None:
    found = faults(tmp_path, HEADER + f'A,1,CASH,1\nA,1,AAPL,"{shares}"\n')
    assert [place for place, _ in found] == [":3:Shares"]
    assert found[0][1].startswith("Invalid share amount for AAPL: ")


@pytest.mark.parametrize(
    ("row", "place"), [(",1,X,5", ":3:Account Label"), ("A,,X,5", ":3:Account Id"), ("A,1,,5", ":3:Symbol")]
)
def test_an_empty_cell_is_a_fault(tmp_path: Path, row: str, place: str) -> None:
    assert place in [where for where, _ in faults(tmp_path, HEADER + f"A,1,CASH,1\n{row}\n")]


def test_one_account_with_two_labels_is_a_fault(tmp_path: Path) -> None:
    found = faults(tmp_path, HEADER + "IRA,A1,CASH,1\nRoth,A1,AAPL,5\n")
    assert found == [(":3:Account Label", "account A1 is 'IRA' in line 2 and 'Roth' here")]


def test_an_account_number_that_a_spreadsheet_has_rounded_is_a_fault(tmp_path: Path) -> None:
    found = faults(tmp_path, HEADER + "IRA,1.23457E+11,CASH,1\n")
    assert [place for place, _ in found] == [":2:Account Id"]


def test_a_table_without_rows_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, HEADER) == [("", "the table has no accounts")]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    assert faults(tmp_path, "Account Label,Symbol\nA,X\n") == [
        (":1", "Missing required columns: Account Id, Shares")
    ]


shares = st.decimals(-(10**6), 10**6, places=3)
holdings = st.dictionaries(st.sampled_from(["VTI", "BND", "BRK B", "-X260821C150"]), shares, max_size=4)
households = st.dictionaries(st.sampled_from(["1", "00700", "Z-9"]), st.tuples(shares, holdings), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(household=households, data=st.data())
def test_the_order_of_the_rows_has_no_meaning_for_what_is_held(
    tmp_path: Path, household: dict[str, tuple[Decimal, dict[str, Decimal]]], data: st.DataObject
) -> None:
    rows = [f"L{number},{number},CASH,{cash}" for number, (cash, _) in household.items()]
    rows += [
        f"L{n},{n},{symbol},{held}"
        for n, (_, position) in household.items()
        for symbol, held in position.items()
    ]
    read = accounts(tmp_path, HEADER + "\n".join(data.draw(st.permutations(rows))))
    assert {account.account_number: (account.cash, account.positions) for account in read} == {
        number: (float(cash), {symbol: float(held) for symbol, held in position.items()})
        for number, (cash, position) in household.items()
    }


cells = st.sampled_from(
    ["A", "1", "CASH", "AAPL", "5", "-3.5", "$1,000", '"1,000"', "Total", "", " ", '"', "1,5", "\n", "é"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, max_size=6), max_size=6), separator=st.sampled_from([",", ";", "\t"]))
def test_any_table_ends_in_accounts_or_in_an_input_error(
    tmp_path: Path, rows: list[list[str]], separator: str
) -> None:
    text = "\n".join([HEADER.strip().replace(",", separator), *(separator.join(row) for row in rows)])
    try:
        read = accounts(tmp_path, text)
    except InputError:
        return
    TestConformance().check(read)
