"""The page on importers names every importer and its code runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from realloc.plugins.importers.brokers import statement_importers

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "importers.md").read_text(encoding="utf-8")


def test_every_importer_has_its_line_and_its_section() -> None:
    names = {importer.name for importer in statement_importers()}
    table = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert table == names
    sections = "".join(line for line in PAGE.splitlines() if line.startswith("### "))
    assert {name for name in names if f"`{name}`" not in sections} == set()


def test_the_code_of_the_page_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "importers.md", "exec"), {})  # noqa: S102 - the page's own code
    assert capsys.readouterr().out.startswith("...123 578.57 [('SWVXX', Decimal('9100.40'))")
