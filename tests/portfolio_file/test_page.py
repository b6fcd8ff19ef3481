"""The page about the portfolio file is kept true: its code runs, and it names every key of the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from realloc.portfolio_file.portfolio import CHECK_KEYS, IMPORT_KEYS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "portfolio-file.md").read_text(encoding="utf-8")


def test_its_code_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "portfolio-file.md", "exec"), {"__name__": "page"})  # noqa: S102 - the page is our own
    assert "{'VTI': 120.0, 'VXUS': 310.5}" in capsys.readouterr().out


@pytest.mark.parametrize("key", sorted(CHECK_KEYS | IMPORT_KEYS))
def test_every_key_that_the_file_adds_is_explained(key: str) -> None:
    assert f"`{key}`" in PAGE
