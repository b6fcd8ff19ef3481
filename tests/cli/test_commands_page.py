"""docs/commands.md: every command has its section, and the examples print what stands below them.

Run as a program, this file writes the output of every example into the page anew.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from realloc.cli import main as program
from realloc.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commands.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block with the output below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def printed(command: str) -> str:
    """Run ``realloc ... [> file]`` in the current folder and return what it prints."""
    words = shlex.split(command)
    target = None
    if ">" in words:
        words, target = words[: words.index(">")], words[-1]
    assert words[0] == "realloc"
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = program.main(words[1:])
    assert status in (0, 1), command
    if target is not None:
        Path(target).write_text(out.getvalue(), encoding="utf-8")
        return ""
    return out.getvalue()


def prepare(folder: Path) -> None:
    """Put into a folder what the page's examples begin with."""
    shutil.copytree(ROOT / "examples" / "portfolio", folder / "portfolio")
    os.environ.pop("COLUMNS", None)
    os.environ["NO_COLOR"] = "1"


@pytest.fixture
def _in_a_prepared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    yield
    log = logging.getLogger("realloc")
    log.setLevel(logging.NOTSET)
    log.handlers.clear()


@pytest.mark.usefixtures("_in_a_prepared_folder")
def test_every_example_prints_what_stands_below_it() -> None:
    examples = [step for block in BLOCK.findall(PAGE.read_text("utf-8")) for step in steps(block)]
    assert len(examples) > 10
    for command, output in examples:
        assert printed(command) == output, f"{command}: run 'python {Path(__file__).name}' where it is right"


def test_every_command_has_its_section_and_its_columns() -> None:
    text = PAGE.read_text("utf-8")
    sections = re.findall(r"^## realloc ([\w-]+)$", text, re.MULTILINE)
    assert sorted(sections) == sorted(COMMANDS)
    for name in COMMANDS:
        assert f"realloc {name} " in text.split(f"## realloc {name}\n")[1].split("\n## ")[0]


def test_no_line_of_the_examples_is_wider_than_a_small_screen() -> None:
    for block in BLOCK.findall(PAGE.read_text("utf-8")):
        for command, output in steps(block):
            if "csv" not in command:
                assert max(map(len, [*output.splitlines(), ""])) <= 80, command


def rewrite() -> None:
    """Write the output of every example into the page."""

    def filled(block: re.Match[str]) -> str:
        lines = [f"$ {command}\n{printed(command)}" for command, _ in steps(block[1])]
        return f"```console\n{''.join(lines)}```"

    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        with contextlib.chdir(folder):
            text = BLOCK.sub(filled, text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
    sys.exit(0)
