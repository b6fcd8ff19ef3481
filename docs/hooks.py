"""Run what the documentation shows: every command and program on a page is executed when the site is built.

A fence marked ``{.console .run}`` has commands behind ``$``; the build runs each and puts what it prints below it.
A fence marked ``{.python .run}`` is a program, and what it prints follows it. The fences of a page share one folder,
which begins with a copy of ``examples/``. A command that ends with another status than its fence says
(``status=1``) fails the build.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"```\{\.(console|python) \.run(?: status=(\d))?\}\n(.*?)```", re.DOTALL)
WIDTH = "80"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Replace each fence that is to be run by itself and what it prints."""
    if not FENCE.search(markdown):
        return markdown
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        shutil.copytree(ROOT / "examples", work)

        def shown(found: re.Match[str]) -> str:
            kind, status, body = found[1], int(found[2] or 0), found[3]
            run = _console if kind == "console" else _python
            try:
                return run(body, status, work)
            except subprocess.CalledProcessError as error:
                raise SystemExit(
                    f"{page.file.src_path}: {error.cmd!r} ended with {error.returncode}, not {status}:\n"
                    f"{error.output}"
                ) from error

        return FENCE.sub(shown, markdown)


def _console(body: str, status: int, work: Path) -> str:
    lines: list[str] = []
    for line in body.splitlines():
        lines.append(line)
        if line.startswith("$ "):
            lines += _run(["bash", "-c", line[2:]], line[2:], status, work)
    return "```console\n" + "\n".join(lines) + "\n```"


def _python(body: str, status: int, work: Path) -> str:
    printed = _run([sys.executable, "-c", body], "the program", status, work)
    text = "\n".join(printed)
    return f"```python\n{body}```\n\n```text\n{text}\n```" if printed else f"```python\n{body}```"


def _run(command: list[str], name: str, status: int, work: Path) -> list[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        command,
        cwd=work,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != status:
        raise subprocess.CalledProcessError(done.returncode, shlex.quote(name), done.stdout)
    return [line.rstrip() for line in done.stdout.rstrip().splitlines()]
