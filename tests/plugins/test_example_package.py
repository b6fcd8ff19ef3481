from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin-package"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Install the example as an installer does (wheel, unpacked); return its sources and the site folder."""
    folder = tmp_path_factory.mktemp("example")
    sources, site = folder / "plugin-package", folder / "site"
    shutil.copytree(EXAMPLE, sources, ignore=shutil.ignore_patterns("dist", "__pycache__", ".*"))
    build = "from hatchling.build import build_wheel; print(build_wheel('..'))"
    built = subprocess.run(
        [sys.executable, "-c", build], cwd=sources, check=True, capture_output=True, text=True
    )
    zipfile.ZipFile(folder / built.stdout.split()[-1]).extractall(site)
    return sources, site


def run(installed: tuple[Path, Path], *arguments: str) -> str:
    sources, site = installed
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_plugins_are_found_by_name_and_work(installed: tuple[Path, Path]) -> None:
    code = """
        from realloc import errors
        from realloc.plugins.core.base import Exporter, TradeValidator
        from realloc.plugins.core.discovery import list_plugins
        from realloc.trades import Trade, TradeInfo

        Exporter.load_exporter("tickets", path="tickets.txt").export([Trade("A1", "VTI", -3)])
        print(open("tickets.txt").read().strip())
        print(TradeValidator.load_validator("never_buy", symbols=["DVL"]).validate(TradeInfo("DVL", 1, 1.0)))
        for info in list_plugins():
            if info.distribution == "realloc-tickets":
                print(info.kind, info.name, info.version, info.description, info.error)
    """
    assert run(installed, "-c", dedent(code)).splitlines() == [
        "A1: sell 3 VTI",
        "(False, 'DVL is never bought')",
        "exporter tickets 1.0.0 Write one sentence for each trade, such as ``A1: buy 10 AAPL``. ",
        "validator never_buy 1.0.0 Refuse to buy the symbols of a list; they may be sold. ",
    ]


def test_its_own_tests_pass(installed: tuple[Path, Path]) -> None:
    output = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "passed" in output
    assert "skipped" not in output


def test_it_is_not_found_where_it_is_not_installed() -> None:
    code = "from realloc.plugins.core.discovery import get_plugin_list; print('tickets' in get_plugin_list())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
