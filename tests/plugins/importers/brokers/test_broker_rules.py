"""What single formats do with what is unusual."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from realloc.errors import InputError
from realloc.plugins.importers.brokers import import_files, statement_importers
from realloc.plugins.importers.brokers.generic_table import GenericTable
from realloc.plugins.importers.brokers.mapping import (
    ColumnMapping,
    load_mapping,
    propose_mapping,
    save_mapping,
)
from realloc.plugins.importers.statement import Statement

DATA = Path(__file__).parents[3] / "data" / "brokers"
IMPORTERS = statement_importers()


def changed(tmp_path: Path, name: str, *pairs: tuple[str, str]) -> Path:
    text = (DATA / name).read_text(encoding="utf-8-sig")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> Statement:
    (statement,) = import_files([path], importers=IMPORTERS)
    return statement


def test_pending_activity_without_an_amount_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "fidelity_positions_2026.csv", ("-$75.25", "--"))
    with pytest.raises(InputError, match="pending activity has no single amount"):
        read(path)


def test_rows_that_are_not_all_of_a_fidelity_account_are_warned_about(tmp_path: Path) -> None:
    text = (DATA / "fidelity_positions_2026.csv").read_text(encoding="utf-8-sig")
    kept = [line for line in text.splitlines() if ",VXUS," not in line]
    path = tmp_path / "positions.csv"
    path.write_text("\n".join(kept), encoding="utf-8")
    (issue,) = read(path).issues
    assert issue.code == "total.percent"
    assert "Z00000101 add up to 62.53%" in issue.message


def test_the_same_row_twice_is_refused(tmp_path: Path) -> None:
    text = (DATA / "m1_holdings.csv").read_text(encoding="utf-8")
    path = tmp_path / "m1.csv"
    path.write_text(text.rstrip() + "\n" + text.splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="the row is the same as row 2"):
        read(path)


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "m1_holdings.csv", ("Name,", "Avg. Price,"))
    with pytest.raises(InputError, match="mean the same"):
        IMPORTERS[[one.name for one in IMPORTERS].index("m1_holdings")].read(path)


def test_an_average_cost_is_kept_as_the_positions_basis_and_makes_no_lots() -> None:
    statement = read(DATA / "fidelity_positions_2026.csv")
    assert all(account.lots == () for account in statement.accounts)
    assert statement.accounts[0].positions[0].cost_basis == 23485


def test_a_schwab_account_without_a_total_row_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "schwab_positions_single_2025.csv", ('"Account Total"', '"Account Sum"'))
    with pytest.raises(InputError, match="has no total row"):
        read(path)


def test_settlement_fund_that_is_not_at_one_dollar_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "vanguard_ofxdownload.csv", ("3000,1,3000", "3000,1,3100"))
    with pytest.raises(InputError, match="3000 VMFXX at"):
        read(path)


def test_a_filtered_etrade_view_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "etrade_positions.csv", ('-0456",26951.50', '-0456",36951.50'))
    with pytest.raises(InputError, match="Net Account Value"):
        read(path)


def test_a_flex_file_with_a_document_type_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    path = changed(tmp_path, "ibkr_flex.xml", ("<FlexQueryResponse", bomb + "<FlexQueryResponse"))
    with pytest.raises(InputError, match="document type"):
        read(path)


def test_a_flex_file_with_summary_rows_only_has_positions_and_no_lots(tmp_path: Path) -> None:
    text = (DATA / "ibkr_flex.xml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if 'levelOfDetail="LOT"' not in line]
    path = tmp_path / "flex.xml"
    path.write_text("\n".join(kept), encoding="utf-8")
    (account,) = read(path).accounts
    assert [(held.symbol, float(held.shares)) for held in account.positions] == [("VTI", 100.0)]
    assert account.lots == ()


def test_more_sold_than_the_history_has_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "robinhood_history.csv", ("Sell,3,$260.00,$779.98", "Sell,7,$260.00,$1820.00"))
    with pytest.raises(InputError, match="7 VTI sold on 2026-05-01, 6 held by this history"):
        read(path)


def test_an_unknown_code_that_moves_shares_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "robinhood_history.csv", (",SPL,", ",MRGS,"))
    with pytest.raises(InputError, match="'MRGS' moves 3 NVDA"):
        read(path)


def test_received_shares_leave_the_symbol_without_lots(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "robinhood_history.csv",
        ("NVDA,Nvidia Corporation,Buy,1,$100.00,($100.00)", "NVDA,Nvidia Corporation,ACATI,1,,"),
    )
    statement = read(path)
    assert {lot.symbol for lot in statement.accounts[0].lots} == {"VTI"}
    assert "lot.unknown" in {issue.code for issue in statement.issues}


def test_an_ofx_file_without_a_list_of_securities_keeps_its_positions_untouchable(tmp_path: Path) -> None:
    text = (DATA / "sample_investment.ofx").read_text(encoding="utf-8")
    path = tmp_path / "x.ofx"
    path.write_text(text.partition("<SECLISTMSGSRSV1>")[0] + "</OFX>", encoding="utf-8")
    (account,) = read(path).accounts
    assert account.positions == ()
    assert [str(held.value) for held in account.untouchable] == ["12110.25", "10004.00"]


def test_what_the_ofx_library_would_leave_out_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "sample_investment.ofx", ("POSMF>", "POSMFX>"))
    with pytest.raises(InputError, match="unknown tag POSMFX"):
        read(path)


def test_a_ledger_that_does_not_balance_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "ledger.beancount", ("-2250.00", "-2251.00"))
    with pytest.raises(InputError, match="does not balance"):
        read(path)


def test_a_mapping_is_proposed_saved_and_used(tmp_path: Path) -> None:
    mapping = propose_mapping(DATA / "table_lots.csv")
    assert mapping.columns == {
        "symbol": "Ticker",
        "shares": "Shares",
        "price": "Price",
        "cost_per_share": "Cost per Share",
        "acquired": "Purchase Date",
        "account": "Account",
        "lot": "Lot Id",
    }
    save_mapping(mapping, tmp_path / "mapping.toml")
    assert load_mapping(tmp_path / "mapping.toml") == mapping
    with pytest.raises(InputError, match="cannot be written"):
        save_mapping(mapping, tmp_path / "mapping.toml")


def test_a_table_of_lots_is_read_by_its_mapping() -> None:
    importer = GenericTable(DATA / "table_lots.toml")
    (statement,) = import_files([DATA / "table_lots.csv"], importers=[*IMPORTERS, importer])
    (account,) = statement.accounts
    assert (account.number, str(account.cash)) == ("A1", "12.34")
    assert [(lot.id, lot.shares, lot.cost_per_share, str(lot.acquired)) for lot in account.lots] == [
        ("a", 10.0, 200.0, "2022-03-15"),
        ("b", 5.0, 240.0, "2026-02-01"),
    ]
    assert [(held.symbol, str(held.shares), str(held.value)) for held in account.positions] == [
        ("VTI", "15", "3750.00")
    ]


def test_a_table_in_decimal_commas_is_refused_with_the_remedy() -> None:
    mapping = propose_mapping(DATA / "table_401k.csv")
    assert mapping.columns["shares"] == "Units"
    assert mapping.account_number == "table_401k"
    with pytest.raises(InputError, match="decimal comma"):
        GenericTable(mapping).read(DATA / "table_401k.csv")


def test_a_table_of_positions_ties_to_its_row_of_totals(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    text = "Ticker;Units;Unit Price;Balance\nFXAIX;100.5;190.25;19120.13\nCASH;;;80.00\nTotal;;;{}\n"
    path.write_text(text.format("19200.13"), encoding="utf-8")
    importer = GenericTable(propose_mapping(path))
    (account,) = importer.read(path).accounts
    assert (account.number, str(account.cash), str(account.total)) == ("plan", "80.00", "19200.13")
    path.write_text(text.format("19200.14"), encoding="utf-8")
    with pytest.raises(InputError, match=r"total of plan is \$19,200\.14"):
        importer.read(path)


def test_a_table_is_not_read_without_a_mapping() -> None:
    with pytest.raises(InputError, match="needs a mapping"):
        GenericTable().read(DATA / "table_lots.csv")
    with pytest.raises(InputError, match="no importer knows this file"):
        import_files([DATA / "table_lots.csv"], importers=IMPORTERS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns]\nsymbol = 'A'\n", "missing 'shares'"),
        ("[columns]\nsymbol = 'A'\nshares = 'B'\n", "no account is named"),
        ("[columns]\nsymbl = 'A'\n", "did you mean 'symbol'"),
        ("columns = [\n", "not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_mapping(path)


def test_a_mapped_column_that_is_missing_is_named(tmp_path: Path) -> None:
    path = changed(tmp_path, "table_lots.csv", ("Lot Id", "Lot"))
    with pytest.raises(InputError, match="lacks Lot Id"):
        GenericTable(ColumnMapping(columns={"symbol": "Ticker", "shares": "Shares", "lot": "Lot Id"})).read(
            path
        )


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "positions.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(InputError, match="workbook cannot be read"):
        import_files([path], importers=IMPORTERS)


FIDELITY = (
    "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total\n"
)


def test_a_core_position_without_stars_and_an_account_without_holdings(tmp_path: Path) -> None:
    path = tmp_path / "positions.csv"
    path.write_text(
        FIDELITY
        + 'Z1,Joint,SPAXX,HELD IN MONEY MARKET,,,"$2,310.44",\n'
        + 'Z1,Joint,FZDXX,FIDELITY MM PREMIUM,1000,$1.00,"$1,000.00","$1,000.00"\n'
        + "Z2,New,,,,,,\n",
        encoding="utf-8",
    )
    joint, new = read(path).accounts
    assert joint.cash == Decimal("2310.44")
    assert [held.symbol for held in joint.positions] == ["FZDXX"]
    assert new.number == "Z2"
    assert new.cash == 0
    assert new.total == 0


def test_a_row_of_fidelity_without_a_quantity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "positions.csv"
    path.write_text(FIDELITY + 'Z1,Joint,VTI,VANGUARD,,,"$2,310.44",\n', encoding="utf-8")
    with pytest.raises(InputError, match="2:Quantity: Quantity is missing"):
        read(path)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("m1_holdings.csv", "CASH,Cash,30.25,1.00,30.25,0.00,0.00,30.25"),
        ("trowe_positions.csv", "Roth IRA,Cash,CASH,0000-2,Sam,30.25,$1.00,$0,$30.25,$0,0%,0%"),
        (
            "wealthsimple_holdings.csv",
            (
                "Sample Non-Reg,Non-registered,Self-directed,TEST0002CAD,USD,,,US Dollar,CURRENCY,30.25,LONG,1,USD,"
                "41.10,CAD,30.25,USD,30.25,USD,0,USD"
            ),
        ),
    ],
)
def test_a_row_of_cash_is_cash_and_no_share_called_cash(name: str, row: str, tmp_path: Path) -> None:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    at = lines.index("") if "" in lines else len(lines)
    path = tmp_path / name
    path.write_text("\n".join([*lines[:at], row, *lines[at:]]) + "\n", encoding="utf-8")
    statement = read(path)
    account = statement.accounts[-1]
    assert account.cash == Decimal("30.25")
    assert "CASH" not in {held.symbol for held in account.positions}
    assert not any(
        issue.code == "cash.unknown" and account.number in issue.message for issue in statement.issues
    )


def test_an_etrade_account_without_holdings_is_an_account_with_no_cash(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(
        "Account,Net Account Value\nIndividual Brokerage -0456,0.00\n\n"
        "Symbol,Last Price $,Quantity,Price Paid $,Total Gain $,Value $\nTOTAL,,,,0.00,0.00\n",
        encoding="utf-8",
    )
    (account,) = read(path).accounts
    assert account.cash == 0
    assert not account.lots_only


@pytest.mark.parametrize("form", ["15-Mar-2022", "2022-03-15", "Mar-15-2022", "03/15/2022 09:30:00"])
def test_a_lot_row_of_etrade_starts_with_a_date_of_any_form(form: str, tmp_path: Path) -> None:
    path = changed(tmp_path, "etrade_positions_with_lots.csv", ("03/15/2022", form))
    assert read(path).accounts == read(DATA / "etrade_positions_with_lots.csv").accounts


def test_a_plan_of_an_employer_in_a_vanguard_download_is_kept_untouchable(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "vanguard_ofxdownload.csv",
        (
            "\n\n\n\nAccount Number,Trade Date",
            (
                "\n\nAccount Number,Plan Name,Fund Name,Shares,Price,Total Value,\n"
                "777777,ACME 401K,Target Retirement 2040 Trust,100,50,5000,\n\n\nAccount Number,Trade Date"
            ),
        ),
    )
    statement = read(path)
    assert [account.number for account in statement.accounts] == ["10000001", "10000002", "777777"]
    plan = statement.accounts[-1]
    assert plan.kind_hint == "tax_deferred"
    assert not plan.positions
    assert plan.total == 5000
    assert plan.untouchable[0].why == "a fund without a ticker"
    assert statement.trades == read(DATA / "vanguard_ofxdownload.csv").trades


def test_a_header_that_stands_twice_is_passed_over_in_positions(tmp_path: Path) -> None:
    lines = (DATA / "fidelity_positions_2026.csv").read_text(encoding="utf-8-sig").splitlines()
    path = tmp_path / "positions.csv"
    path.write_text("\n".join([*lines[:4], lines[0], *lines[4:]]), encoding="utf-8")
    assert read(path).accounts == read(DATA / "fidelity_positions_2026.csv").accounts


@pytest.mark.parametrize("name", ["fidelity_closed_lots.csv", "tdameritrade_transactions.csv"])
def test_trades_that_are_in_a_file_twice_are_refused(name: str, tmp_path: Path) -> None:
    text = (DATA / name).read_text(encoding="utf-8-sig")
    path = tmp_path / name
    path.write_text(text.rstrip() + "\n" + text, encoding="utf-8")
    with pytest.raises(InputError, match=r"once more|the same as row"):
        read(path)


def test_a_line_break_in_a_description_does_no_harm(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "merrill_cob_holdings.csv",
        ("VANGUARD TOTAL BOND MARKET", '"VANGUARD TOTAL\nBOND MARKET"'),
    )
    assert read(path).accounts[1].positions[0].value == 14460


@pytest.mark.parametrize("text", ['"VANGUARD TOTAL\nBOND, MARKET"', '"VANGUARD,,,\n9/1/2026,MARKET"'])
def test_a_line_break_around_separators_is_refused_for_it_may_hide_a_row(text: str, tmp_path: Path) -> None:
    path = changed(tmp_path, "merrill_cob_holdings.csv", ("VANGUARD TOTAL BOND MARKET", text))
    with pytest.raises(InputError, match="a line break"):
        read(path)


def test_a_table_without_a_row_of_cash_or_of_totals_states_no_cash(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    mapping = ColumnMapping(
        columns={"symbol": "Fund", "shares": "Units", "value": "Value"}, account_number="1"
    )
    path.write_text("Fund,Units,Value\nFXAIX,10,2000.00\n", encoding="utf-8")
    statement = GenericTable(mapping).read(path)
    assert statement.accounts[0].cash is None
    assert [issue.code for issue in statement.issues] == ["cash.unknown"]
    path.write_text("Fund,Units,Value\nFXAIX,10,2000.00\nTotal,,2000.00\n", encoding="utf-8")
    statement = GenericTable(mapping).read(path)
    assert statement.accounts[0].cash == 0
    assert not statement.issues


def test_a_mapping_is_proposed_for_names_with_signs_and_short_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "Acct,Ticker,Shares/Units,Price ($),Market Value ($),Market Price Currency\n"
        "A9,XEQT,10,30.00,300.00,CAD\n",
        encoding="utf-8",
    )
    mapping = propose_mapping(path)
    assert mapping.columns == {
        "symbol": "Ticker",
        "shares": "Shares/Units",
        "price": "Price ($)",
        "value": "Market Value ($)",
        "account": "Acct",
        "currency": "Market Price Currency",
    }
    (held,) = GenericTable(mapping).read(path).accounts[0].untouchable
    assert held.why.startswith("in CAD, worth 300.00 CAD")


def test_an_ofx_statement_without_balances_states_no_cash(tmp_path: Path) -> None:
    balances = "<INVBAL><AVAILCASH>3025.50<MARGINBALANCE>0<SHORTBALANCE>0</INVBAL>"
    statement = read(changed(tmp_path, "sample_investment.ofx", (balances, "")))
    assert statement.accounts[0].cash is None
    assert [issue.code for issue in statement.issues] == ["cash.unknown"]


def test_a_position_that_stands_twice_is_refused_where_no_total_would_show_it(tmp_path: Path) -> None:
    text = (DATA / "sample_investment.ofx").read_text(encoding="utf-8")
    row = "<POSSTOCK>" + text.split("<POSSTOCK>")[1].split("</POSSTOCK>")[0] + "</POSSTOCK>"
    with pytest.raises(InputError, match="the same as one above"):
        read(changed(tmp_path, "sample_investment.ofx", (row, row + row)))
    text = (DATA / "ibkr_flex.xml").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if 'levelOfDetail="SUMMARY"' in line]
    with pytest.raises(InputError, match="the same as one above"):
        read(changed(tmp_path, "ibkr_flex.xml", (rows[0], rows[0] + "\n" + rows[0])))


def test_a_file_that_does_not_fit_the_mapping_is_told_with_the_column_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("Fund,Units,Price\nFXAIX,10,200.00\n", encoding="utf-8")
    mapping = ColumnMapping(
        columns={"symbol": "Fund", "shares": "Units", "value": "Balance"}, account_number="1"
    )
    with pytest.raises(InputError, match=r"generic_table cannot read this file: no header .* lacks Balance"):
        import_files([path], importers=[GenericTable(mapping)])


def test_a_closed_lot_of_m1_without_its_close_date_is_not_taken_for_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "lots.csv"
    path.write_text(
        "Symbol,Acquisition Date,Quantity,Cost Basis,Long Term Realized Gain/Loss,M1 Tax Lot Id\n"
        "VTI,2021-03-02,10,2000.00,,A\nVTI,2020-03-02,5,900.00,350.00,B\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="3:Close Date: 5 VTI have a realized gain and no close date"):
        import_files([path], importers=IMPORTERS)


def test_another_currency_in_a_ledger_is_money_and_no_share_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.beancount"
    path.write_text(
        "2020-01-01 open Assets:TFSA\n2020-01-01 open Assets:Bank\n2020-01-01 open Equity:Opening\n"
        '2024-06-05 * "x"\n  Assets:TFSA  10 XEQT {30 CAD}\n  Assets:TFSA  7 CAD\n'
        "  Assets:TFSA  4 VTI {200 USD}\n  Assets:Bank  9 CAD\n  Equity:Opening\n"
        "2026-08-01 price VTI 250 USD\n",
        encoding="utf-8",
    )
    (account,) = read(path).accounts
    assert [held.symbol for held in account.positions] == ["VTI"]
    assert [(held.symbol, held.description, held.shares) for held in account.untouchable] == [
        ("XEQT", "", Decimal(10)),
        ("", "CAD cash", Decimal(7)),
    ]
