"""Every exporter of orders keeps the promises of its kind, and refuses what its format cannot hold."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from realloc.errors import ExportError, InputError, PluginLoadError
from realloc.household import Household
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter
from realloc.plugins.exporters.checklist import ChecklistExporter
from realloc.plugins.exporters.csv_exporter import CSVExporter
from realloc.plugins.exporters.excel import ExcelExporter
from realloc.plugins.exporters.fix44 import FIX44Exporter
from realloc.plugins.exporters.ibkr_basket import IBKRBasketExporter
from realloc.plugins.exporters.order_requests import AlpacaExporter, EtradeExporter, SchwabExporter
from realloc.plugins.exporters.orders_csv import BlocksExporter, LotsCSVExporter, OrdersCSVExporter
from realloc.plugins.exporters.plan_json import JSONExporter
from realloc.plugins.exporters.template import TemplateExporter
from realloc.testing.conformance import ExporterConformance
from realloc.trades import LotSale, Trade


def lot(name: str, shares: float) -> LotSale:
    return LotSale(
        id=name, shares=shares, cost_per_share=1.0, acquired=date(2020, 1, 2), term="long", gain=1.0
    )


class WithPrices(ExporterConformance):
    """Venues take whole shares with prices."""

    def trades(self) -> Sequence[Trade]:
        return [
            Trade("A1", "AAPL", 10, price=100.0),
            Trade("A2", "GOOG", -7, price=200.0),
            Trade("A1", "VTI", 3, price=250.1),
            Trade("A2", "BND", 3.0, price=72.3),
        ]


class TestChecklist(ExporterConformance):
    plugin = ChecklistExporter
    entry_point = "checklist"

    def make(self, path: Path) -> ChecklistExporter:
        return ChecklistExporter(path)


class TestOrdersCSV(ExporterConformance):
    plugin = OrdersCSVExporter
    entry_point = "orders_csv"

    def make(self, path: Path) -> OrdersCSVExporter:
        return OrdersCSVExporter(path)


class TestBlocks(ExporterConformance):
    plugin = BlocksExporter
    entry_point = "blocks"

    def make(self, path: Path) -> BlocksExporter:
        return BlocksExporter(path)


class TestLotsCSV(ExporterConformance):
    plugin = LotsCSVExporter
    entry_point = "lots_csv"

    def make(self, path: Path) -> LotsCSVExporter:
        return LotsCSVExporter(path)

    def trades(self) -> Sequence[Trade]:
        return [
            Trade("A1", "AAPL", -10, price=100.0, lots=(lot("a", 4.0), lot("b", 6.0))),
            Trade("A2", "AAPL", -2.5, price=100.0, lots=(lot("c", 2.5),)),
        ]


class TestExcel(ExporterConformance):
    plugin = ExcelExporter
    entry_point = "excel"

    def make(self, path: Path) -> ExcelExporter:
        return ExcelExporter(path)


class TestJSON(ExporterConformance):
    plugin = JSONExporter
    entry_point = "json"

    def make(self, path: Path) -> JSONExporter:
        return JSONExporter(path)


class TestIBKRBasket(WithPrices):
    plugin = IBKRBasketExporter
    entry_point = "ibkr_basket"

    def make(self, path: Path) -> IBKRBasketExporter:
        return IBKRBasketExporter(path)


class TestSchwab(WithPrices):
    plugin = SchwabExporter
    entry_point = "schwab_json"

    def make(self, path: Path) -> SchwabExporter:
        return SchwabExporter(path)


class TestAlpaca(ExporterConformance):
    plugin = AlpacaExporter
    entry_point = "alpaca_json"

    def make(self, path: Path) -> AlpacaExporter:
        return AlpacaExporter(path, order_type="market")


class TestEtrade(WithPrices):
    plugin = EtradeExporter
    entry_point = "etrade_json"

    def make(self, path: Path) -> EtradeExporter:
        return EtradeExporter(path)


class TestFIX44(WithPrices):
    plugin = FIX44Exporter
    entry_point = "fix44"

    def make(self, path: Path) -> FIX44Exporter:
        return FIX44Exporter(path)


class TestTemplate(ExporterConformance):
    plugin = TemplateExporter
    entry_point = "template"

    @pytest.fixture(autouse=True)
    def _template(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        self.template = tmp_path_factory.mktemp("templates") / "lines.j2"
        self.template.write_text(
            "{{ tag }}\n{% for order in orders %}{{ order.symbol }} {{ order.shares }}\n{% endfor %}"
        )

    def make(self, path: Path) -> TemplateExporter:
        return TemplateExporter(path, self.template)


VENUES: list[type[Exporter]] = [
    IBKRBasketExporter,
    SchwabExporter,
    AlpacaExporter,
    EtradeExporter,
    FIX44Exporter,
]
WHOLE_SHARES: list[type[Exporter]] = [IBKRBasketExporter, SchwabExporter, EtradeExporter, FIX44Exporter]
BUY = Trade("A1", "VTI", 10, price=250.1)


def refusal(plugin: Any, folder: Path, *trades: Trade, **settings: Any) -> str:
    """Return the error of an export that must leave nothing behind."""
    with pytest.raises(InputError) as caught:
        plugin(folder / "out", **settings).export(trades)
    assert list(folder.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize("plugin", VENUES)
def test_a_venue_refuses_mutual_funds_with_account_symbol_and_remedy(plugin: Any, tmp_path: Path) -> None:
    message = refusal(plugin, tmp_path, BUY, Trade("B2", "FXAIX", 3, price=200.0))
    assert "'B2'" in message
    assert "'FXAIX'" in message
    assert "leave_out=FXAIX" in message
    assert "VTI" not in message


@pytest.mark.parametrize("plugin", WHOLE_SHARES)
def test_a_venue_of_whole_shares_refuses_a_fraction_and_rounds_nothing(plugin: Any, tmp_path: Path) -> None:
    message = refusal(plugin, tmp_path, BUY, Trade("A1", "BND", 2.5, price=72.3))
    assert "'A1', symbol 'BND'" in message
    assert "whole shares only, this order is for 2.5" in message


@pytest.mark.parametrize("plugin", VENUES)
def test_a_limit_order_without_a_price_is_refused(plugin: Any, tmp_path: Path) -> None:
    assert "order_type=market" in refusal(plugin, tmp_path, Trade("A1", "VTI", 10))


@pytest.mark.parametrize("plugin", VENUES)
def test_what_waits_for_another_day_is_not_written_without_a_word(
    plugin: Any, tmp_path: Path, household: Household, plan: Plan
) -> None:
    settings = {"leave_out": "FXAIX VTI BND", "not_funds": "FXNAX", "order_type": "market"}
    trades = [*plan.trades[:3], Trade("401K-9", "FXNAX", 202, price=10.0), *plan.trades[4:]]
    with pytest.raises(InputError, match=r"FXNAX.*day 2: it waits for the proceeds of FXAIX.*day=1"):
        plugin(tmp_path / "out", **settings).export_household(trades, household, plan)
    plugin(tmp_path / "out", **settings, day=2).export_household(trades, household, plan)
    assert b"FXNAX" in (tmp_path / "out").read_bytes()
    plugin(tmp_path / "out", **settings, day=1).export_household(trades, household, plan)
    assert b"FXNAX" not in (tmp_path / "out").read_bytes()


def test_alpaca_takes_nine_decimals_and_no_more(tmp_path: Path) -> None:
    AlpacaExporter(tmp_path / "out", order_type="market").export([Trade("A1", "VTI", 0.123456789)])
    (tmp_path / "out").unlink()
    message = refusal(AlpacaExporter, tmp_path, Trade("A1", "VTI", 0.1234567891), order_type="market")
    assert "at most 9 decimals" in message


def test_alpaca_tells_that_fractions_have_no_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        AlpacaExporter(tmp_path / "out").export([BUY, Trade("A1", "BND", 0.5, price=72.3)])
    assert [record.getMessage() for record in caplog.records] == [
        "Alpaca: 1 orders for a fraction of a share are market orders"
    ]


@pytest.mark.parametrize(("plugin", "longest"), [(AlpacaExporter, 46), (EtradeExporter, 19)])
def test_the_name_of_an_order_is_never_too_long(plugin: Any, longest: int, tmp_path: Path) -> None:
    plugin(tmp_path / "out", tag="t" * longest).export([BUY])
    (tmp_path / "out").unlink()
    assert "shorter tag" in refusal(plugin, tmp_path, BUY, tag="t" * (longest + 1))


def test_a_cell_of_a_basket_has_no_comma(tmp_path: Path) -> None:
    assert "no comma" in refusal(IBKRBasketExporter, tmp_path, Trade("A,1", "VTI", 1, price=1.0))


@pytest.mark.parametrize("given", ["VTI", "VTI=", "=ARCA", "VTI=A,B", {"VTI": "A B"}])
def test_an_exchange_is_named_for_a_symbol(given: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SYMBOL=EXCHANGE"):
        IBKRBasketExporter(tmp_path / "out", exchanges=given)


def test_a_market_basket_has_no_limit(tmp_path: Path) -> None:
    IBKRBasketExporter(tmp_path / "out", order_type="market").export([BUY])
    assert (tmp_path / "out").read_text().splitlines()[1] == (
        "BUY,10,VTI,STK,SMART,USD,DAY,MKT,,realloc,A1,realloc-1"
    )


@pytest.mark.parametrize("text", ["A\x01", "caf\u00e9", "A\n1"])
def test_a_fix_field_is_plain_ascii(text: str, tmp_path: Path) -> None:
    assert "printable ASCII" in refusal(FIX44Exporter, tmp_path, Trade(text, "VTI", 1, price=1.0))


def test_a_sending_time_is_in_the_form_of_fix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sent=20261120-14:30:00"):
        FIX44Exporter(tmp_path / "out", sent="2026-11-20 14:30")


def test_a_fix_counterparty_may_take_decimals(tmp_path: Path) -> None:
    FIX44Exporter(tmp_path / "out", decimals=3).export([Trade("A1", "VTI", 1.125, price=10.0)])
    assert b"\x0138=1.125\x01" in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1+2", "-2+3", "@SUM(A1)", '=HYPERLINK("x")', "\t=1"]
)
def test_no_text_becomes_a_formula_in_a_workbook(name: str, tmp_path: Path) -> None:
    trade = Trade(name, name, -1, price=10.0, reason=name, lots=(lot(name, 1.0),))
    ExcelExporter(tmp_path / "out.xlsx").export([trade])
    with ZipFile(tmp_path / "out.xlsx") as file:
        sheets = [entry for entry in file.namelist() if entry.startswith("xl/worksheets/")]
        assert len(sheets) == 3
        assert all(b"<f>" not in file.read(sheet) for sheet in sheets)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book["Summary"]["A2"].value == name
    assert book["Summary"]["A2"].data_type == "s"
    assert book["Summary"]["A2"].quotePrefix == (name[0] != "\t")


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0"])
@pytest.mark.parametrize("plugin", [OrdersCSVExporter, BlocksExporter, LotsCSVExporter])
def test_no_text_becomes_a_formula_in_a_table(name: str, plugin: Any, tmp_path: Path) -> None:
    plugin(tmp_path / "out").export([Trade(name, "VTI", -1, price=10.0, reason=name, lots=(lot(name, 1.0),))])
    assert f"'{name}" in (tmp_path / "out").read_text()
    assert f",{name}" not in (tmp_path / "out").read_text()


def test_sheets_have_titles_that_excel_takes_and_that_differ(tmp_path: Path, household: Household) -> None:
    document = household.to_dict()
    labels = ["Joint [a/b]: 'x'? " + "y" * 40, "joint [a/b]: 'x'? " + "y" * 40, "History", "Summary"]
    document["accounts"] = [
        {"label": label, "account_number": f"N{n}", "cash": 1e4} for n, label in enumerate(labels)
    ]
    trades = [Trade(f"N{n}", "VTI", n + 1) for n in range(4)]
    ExcelExporter(tmp_path / "out.xlsx").export_household(trades, Household.from_dict(document))
    titles = openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames
    assert titles[0] == "Summary"
    assert titles[3:] == ["History_", "Summary (2)"]
    assert len({title.casefold() for title in titles}) == 5
    assert all(len(title) <= 31 and not set(title) & set("[]:*?/\\'") for title in titles)


def test_a_workbook_has_no_time_of_writing(tmp_path: Path) -> None:
    ExcelExporter(tmp_path / "out.xlsx").export([BUY])
    with ZipFile(tmp_path / "out.xlsx") as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = file.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_a_sale_of_a_whole_position_needs_no_lots_at_schwab(tmp_path: Path, household: Household) -> None:
    for shares, asked in ((-100, False), (-99, True)):
        trade = Trade("U0000001", "VTI", shares, lots=(lot("a1", 60.0), lot("a2", -shares - 60.0)))
        SchwabExporter(tmp_path / "out").export_household([trade], household)
        assert ("SPECIFIC_LOT" in (tmp_path / "out").read_text()) is asked


def test_control_characters_are_refused_by_a_workbook(tmp_path: Path) -> None:
    assert "control characters" in refusal(ExcelExporter, tmp_path, Trade("A\x02", "VTI", 1))


def template(folder: Path, text: str) -> TemplateExporter:
    (folder / "in.j2").write_text(text)
    return TemplateExporter(folder / "out.csv", folder / "in.j2")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a\n{{ order.symbl }}", ":2"),
        ("{% for order in orders %}\n{{ order.symbl }}\n{% endfor %}", ":2"),
        ("a\nb\n{% for %}", ":3"),
        ("{{ ''.__class__.__mro__ }}", ":1"),
        ("{{ orders.__class__ }}", ":1"),
        ("{{ accounts.clear() }}", ":1"),
        ("{{ 1 / 0 }}", ":1"),
        ("{% include '/etc/passwd' %}", ":1"),
        ("{% for n in range(10 ** 9) %}x{% endfor %}", ":1"),
    ],
)
def test_a_fault_of_a_template_is_told_with_its_line_and_writes_nothing(
    text: str, place: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        template(tmp_path, text).export([BUY])
    assert caught.value.issues[0].where == f"{tmp_path / 'in.j2'}{place}"
    assert not (tmp_path / "out.csv").exists()


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        TemplateExporter(tmp_path / "out", tmp_path / "none.j2").export([BUY])


def test_a_template_escapes_text_for_html(tmp_path: Path) -> None:
    (tmp_path / "in.j2").write_text("<b>{{ orders[0].trade.reason }}</b>")
    trade = Trade("A1", "VTI", 1, price=1.0, reason="<script>")
    TemplateExporter(tmp_path / "out.html", tmp_path / "in.j2").export([trade])
    assert (tmp_path / "out.html").read_text() == "<b>&lt;script&gt;</b>"


def test_a_cell_of_a_template_is_quoted_and_never_a_formula(tmp_path: Path) -> None:
    template(tmp_path, "{{ orders[0].trade.reason | cell }}").export(
        [Trade("A1", "VTI", 1, price=1.0, reason='=1,"2"')]
    )
    assert (tmp_path / "out.csv").read_text() == '"\'=1,""2"""'


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("excel", "openpyxl", "excel"), ("fix44", "simplefix", "fix"), ("template", "jinja2", "template")],
)
def test_a_missing_library_is_told_with_its_extra(
    name: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [key for key in sys.modules if key.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "in.j2").write_text("x")
    settings = {"template": tmp_path / "in.j2"} if name == "template" else {}
    with pytest.raises(ExportError, match=rf"{module}.*pip install 'realloc\[{extra}\]'"):
        Exporter.load_exporter(name, path=tmp_path / "out", **settings).export([BUY])


def test_an_unknown_setting_is_told_when_the_exporter_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(PluginLoadError, match=r"unknown setting 'slp_bps' .did you mean 'slip_bps'"):
        Exporter.load_exporter("checklist", path=tmp_path / "out", slp_bps=5)


def test_an_exporter_without_an_interest_in_the_household_gets_the_trades(
    tmp_path: Path, plan: Plan, household: Household
) -> None:
    CSVExporter(tmp_path / "out").export_household(plan.trades, household, plan)
    assert (tmp_path / "out").read_text().splitlines()[1] == "401K-9,FXAIX,-10.125"


def test_an_order_that_the_cash_cannot_pay_at_its_limit_is_told_in_the_checklist(tmp_path: Path) -> None:
    household = Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 100.0},
            "accounts": [{"label": "IRA", "account_number": "A1", "cash": 1000.5}],
            "model": {"name": "all", "targets": {"VTI": 1.0}},
        }
    )
    ChecklistExporter(tmp_path / "out").export_household([Trade("A1", "VTI", 10)], household)
    assert "If every order fills at its limit, $1.50 are missing" in (tmp_path / "out").read_text()
    ChecklistExporter(tmp_path / "out", slip_bps=5).export_household([Trade("A1", "VTI", 10)], household)
    assert "are missing" not in (tmp_path / "out").read_text()
