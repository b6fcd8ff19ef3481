"""A plugin with a fault fails the suite of its kind at the test that names the fault; a sound one passes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from realloc.testing import conformance

EXPORTER = """
    from pathlib import Path
    from realloc.documents.writing import write_whole
    from realloc.plugins.core.base import Exporter
    from realloc.testing.conformance import ExporterConformance
    from realloc.trades import Trade

    class Mine(Exporter):
        '''Write lines.'''
        name = "mine"
        def __init__(self, path):
            self.path = path
        def export(self, trades):
            lines = [str(t.to_dict() if isinstance(t, Trade) else dict(t)) for t in trades]
            write_whole(self.path, "\\n".join(lines))

    class TestMine(ExporterConformance):
        plugin = Mine
        def make(self, path):
            return Mine(path)
"""

VALIDATOR = """
    from realloc.plugins.core.base import TradeValidator
    from realloc.testing.conformance import ValidatorConformance
    from realloc.trades import TradeInfo

    class Mine(TradeValidator):
        '''Refuse sales.'''
        name = "mine"
        def validate(self, trade):
            return (True, "") if trade.quantity >= 0 else (False, "no sales")

    class TestMine(ValidatorConformance):
        plugin = Mine
        accepted = (TradeInfo("X", 1, 1.0),)
        refused = (TradeInfo("X", -1, 1.0),)
        def make(self):
            return Mine()
"""

REBALANCER = """
    from realloc.plugins.core.base import RebalancerPlugin
    from realloc.plugins.core.results import RebalanceResult
    from realloc.testing.conformance import RebalancerConformance
    from realloc.trades import Trade

    class Mine(RebalancerPlugin):
        '''Sell everything above the target.'''
        name = "mine"
        def execute_rebalance(
            self, portfolio_state=None, target_shares=None, max_iterations=100, *, tam=None
        ):
            state = portfolio_state or tam
            trades = [
                Trade(number, symbol, target_shares.get(symbol, 0) - held)
                for number, account in state.accounts.items()
                for symbol, held in account.positions.items()
                if held > target_shares.get(symbol, 0)
            ]
            state.update(trades)
            return RebalanceResult(trades)

    class TestMine(RebalancerConformance):
        plugin = Mine
        target_shares = {"AAPL": 2.0, "GOOG": 3.0}
        def make(self):
            return Mine()
"""

PRICES = """
    from pathlib import Path
    from realloc.errors import InputError
    from realloc.plugins.core.base import PriceImporter
    from realloc.testing.conformance import PriceImporterConformance

    class Mine(PriceImporter):
        '''Read one price.'''
        name = "mine"
        supported_extensions = [".txt"]
        def import_prices(self, path, date=None):
            try:
                symbol, price = Path(path).read_text("utf-8").split("=")
                found = {symbol.strip(): float(price)}
            except (OSError, ValueError) as error:
                raise InputError(str(error)) from None
            if not (symbol.strip() and 0 < float(price) < 1e15):
                raise InputError("no price")
            return found

    class TestMine(PriceImporterConformance):
        plugin = Mine
        sample = b"AAPL = 12.5"
        expected = {"AAPL": 12.5}
        def make(self):
            return Mine()
"""


MARKET = """
    from datetime import date
    from realloc.plugins.core.base import MarketData
    from realloc.testing.conformance import MarketDataConformance

    class Mine(MarketData):
        '''Know one price.'''
        name = "mine"
        def fetch(self, symbols):
            known = {"AAPL": (12.5, date(2026, 1, 2))}
            return {symbol: known[symbol] for symbol in symbols if symbol in known}

    class TestMine(MarketDataConformance):
        plugin = Mine
        known = "AAPL"
        unknown = "NOPE"
        def make(self):
            return Mine()
"""

STATEMENTS = """
    import tempfile
    from pathlib import Path
    from realloc.errors import InputError
    from realloc.plugins.importers.statement import Match, Note, Statement, StatementAccount, StatementImporter
    from realloc.testing.conformance import StatementImporterConformance

    class Mine(StatementImporter):
        '''Read the cash of one account.'''
        name = "mine"
        def matches(self, path):
            found = Path(path).is_file() and Path(path).read_bytes().startswith(b"MINE ")
            return Match(confidence=0.9 if found else 0.0, reason="it starts with MINE" if found else "it does not")
        def read(self, path):
            try:
                mark, number, cash = Path(path).read_text("utf-8").split()
                amount = float(cash)
            except (OSError, ValueError) as error:
                raise InputError(str(error)) from None
            if mark != "MINE" or not 0 <= amount < 1e15:
                raise InputError("no account")
            return Statement(
                file=str(path), importer="mine", broker="Mine",
                accounts=(StatementAccount(number=number, cash=amount),),
                notes=(Note(where="1", action="read", text="the account"),),
            )

    class TestMine(StatementImporterConformance):
        plugin = Mine
        sample = Path(tempfile.mkdtemp()) / "mine.txt"
        sample.write_text("MINE A1 12.5")
        def make(self):
            return Mine()
"""


def failures(folder: Path, source: str, old: str = "", new: str = "") -> set[str]:
    """Return the names of the suite's tests that fail where `old` is replaced by `new` in the source."""
    assert old in source
    module: dict[str, Any] = {"__name__": "mine"}
    exec(dedent(source.replace(old, new)), module)  # noqa: S102 - the source is above
    suite = module["TestMine"]
    return {
        name
        for name in dir(suite)
        if name.startswith("test_") and not all(outcomes(suite, name, folder / name))
    }


def outcomes(suite: type, name: str, folder: Path) -> Iterator[bool]:
    """Run a test of a suite, with each of its parameters, and yield whether it passes."""
    test = getattr(suite, name)
    marks = getattr(test, "pytestmark", [])
    for number, value in enumerate(marks[0].args[1] if marks else [None]):
        arguments: dict[str, object] = {marks[0].args[0]: value} if marks else {}
        if "provider" in inspect.signature(test).parameters:
            arguments["provider"] = suite().make()
        if "tmp_path" in inspect.signature(test).parameters:
            arguments["tmp_path"] = folder / str(number)
            (folder / str(number)).mkdir(parents=True)
        try:
            test(suite(), **arguments)
        except pytest.skip.Exception:
            yield True
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any failure is one
            yield False
        else:
            yield True


@pytest.mark.parametrize(
    "source", [EXPORTER, VALIDATOR, REBALANCER, PRICES], ids=["exporter", "validator", "rebalancer", "prices"]
)
def test_a_sound_plugin_passes_the_suite_of_its_kind(tmp_path: Path, source: str) -> None:
    assert failures(tmp_path, source) == set()


FAULTS = [
    (EXPORTER, 'name = "mine"', 'name = ""', "test_the_class_passes_the_checks_of_loading"),
    (EXPORTER, "'''Write lines.'''", "", "test_the_description_is_one_line_for_people"),
    (
        EXPORTER,
        "plugin = Mine",
        "plugin = Mine; entry_point = 'csv'",
        "test_the_entry_point_leads_to_the_class",
    ),
    (EXPORTER, "write_whole(self.path,", "(lambda *_: None)(0,", "test_it_writes_the_file"),
    (
        EXPORTER,
        "for t in trades",
        "for t in list(trades)[:2]",
        "test_it_writes_something_else_for_other_trades",
    ),
    (
        EXPORTER,
        "lines =",
        "trades = list(trades); trades[0]; lines =",
        "test_it_writes_no_trades_without_an_error",
    ),
    (EXPORTER, "else dict(t)", "else ''", "test_it_writes_mappings_as_it_writes_trades"),
    (EXPORTER, "lines =", "len(trades); lines =", "test_it_takes_trades_that_can_be_read_once"),
    (
        EXPORTER,
        "lines =",
        "self.n = getattr(self, 'n', 0) + 1; lines = [str(self.n)] +",
        "test_it_writes_the_same_twice",
    ),
    (
        EXPORTER,
        "for t in trades",
        "for t in trades if not (isinstance(t, Trade) and setattr(t, 'shares', 1))",
        "test_it_leaves_the_trades_as_they_are",
    ),
    (
        EXPORTER,
        "write_whole(self.path,",
        "self.path.parent.mkdir(exist_ok=True); write_whole(self.path,",
        "test_a_missing_folder_is_an_error_of_its_own",
    ),
    (
        EXPORTER,
        "write_whole(self.path,",
        "Path.write_text(self.path,",
        "test_a_folder_in_place_of_the_file_is_an_export_error",
    ),
    (
        EXPORTER,
        "lines =",
        "self.path.write_bytes(b''); lines =",
        "test_a_failure_leaves_the_old_file_and_nothing_else",
    ),
    (VALIDATOR, '(True, "")', "True", "test_it_answers_every_trade_with_a_verdict_and_a_reason"),
    (
        VALIDATOR,
        '"no sales"',
        '""',
        "test_a_refusal_has_its_reason_on_one_line_and_an_acceptance_has_none",
    ),
    (VALIDATOR, ">= 0", "> 1", "test_it_accepts_what_it_must_accept"),
    (VALIDATOR, ">= 0", "> -5", "test_it_refuses_what_it_must_refuse"),
    (
        VALIDATOR,
        "trade.quantity >= 0",
        "self.__dict__.setdefault('n', []).append(0) or len(self.n) < 10",
        "test_it_decides_the_same_twice_and_in_any_order",
    ),
    (VALIDATOR, "return (", "trade.price = 2; return (", "test_it_leaves_the_trade_as_it_is"),
    (REBALANCER, "return RebalanceResult(trades)", "return trades", "test_it_returns_a_result_of_trades"),
    (
        REBALANCER,
        "state.update(trades)",
        "state.update(trades); trades.append(Trade('A1', 'AAPL', 0))",
        "test_every_trade_is_of_some_shares_of_a_priced_symbol_in_a_known_account",
    ),
    (
        REBALANCER,
        "- held)",
        "- held - 9)",
        "test_no_trade_sells_what_is_not_held_or_spends_what_is_not_there",
    ),
    (REBALANCER, "state.update(trades)", "pass", "test_it_leaves_the_state_as_its_trades_make_it"),
    (REBALANCER, "portfolio_state or tam", "portfolio_state", "test_tam_is_the_state_by_another_name"),
    (
        REBALANCER,
        "state.update(trades)",
        "state.update(trades); target_shares['X'] = 1",
        "test_it_does_not_change_the_target",
    ),
    (REBALANCER, "if held >", "if held >=", "test_nothing_to_do_is_no_trade"),
    (
        REBALANCER,
        "state = ",
        (
            "type(self).odd = not getattr(self, 'odd', 0)\n"
            "            if self.odd: return RebalanceResult()\n"
            "            state = "
        ),
        "test_it_trades_the_same_twice",
    ),
    (
        REBALANCER,
        'name = "mine"',
        'name = "mine"; plan = lambda self, household: 5',
        "test_a_plan_is_a_plan_or_nothing",
    ),
    (PRICES, '".txt"', '"txt"', "test_it_names_the_files_that_it_reads"),
    (PRICES, "float(price)}", "float(price) + 1}", "test_it_reads_the_sample"),
    (
        PRICES,
        "return found",
        "path.write_bytes(path.read_bytes() + b' '); return found",
        "test_it_reads_the_same_twice_and_leaves_the_file_as_it_is",
    ),
    (PRICES, "try:\n", "try:\n                path.name\n", "test_it_reads_a_path_given_as_text"),
    (PRICES, "(OSError, ValueError)", "ValueError", "test_a_missing_file_is_an_input_error"),
    (
        PRICES,
        "(OSError, ValueError)",
        "(FileNotFoundError, ValueError)",
        "test_a_folder_is_an_input_error",
    ),
    (
        PRICES,
        "(OSError, ValueError)",
        "(OSError, UnicodeError)",
        "test_a_file_of_another_kind_is_an_input_error",
    ),
    (
        PRICES,
        "(OSError, ValueError)",
        "(OSError, UnicodeError)",
        "test_a_damaged_file_ends_in_a_sound_result_or_an_input_error",
    ),
    (
        PRICES,
        "(OSError, ValueError)",
        "(OSError, UnicodeError)",
        "test_a_file_cut_short_ends_in_a_sound_result_or_an_input_error",
    ),
    (MARKET, "12.5, date", "-12.5, date", "test_a_price_is_a_positive_number_with_its_day"),
    (
        MARKET,
        " if symbol in known}",
        "}",
        "test_an_unknown_symbol_is_left_out_and_harms_no_other",
    ),
    (
        MARKET,
        "            known =",
        ("            symbols = symbols or ['AAPL']\n            known ="),
        "test_no_symbols_have_no_prices",
    ),
    (MARKET, "{symbol: known", "{symbol.lower(): known", "test_a_symbol_has_the_spelling_of_the_question"),
    (STATEMENTS, "0.9 if", "0.4 if", "test_it_recognises_its_sample_and_says_why"),
    (STATEMENTS, "else 0.0", "else 0.6", "test_it_does_not_claim_a_file_of_nothing_or_none_at_all"),
    (
        STATEMENTS,
        'importer="mine"',
        'importer=""',
        "test_its_statement_says_where_it_comes_from_and_is_plain_json",
    ),
    (
        STATEMENTS,
        "(OSError, ValueError)",
        "(OSError, UnicodeError)",
        "test_damaged_copies_end_in_a_sound_statement_or_in_an_input_error",
    ),
]


@pytest.mark.parametrize(("source", "old", "new", "test"), FAULTS, ids=[fault[3] for fault in FAULTS])
def test_a_fault_is_found_by_the_test_that_names_it(
    tmp_path: Path, source: str, old: str, new: str, test: str
) -> None:
    assert test in failures(tmp_path, source, old, new)


def test_every_test_of_every_suite_has_a_fault_that_it_finds() -> None:
    suites = [getattr(conformance, name) for name in conformance.__all__]
    tests = {name for suite in suites for name in dir(suite) if name.startswith("test_")}
    assert tests == {fault[3] for fault in FAULTS}
