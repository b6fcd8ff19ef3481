"""The guide of the formats names every exporter and every setting, and its template works."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from realloc.orders import OrderSettings
from realloc.plugins.core.base import Exporter
from realloc.plugins.core.discovery import get_plugin, list_plugins
from realloc.plugins.exporters.template import TemplateExporter
from realloc.trades import Trade

GUIDE = (Path(__file__).parents[3] / "docs" / "exporters.md").read_text(encoding="utf-8")


def test_every_exporter_and_every_setting_is_in_the_guide() -> None:
    exporters = {
        info.name
        for info in list_plugins()
        if info.distribution == "realloc" and issubclass(get_plugin(info.name), Exporter)
    }
    assert len(exporters) == 13
    assert {name for name in exporters if f"`{name}`" not in GUIDE} == set()
    assert {field.name for field in fields(OrderSettings) if f"`{field.name}`" not in GUIDE} == set()


def test_the_template_of_the_guide_writes_orders(tmp_path: Path) -> None:
    found = re.search(r"```jinja\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    (tmp_path / "in.j2").write_text(found[1])
    trades = [Trade("A1", "VTI", 2, price=250.1), Trade("A1", "FXAIX", 1, price=200.0)]
    TemplateExporter(tmp_path / "out", tmp_path / "in.j2").export(trades)
    assert (tmp_path / "out").read_text() == "ACCT|ACTION|QTY|SYMBOL|LIMIT\nA1|B|2|VTI|250.61\n"
