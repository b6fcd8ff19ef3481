"""The program on a terminal: colours, progress on standard error, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from realloc.cli import main as program
from realloc.cli import waiting
from realloc.cli.main import main
from realloc.errors import InputError
from tests.optimizer.cases import crowded

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"
RED = b"\x1b[1;31m"
PROGRAM = [sys.executable, "-c", "import sys; from realloc.cli.main import command; sys.exit(command())"]


def on_a_terminal(
    words: list[str], folder: Path, until: Callable[[bytes], bool] | None = None, **environment: str
) -> tuple[int, bytes]:
    """Run the program on a pseudo-terminal of 80 columns; interrupt it once `until` holds of its output."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "CI")}
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdin=writer,
        stdout=writer,
        stderr=writer,
        cwd=folder,
        env={**kept, "TERM": "xterm-256color", **environment},
        start_new_session=True,
    ) as process:
        os.close(writer)
        out, end = b"", time.monotonic() + 60
        while time.monotonic() < end:
            if not select.select([reader], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            out += part
            if until is not None and until(out):
                process.send_signal(signal.SIGINT)
                until = None
        os.close(reader)
        return process.wait(timeout=60), out


def test_a_terminal_has_colours_unless_no_color_is_set(tmp_path: Path) -> None:
    status, out = on_a_terminal(["audit", "t.csv", str(EXAMPLE)], save_trades(tmp_path))
    assert status == 1
    assert RED in out
    status, out = on_a_terminal(["audit", "t.csv", str(EXAMPLE)], tmp_path, NO_COLOR="1")
    assert status == 1
    assert b"\x1b" not in out


def save_trades(folder: Path) -> Path:
    (folder / "t.csv").write_text("Account,Symbol,Shares\n401K-77319,VNQ,1\n")
    return folder


def test_a_pipe_has_no_colours(tmp_path: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "FORCE_COLOR": "1"}
    done = subprocess.run(
        [*PROGRAM, "audit", "t.csv", str(EXAMPLE)],
        cwd=save_trades(tmp_path),
        capture_output=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr


def test_what_takes_long_is_said_and_ctrl_c_ends_it_with_nothing_written(tmp_path: Path) -> None:
    heavy = crowded(1, accounts=8, symbols=60, max_orders=40, min_trade_value=500, max_drift=0.0)
    (tmp_path / "heavy.json").write_text(json.dumps(heavy))
    words = ["rebalance", "heavy.json", "--exporter", "csv", "--export-path", "orders.csv"]
    saying = b"Planning 8 accounts and 60 symbols"
    status, out = on_a_terminal(words, tmp_path, until=lambda out: saying in out)
    assert saying in out
    assert status == 130
    assert out.rstrip().splitlines()[-1].endswith(b"realloc: interrupted")
    assert [path.name for path in tmp_path.iterdir()] == ["heavy.json"]


def test_work_hands_on_its_result_and_its_error() -> None:
    assert waiting.wait_for("Working", lambda: 42) == 42
    assert not waiting.interrupted_work()

    def fail() -> None:
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        waiting.wait_for("Failing", fail)
    assert not waiting.interrupted_work()


def test_work_that_goes_on_after_ctrl_c_is_known() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a library may have set its own
    go_on = threading.Event()
    threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        waiting.wait_for("Working", lambda: go_on.wait(30))
    assert waiting.interrupted_work()
    go_on.set()
    end = time.monotonic() + 30
    while waiting.interrupted_work() and time.monotonic() < end:
        time.sleep(0.01)
    assert not waiting.interrupted_work()


def test_the_program_does_not_wait_for_interrupted_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    ends: list[int] = []
    monkeypatch.setattr(program, "main", interrupted)
    monkeypatch.setattr(os, "_exit", ends.append)
    assert program.command() == 130
    assert ends == []  # nothing goes on: the usual way out
    monkeypatch.setattr(waiting, "interrupted_work", lambda: True)
    program.command()
    assert ends == [130]


def test_quick_work_says_nothing(tmp_path: Path) -> None:
    status, out = on_a_terminal(["drift", str(EXAMPLE)], tmp_path, NO_COLOR="1")
    assert status == 0
    assert b"Reading" not in out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("0.")
