from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from realloc.errors import PluginLoadError, PluginNotFoundError
from realloc.plugins.core.base import (
    AccountImporter,
    AllocationImporter,
    Exporter,
    Plugin,
    PriceImporter,
    RebalancerPlugin,
    TradeValidator,
)
from realloc.plugins.core.discovery import get_plugin, list_plugins
from realloc.plugins.exporters.csv_exporter import CSVExporter

EXPORTER = """
    from realloc.plugins.core.base import Exporter

    class Mine(Exporter):
        '''Write nothing.'''
        name = "mine"
        def export(self, trades):
            pass
"""


def test_each_kind_loads_its_built_in_plugin_by_name() -> None:
    assert Exporter.load_exporter("csv", path="trades.csv").name == "csv"
    assert TradeValidator.load_validator("minimum_value", min_value=100).name == "minimum_value_validator"
    assert TradeValidator.load_validator("max_position", max_position=100).name == "max_position"
    assert AccountImporter.load_account_importer("csv_account").name == "csv_account"
    assert PriceImporter.load_price_importer("price_csv").name == "price_csv"
    assert AllocationImporter.load_allocation_importer("allocation_csv").name == "allocation_csv"


def test_any_kind_loads_from_the_root_class() -> None:
    assert isinstance(Plugin.load_plugin("csv", path="trades.csv"), CSVExporter)


def test_a_class_of_a_kind_loads_only_itself() -> None:
    assert isinstance(CSVExporter.load_plugin("csv", path="trades.csv"), CSVExporter)
    with pytest.raises(PluginNotFoundError, match="'max_position' is not a valid CSVExporter"):
        CSVExporter.load_plugin("max_position", max_position=1)


def test_an_unknown_name_is_a_value_error_that_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"^No plugin named 'csvv' found \(did you mean 'csv'\?\)$"):
        Exporter.load_exporter("csvv")


def test_the_wrong_kind_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"^Plugin 'price_csv' is not a valid Exporter$"):
        Exporter.load_exporter("price_csv")
    with pytest.raises(ValueError, match=r"^Plugin 'csv' is not a valid RebalancerPlugin$"):
        RebalancerPlugin.load_rebalancer("csv")


def test_a_plugin_of_another_distribution_is_found_by_its_entry_point(install: Callable[..., None]) -> None:
    install("my-plugins", EXPORTER, mine="Mine")
    assert Exporter.load_exporter("mine").name == "mine"


def test_an_argument_that_the_constructor_does_not_have_is_named_with_the_nearest() -> None:
    with pytest.raises(
        RuntimeError,
        match=r"'csv' of realloc .*no argument 'pth' \(did you mean 'path'\?\); its arguments are \(path\)",
    ):
        Exporter.load_exporter("csv", pth="x")


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(PluginLoadError, match=r"missing a required argument: 'max_position'"):
        TradeValidator.load_validator("max_position")


def test_a_constructor_that_takes_anything_gets_anything(install: Callable[..., None]) -> None:
    source = EXPORTER + "        def __init__(self, **options):\n            self.options = options\n"
    install("any-plugins", source, anything="Mine")
    assert vars(Exporter.load_exporter("anything", x=1)) == {"options": {"x": 1}}


def test_a_refused_value_is_a_load_error_with_the_reason() -> None:
    with pytest.raises(PluginLoadError, match=r"'max_position' of realloc .*zero or more, not -1") as caught:
        TradeValidator.load_validator("max_position", max_position=-1)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise OSError('no\\nlicence')", "OSError: no licence"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("", "has no attribute 'Mine'"),
    ],
    ids=["raises", "import", "exit", "syntax", "attribute"],
)
def test_a_failing_import_is_a_load_error_that_names_plugin_distribution_and_cause(
    install: Callable[..., None], source: str, reason: str
) -> None:
    install("bad-plugins", source, version="2.5", bad="Mine")
    with pytest.raises(PluginLoadError, match=f"Plugin 'bad' of bad-plugins 2.5 cannot be loaded.*{reason}"):
        Exporter.load_exporter("bad")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("def export", "def write"), "Mine does not implement export"),
        (("self, trades", "self"), r"export\(self\) cannot be called with \(trades\)"),
        (("self, trades", "self, trades, path"), r"export\(self, trades, path\) cannot be called"),
        (('name = "mine"', 'name = " "'), "its name must be a text that is not empty"),
        (('name = "mine"', "name = 7"), "its name must be a text that is not empty, not the number 7"),
        (('name = "mine"', "pass"), "Mine does not implement name"),
        (("def export(self, trades):\n            pass", "export = 5"), "export is not a method"),
        (("Exporter)", "Plugin)"), "Plugin of no kind"),
        (("import Exporter", "import Exporter, Plugin"), None),
    ],
)
def test_a_class_that_breaks_a_promise_of_its_kind_is_a_load_error(
    install: Callable[..., None], change: tuple[str, str], reason: str | None
) -> None:
    source = EXPORTER.replace("import Exporter", "import Exporter, Plugin").replace(*change)
    install("promise-plugins", source, promise="Mine")
    if reason is None:
        assert get_plugin("promise").__name__ == "Mine"
    else:
        with pytest.raises(PluginLoadError, match=f"'promise' of promise-plugins 1.0: .*{reason}"):
            get_plugin("promise")


@pytest.mark.parametrize("decorator", ["staticmethod", "classmethod"])
def test_a_method_without_an_instance_is_checked_as_it_is_called(
    install: Callable[..., None], decorator: str
) -> None:
    first = "" if decorator == "staticmethod" else "cls, "
    body = f"@{decorator}\n        def export({first}trades):"
    install("static-plugins", EXPORTER.replace("def export(self, trades):", body), static="Mine")
    assert Exporter.load_exporter("static").name == "mine"


def test_a_name_that_is_empty_once_built_is_a_load_error(install: Callable[..., None]) -> None:
    source = EXPORTER.replace('name = "mine"', "name = property(lambda self: '')")
    install("late-plugins", source, late="Mine")
    with pytest.raises(PluginLoadError, match="its name must be a text"):
        Exporter.load_exporter("late")


def test_all_faults_of_a_class_are_told_at_once(install: Callable[..., None]) -> None:
    source = EXPORTER.replace('"mine"', "''").replace("self, trades", "self")
    install("two-plugins", source, two="Mine")
    with pytest.raises(PluginLoadError, match=r"its name must be .*; export\(self\) cannot be called"):
        get_plugin("two")


def test_an_object_that_is_no_class_is_of_no_kind(install: Callable[..., None]) -> None:
    install("object-plugins", "Mine = 5", thing="Mine")
    with pytest.raises(PluginNotFoundError, match="'thing' is not a valid Exporter"):
        Exporter.load_exporter("thing")
    with pytest.raises(PluginLoadError, match="not a class derived from a plugin kind"):
        get_plugin("thing")


def test_a_name_of_the_package_cannot_be_taken_over(install: Callable[..., None]) -> None:
    install("a-thief", EXPORTER, csv="Mine")
    assert get_plugin("csv") is CSVExporter
    (told,) = [info for info in list_plugins() if info.distribution == "a-thief"]
    assert told.name == "csv"
    assert told.error.startswith("not used: realloc")


@pytest.mark.parametrize("order", [("zeta-x", "Alpha_x"), ("Alpha_x", "zeta-x")])
def test_of_two_distributions_with_one_name_the_first_by_name_has_it(
    install: Callable[..., None], caplog: pytest.LogCaptureFixture, order: tuple[str, str]
) -> None:
    for distribution in order:
        install(distribution, EXPORTER.replace('"mine"', f'"of {distribution}"'), shared="Mine")
    with caplog.at_level(logging.WARNING):
        assert Exporter.load_exporter("shared").name == "of Alpha_x"
    assert "'shared' of zeta-x 1.0 is not used" in caplog.text
