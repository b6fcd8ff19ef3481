#!/usr/bin/env python3
"""Set up and run the project with nothing but Python 3.11 and pip: ``python3 run.py demo`` or ``test``."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = "Scripts" if os.name == "nt" else "bin"

DEMO = ["rebalance-cli", "examples/household.json", "--rebalancer", "optimal"]
CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["lint-imports"],
    ["mkdocs", "build", "--strict", "--quiet"],
    ["pytest", "--numprocesses=auto", "--dist=loadgroup", "--cov", "--cov-report=term"],
    ["pytest", "-m", "versions"],
]
ENDS = [
    "pytest",
    "--numprocesses=auto",
    "--dist=loadgroup",
    "--quiet",
    "tests/test_engine.py",
    "tests/test_frames.py",
    "tests/test_household_frames.py",
    "tests/cli/test_commands.py",
    "tests/cli/test_output.py",
    "tests/cli/test_program.py",
    "tests/cli/test_realloc_rebalance.py",
    "tests/documents",
    "tests/optimizer/test_highs.py",
    "tests/optimizer/test_neighbours.py",
    "tests/plugins/exporters",
    "tests/plugins/importers/brokers/test_broker_goldens.py",
    "tests/plugins/importers/brokers/test_strangers_files.py",
    "tests/plugins/market",
    "tests/portfolio_file/test_quotes.py",
]
"""What is tested with the lowest releases that pyproject.toml declares, and with the newest that there are."""


def main() -> int:
    """Run the command that is named and return its exit status."""
    if sys.version_info < (3, 11):
        return _fail("Python 3.11 or later is needed, this is " + sys.version.split()[0])
    if sys.argv[1:] not in (["demo"], ["test"]):
        return _fail("usage: python3 run.py demo | test")
    if sys.argv[1] == "demo":
        _install(VENV, "run")
        return _call(VENV, DEMO)
    _install_system()
    _install(VENV, "test")
    failed = [shlex.join(check) for check in CHECKS if _call(VENV, check)]
    failed += [f"the tests with the {end} releases" for end in ("lowest", "newest") if _fails_at(end)]
    return _fail("failed: " + ", ".join(failed)) if failed else 0


def _fails_at(end: str) -> bool:
    """Run the tests of the ranges at one end of them, in an environment of its own, and return whether they fail."""
    folder = ROOT / f".venv-{end}"
    try:
        if end == "lowest":
            _install(folder, end)
        else:
            _install_newest(folder)
    except subprocess.CalledProcessError as error:
        return bool(_fail(f"the {end} releases cannot be installed: {shlex.join(error.cmd)}"))
    failed = _call(folder, ENDS) != 0
    if failed:
        there = subprocess.run(
            [folder / BIN / "python", "-m", "pip", "freeze"], capture_output=True, check=False
        )
        print(f"The {end} releases were:\n{there.stdout.decode()}", file=sys.stderr)
    return failed


def _install_newest(folder: Path) -> None:
    """Install the newest releases that the ranges allow, whatever is pinned."""
    pip = _make_environment(folder)
    print("Installing the newest releases", file=sys.stderr, flush=True)
    quiet = [*pip, "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    subprocess.run([*quiet, "--requirement", "requirements/build.in"], check=True, cwd=ROOT)
    newest = ["--upgrade-strategy", "eager", "--no-build-isolation", "--editable", ".[ranges]"]
    subprocess.run([*quiet, *newest], check=True, cwd=ROOT)


def _install(folder: Path, requirements: str) -> None:
    """Install what ``requirements/NAME.txt`` pins by hash, and the package itself, unless that has been done."""
    pins = ROOT / "requirements" / f"{requirements}.txt"
    state = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = folder / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    pip = _make_environment(folder)
    print(f"Installing {pins.relative_to(ROOT)}", file=sys.stderr, flush=True)
    quiet = [*pip, "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quiet, "--require-hashes", "--requirement", str(pins)], check=True, cwd=ROOT)
    subprocess.run([*quiet, "--no-deps", "--no-build-isolation", "--editable", "."], check=True, cwd=ROOT)
    stamp.write_text(state, encoding="utf-8")


def _install_system() -> None:
    """Install what ``requirements/system.txt`` names, a program and its Debian package a line, where it is missing.

    It needs apt and its rights; elsewhere the tests of a missing program say that they are skipped.
    """
    lines = (ROOT / "requirements" / "system.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.split() for line in lines if line and not line.startswith("#")]
    missing = [package for program, package in wanted if shutil.which(program) is None]
    apt = shutil.which("apt-get")
    if not missing or apt is None or os.geteuid() != 0:
        return
    print(f"Installing {', '.join(missing)}", file=sys.stderr, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        subprocess.run([apt, "-qq", *command], check=False, env=quiet, stdout=subprocess.DEVNULL)


def _make_environment(folder: Path) -> list[str]:
    """Make an environment if it is not there and return the pip that installs into it."""
    python = folder / BIN / "python"
    if not python.exists():
        print(f"Making {folder}", file=sys.stderr)
        try:
            venv.create(folder, with_pip=True)
        except subprocess.CalledProcessError:  # some systems ship venv without its copy of pip
            venv.create(folder, clear=True)
    if (folder / BIN / "pip").exists() or (folder / BIN / "pip.exe").exists():
        return [str(python), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(python)]


def _call(folder: Path, command: list[str]) -> int:
    print(f"\n$ {shlex.join(command)}", file=sys.stderr, flush=True)
    program, *arguments = command
    path = os.pathsep.join([str(folder / BIN), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(folder), "NO_MKDOCS_2_WARNING": "1"}
    words = [str(folder / BIN / program), *arguments]
    return subprocess.run(words, check=False, cwd=ROOT, env=environment).returncode


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
