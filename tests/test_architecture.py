"""The import contracts of pyproject.toml hold, and each of them catches a seeded violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = "Rooms import in one direction"
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(sys.argv[1], no_cache=True))
"""
KINDS = "Every child of plugins has its row"
SEEDS = {
    "the domain reads files": (ROOMS, "accounts.py", "import realloc.documents.text"),
    "a lower room uses a higher one": (ROOMS, "documents/text.py", "import realloc.cli.edge"),
    "two plugin kinds know each other": (
        KINDS,
        "plugins/exporters/csv_exporter.py",
        "import realloc.plugins.validators.max_position",
    ),
    "numpy outside the optimizer": (
        "Numbers and the solver live in the optimizer",
        "household.py",
        "import numpy",
    ),
    "the screen outside the commands": ("The screen lives in the commands", "checking.py", "import rich"),
    "data frames outside their door": ("Data frames have one door", "plan.py", "import polars"),
    "a cycle inside a room": (
        "No cycles inside a room",
        "documents/text.py",
        "import realloc.documents.reading",
    ),
    "a room without a row": (ROOMS, "misc.py", ""),
    "a kind of plugin without a row": (KINDS, "plugins/extras.py", ""),
}


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package below `source` with the project's contracts."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            LINT,
            str(ROOT / "pyproject.toml"),
        ],
        capture_output=True,
        text=True,
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "PYTHONUTF8": "1"},
        check=False,
        timeout=300,
    )


def test_the_package_keeps_its_import_contracts() -> None:
    done = lint(ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seeded_violation_of_the_contracts_is_caught(seed: str, tmp_path: Path) -> None:
    contract, file, line = SEEDS[seed]
    copied = shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    target = copied / "realloc" / file
    text = target.read_text(encoding="utf-8") if target.exists() else '"""A seeded module."""\n'
    target.write_text(f"{text}\n{line}\n", encoding="utf-8")
    done = lint(copied)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout
