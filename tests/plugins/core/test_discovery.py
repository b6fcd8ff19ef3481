from __future__ import annotations

from collections.abc import Callable

from realloc.plugins.core.base import Exporter, TradeValidator
from realloc.plugins.core.discovery import get_plugin, get_plugin_list, list_plugins
from realloc.plugins.validators.max_position import MaxPositionValidator

BUILT_IN = {
    "default": "rebalancer",
    "optimal": "rebalancer",
    "csv": "exporter",
    "max_position": "validator",
    "minimum_value": "validator",
    "csv_account": "account importer",
    "price_csv": "price importer",
    "allocation_csv": "allocation importer",
}


def test_the_names_are_those_of_the_entry_points_sorted_and_nothing_is_loaded(
    install: Callable[..., None],
) -> None:
    install("explosive", "raise RuntimeError", aaa_explosive="Mine")
    names = get_plugin_list()
    assert names == sorted(names)
    assert {*BUILT_IN, "aaa_explosive"} <= set(names)


def test_a_plugin_class_is_found_by_name() -> None:
    assert get_plugin("max_position") is MaxPositionValidator


def test_the_listing_has_every_kind_with_a_line_of_description_and_its_distribution() -> None:
    infos = {info.name: info for info in list_plugins() if info.distribution == "realloc"}
    for name, kind in BUILT_IN.items():
        info = infos[name]
        assert info.error == ""
        assert info.kind == kind
        assert info.description
        assert "\n" not in info.description
        assert info.version


def test_a_broken_plugin_is_listed_with_its_error_and_the_rest_as_ever(install: Callable[..., None]) -> None:
    before = list_plugins()
    install("broken", "raise KeyError('x')", version="3.1", broken="Mine")
    install("odd", "Mine = 3", odd="Mine")
    after = list_plugins()
    assert [info for info in after if info.distribution not in {"broken", "odd"}] == before
    broken = next(info for info in after if info.name == "broken")
    assert (broken.distribution, broken.version, broken.kind) == ("broken", "3.1", "")
    assert "KeyError" in broken.error
    assert "not a class" in next(info for info in after if info.name == "odd").error


def test_a_shadowed_name_is_listed_beside_the_one_that_counts(install: Callable[..., None]) -> None:
    install("thief", "Mine = 3", csv="Mine")
    ours, theirs = [info for info in list_plugins() if info.name == "csv"]
    assert (ours.distribution, ours.error) == ("realloc", "")
    assert theirs.distribution == "thief"
    assert theirs.error.startswith("not used: realloc")


def test_the_description_is_the_first_line_of_the_docstring_unless_the_class_says_another() -> None:
    class Documented(TradeValidator):
        """Say no.

        Always.
        """

    class Described(Exporter):
        """Write."""

        description = "Another line"

    class Silent(Documented):
        pass

    assert Documented.description == "Say no."
    assert Described.description == "Another line"
    assert Silent.description == ""


def test_a_plugin_may_compute_its_description_and_is_still_listed(install: Callable[..., None]) -> None:
    source = """
        from realloc.plugins.core.base import Exporter
        class Mine(Exporter):
            name = "mine"
            description = property(lambda self: 1 / 0)
            def export(self, trades): pass
    """
    install("computed", source, computed="Mine")
    info = next(info for info in list_plugins() if info.name == "computed")
    assert (info.kind, info.description, info.error) == ("exporter", "", "")
