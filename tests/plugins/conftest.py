"""Distributions that exist for one test: a module and its entry points in a folder on the path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Installer = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """Return a function that installs a distribution with one module and plugins by name."""

    def installer(distribution: str, source: str, version: str = "1.0", **plugins: str) -> None:
        folder = tmp_path / f"site-{distribution}"
        module = distribution.replace("-", "_")
        metadata = folder / f"{module}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"{module}.py").write_text(dedent(source))
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        lines = [f"{name} = {module}:{attribute}" for name, attribute in plugins.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[realloc.plugins]", *lines, ""]))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return installer
