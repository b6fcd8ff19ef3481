"""A first run in a real terminal, from three brokers' files to orders, as tmux shows it at 80 columns."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.portfolio_file.broker_files import DATA
from tests.portfolio_file.test_three_files import FILES, KINDS, TARGETS

TMUX = shutil.which("tmux")
pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed (requirements/system.txt)")

WIDTH, HEIGHT = 80, 200
ANSWERS = {"taxable": "1", "tax_deferred": "2", "tax_exempt": "3"}


class Terminal:
    """A terminal of 80 columns in which a person types."""

    def __init__(self, folder: Path) -> None:
        self._socket = ["-L", f"realloc-{os.getpid()}"]
        self._typed = 0
        shell = f"PS1='$ ' exec sh -c {shlex.quote(f'cd {shlex.quote(str(folder))}; exec sh -i')}"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), shell)

    def _tmux(self, *words: str) -> str:
        assert TMUX is not None
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            [TMUX, *self._socket, *words],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path, "TERM": "xterm-256color"},
        )
        return done.stdout

    def shown(self) -> str:
        return self._tmux("capture-pane", "-p").rstrip()

    def write(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")

    def wait(self, until: Callable[[str], bool]) -> str:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = self.shown()
            if until(text):
                return text
            time.sleep(0.1)
        raise AssertionError(f"the terminal still shows:\n{self.shown()}")

    def run(self, command: str, answers: list[tuple[str, str]] | None = None) -> tuple[int, str]:
        """Type a command on an empty screen; return its exit status and what it has shown."""
        self._typed += 1
        self.write("clear")
        self.wait(lambda text: text == "$")
        end = f"ended-{self._typed}-"
        self.write(f"{command}; echo {end}$?")
        for question, answer in answers or ():
            self.wait(lambda text, question=question: question in text)  # type: ignore[misc]
            self.write(answer)
        text = self.wait(lambda text: f"\n{end}" in text)
        page, _, status = text.rpartition(end)
        return int(status.split()[0]), page.partition("\n")[2]

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "downloads").mkdir()
    for source, name in FILES.items():
        shutil.copy(DATA / source, tmp_path / "downloads" / name)
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_from_nothing_to_orders(terminal: Terminal, tmp_path: Path) -> None:
    files = " ".join(f"downloads/{name}" for name in FILES.values())
    answers = [(f"Account {n} of {len(KINDS)}", ANSWERS[kind]) for n, kind in enumerate(KINDS, start=1)]
    status, page = terminal.run(f"realloc init {files}", answers)
    assert status == 0
    assert "its name suggests tax_exempt. How is it taxed?" in page
    assert "Wrote portfolio.toml." in page

    status, page = terminal.run("realloc check")
    assert status == 2
    assert "no targets are set" in page

    portfolio = tmp_path / "portfolio.toml"
    text = portfolio.read_text().replace("[model.targets]\n", f"[model.targets]\n{TARGETS}", 1)
    portfolio.write_text(f"as_of = 2026-08-21\n{text}")
    status, page = terminal.run("realloc check")
    assert status == 0
    assert "can be planned with: 0 errors" in page
    piped = subprocess.run(
        [Path(sys.executable).with_name("realloc"), "check"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": str(WIDTH)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert page.rstrip() == piped.stdout.rstrip()  # nothing is wrapped or cut by the terminal

    status, page = terminal.run("realloc rebalance --exporter csv --export-path orders.csv")
    assert status == 0
    answered = [
        "Worth trading: ",
        ", tax-deferred: cash $",
        "What it costs and saves",
        "How close to the best possible: ",
        "What stood in the way, and what to know",
        "Where it leads",
        "Wrote ",
    ]
    places = [page.index(text) for text in answered]
    assert places == sorted(places)
    header, *orders = (tmp_path / "orders.csv").read_text().splitlines()
    assert header == "Account,Symbol,Shares"
    assert f"Wrote {len(orders)} orders to orders.csv." in page
