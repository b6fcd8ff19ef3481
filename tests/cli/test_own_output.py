from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from realloc.cli.own_output import own_standard_output

ROOT = Path(__file__).parents[2]

SMALL = {
    "as_of": "2026-06-30",
    "prices": {"A": 100.0, "B": 50.0},
    "accounts": [{"account_number": "T", "cash": 500.0, "positions": {"A": 20}}],
    "model": {"name": "half", "targets": {"A": 0.5, "B": 0.5}},
}

NOISY = """
import ctypes, os, sys
from importlib import import_module
from realloc.optimizer.highs import Solver

quiet = Solver.run
def loud(self, *arguments, **named):
    ctypes.CDLL(None).puts(b"printed by C")
    os.write(1, b"written to the descriptor\\n")
    return quiet(self, *arguments, **named)
Solver.run = loud
module, sys.argv = sys.argv[1], sys.argv[2:]
sys.exit(import_module(module).command())
"""

MAIN = "realloc.cli.main"
JSON = "realloc.cli.rebalance_json_input"


@pytest.fixture
def household(tmp_path: Path) -> str:
    path = tmp_path / "household.json"
    path.write_text(json.dumps(SMALL), encoding="utf-8")
    return str(path)


def noisy(*arguments: str, shell: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command = [*shell, sys.executable, "-c", NOISY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)


@pytest.mark.skipif(sys.platform == "win32", reason="the C library is found another way")
def test_what_a_library_prints_from_c_does_not_reach_the_output_of_a_command(household: str) -> None:
    done = noisy(MAIN, "realloc", "rebalance", "--format", "json", household)
    assert json.loads(done.stdout)["trades"]
    assert "printed by C\n" in done.stderr
    assert "written to the descriptor\n" in done.stderr
    table = noisy(MAIN, "realloc", "rebalance", "--format", "csv", household).stdout
    rows = list(csv.reader(io.StringIO(table)))
    assert {len(row) for row in rows} == {len(rows[0])} != {1}


def test_a_line_is_written_at_once_where_python_is_told_not_to_buffer() -> None:
    code = (
        "import os, sys\nfrom realloc.cli.own_output import own_standard_output\nown_standard_output()\n"
        "sys.stdout.write('a question\\n')\nos._exit(0)  # what is still in a buffer is lost"
    )
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    assert done.stdout == b"a question\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the C library is found another way")
def test_without_standard_error_it_goes_nowhere(household: str) -> None:
    without = ["sh", "-c", 'exec "$0" "$@" 2>&-']
    done = noisy(MAIN, "realloc", "rebalance", "--format", "json", household, shell=without)
    assert json.loads(done.stdout)["trades"]


@pytest.mark.skipif(sys.platform == "win32", reason="the C library is found another way")
def test_the_older_command_prints_its_own_words_alone(household: str, tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    options = ["--rebalancer", "optimal", "--exporter", "csv", "--export-path", str(path)]
    done = noisy(JSON, "rebalance-cli", household, *options)
    assert "printed" not in done.stdout
    assert "written" not in done.stdout
    assert path.read_text(encoding="utf-8").startswith("Account,Symbol,Shares")


def test_a_stream_of_somebody_else_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    stream = sys.stdout
    own_standard_output()
    assert sys.stdout is stream
    sys.stdout.write("heard")
    assert capsys.readouterr().out == "heard"


@pytest.mark.parametrize("stream", [None, "closed"])
def test_a_command_without_standard_output_is_left_alone(
    stream: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = (tmp_path / "out").open("w", encoding="utf-8")
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed if stream else None)
    own_standard_output()
    assert sys.stdout is (closed if stream else None)


COMMANDS = {
    "realloc": ["demo"],
    "rebalance-cli": ["HOUSEHOLD", "--quiet"],
    "rebalance-cli-csv": ["--help"],
    "partial-rebalance-cli": ["HOUSEHOLD", "--sell-symbol", "A", "--buy-symbol", "B", "--quiet"],
    "list-plugins": [],
}
MODULES = {
    "realloc": MAIN,
    "rebalance-cli": JSON,
    "rebalance-cli-csv": "realloc.cli.rebalance_csv_input",
    "partial-rebalance-cli": "realloc.cli.partial_rebalance_main",
    "list-plugins": "realloc.cli.list_plugins",
}


def redirected(name: str, words: Sequence[str], where: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from importlib import import_module; sys.exit(import_module(sys.argv.pop(1)).command())"
    )
    line = f'exec "$0" -c "$1" "${{@:2}}" {where}'
    return subprocess.run(
        ["bash", "-c", line, sys.executable, code, MODULES[name], *words],  # noqa: S607 - the shell of the machine
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_on_standard_output_is_one_line_and_status_2(name: str, household: str) -> None:
    words = [household if word == "HOUSEHOLD" else word for word in COMMANDS[name]]
    done = redirected(name, words, ">/dev/full")
    line = f"{name}: error: Cannot write to standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, line)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_output_that_is_closed_or_unheard_is_status_2_and_a_reader_that_has_enough_is_none() -> None:
    done = redirected("realloc", ["demo"], ">&-")
    line = "realloc: error: Cannot write to standard output: it is closed\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert redirected("realloc", ["demo"], ">/dev/full 2>/dev/full").returncode == 2
    assert redirected("realloc", ["demo"], ">&- 2>&-").returncode == 2
    done = redirected("realloc", ["schema", "household"], "> >(exec true); wait")
    assert (done.returncode, done.stderr) == (0, "")
