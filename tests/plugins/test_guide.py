"""The guide for plugin authors is kept true: its code runs, every plugin and suite is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from realloc.plugins.core import base
from realloc.plugins.core.discovery import list_plugins
from realloc.plugins.importers import statement
from realloc.testing import conformance

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_its_code_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "plugins.md", "exec"), {"__name__": "guide"})  # noqa: S102 - the guide is our own


def test_every_built_in_plugin_has_its_line() -> None:
    names = {info.name for info in list_plugins() if info.distribution == "realloc"}
    assert {name for name in names if f"- `{name}`" not in GUIDE} == set()


def test_every_suite_is_named() -> None:
    assert {name for name in conformance.__all__ if name not in GUIDE} == set()


def test_the_validator_that_it_shows_is_that_of_the_example_package() -> None:
    source = (ROOT / "examples/plugin-package/src/realloc_tickets/validator.py").read_text(encoding="utf-8")
    shown = next(block for block in BLOCKS if "class NeverBuyValidator" in block)
    for line in shown.splitlines():
        if line.strip() and not line.startswith("print("):
            assert line.strip().strip('"') in source


def test_every_method_and_loader_in_its_table_is_there() -> None:
    rows = re.findall(r"^\| [a-z ]+ \| `(\w+)` \| (`.*`) \| `(\w+)\.(\w+)` \|$", GUIDE, re.MULTILINE)
    assert len(rows) == 8
    for kind, calls, owner, loader in rows:
        plugin = getattr(base, kind, None) or getattr(statement, kind)
        for method, arguments in re.findall(r"`(\w+)\(([^)]*)\)`", calls):
            assert plugin.CALLS[method] == tuple(arguments.split(", "))
        assert owner == kind
        assert hasattr(plugin, loader)
