"""The README's code blocks do what they say: Python in one go, commands one after the other."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from realloc.cli.main import build_app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def steps() -> Iterator[tuple[str, str]]:
    """Yield each command of the console blocks with the output that is printed below it."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def test_every_block_has_a_language_that_is_tested_or_an_installation() -> None:
    assert {kind for kind, _ in BLOCKS} == {"bash", "sh", "python", "text", "json", "console"}
    assert all(re.match(r"python3 run\.py|git clone", block) for block in blocks("bash"))


def test_what_a_person_types_for_files_of_their_own_is_a_command_line() -> None:
    lines = [shlex.split(re.split("[#>]", line)[0]) for block in blocks("sh") for line in block.splitlines()]
    assert [words[1] for words in lines][:4] == ["init", "check", "drift", "rebalance"]
    for words in lines:
        assert words[0] == "realloc"
        build_app().parse_args(words[1:], exit_on_error=False, print_error=False)


def test_the_two_commands_stand_at_the_top_and_exist() -> None:
    commands = re.findall(r"^(python3 \S+ \w+)", blocks("bash")[0], re.MULTILINE)
    assert commands == ["python3 run.py demo", "python3 run.py test"]
    assert README.index(commands[0]) < 500
    assert (ROOT / "run.py").is_file()
    assert "python3 run.py test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_python_blocks_run_in_order_and_print_what_stands_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    exec("\n".join(blocks("python")), namespace)  # noqa: S102 - the README is ours
    assert capsys.readouterr().out == "".join(blocks("text")) + "Household and Plan\n"
    assert namespace["is_valid"] is False
    assert "below minimum" in str(namespace["message"])
    # 2,000 dollars: 60 F for 600 leave 1,400, which pay for 50 HPQ at 25 dollars; small before large
    exported = (tmp_path / "trades.csv").read_text(encoding="utf-8")
    assert exported == "Account,Symbol,Shares\nA2,HPQ,50\nA2,F,60\n"


def test_the_console_blocks_run_and_print_what_stands_below(tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text(blocks("json")[0], encoding="utf-8")
    for path in (ROOT / "examples" / "csv").iterdir():
        shutil.copy(path, tmp_path)
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command, output in steps():
        done = subprocess.run(
            ["bash", "-c", command],  # noqa: S607 - the shell that is there
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": search},
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout
        if output:
            assert done.stdout == output


def test_every_command_of_the_package_is_in_the_readme() -> None:
    scripts = (
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.scripts]")[1].split("\n[")[0]
    )
    commands = re.findall(r"^([\w-]+) =", scripts, re.MULTILINE)
    assert commands
    for command in commands:
        assert f"`{command}`" in README


def test_every_file_that_the_readme_links_to_exists() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link
