"""Every example runs as a program and says what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
EXPECTED = {
    # 30 x 318.42 + 10 x 73.88 + 1500 = 11791.40; 60% are 22.2 VTI: 7 are sold; 40% are 63.8 BND, for which
    # 53 are to be bought, but 1500 + 7 x 318.42 = 3728.94 dollars pay for 50
    "single_account.py": "sell 7 VTI\nbuy 50 BND\n",
    "custom_exporter.py": "A1 SELL 3 VTI MKT\nB2 BUY 12 BND MKT\n",
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs_as_a_program_and_prints_its_result(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stdout == EXPECTED.get(path.name, done.stdout)


def test_there_is_an_example_of_every_way_in() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "csv_input.py",
        "custom_exporter.py",
        "json_input.py",
        "several_accounts.py",
        "single_account.py",
    }
