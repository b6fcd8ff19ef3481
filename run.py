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
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"

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


def main() -> int:
    """Run the command that is named and return its exit status."""
    if sys.version_info < (3, 11):
        return _fail("Python 3.11 or later is needed, this is " + sys.version.split()[0])
    if sys.argv[1:] not in (["demo"], ["test"]):
        return _fail("usage: python3 run.py demo | test")
    if sys.argv[1] == "demo":
        _install("run")
        return _call(DEMO)
    _install_system()
    _install("test")
    failed = [shlex.join(check) for check in CHECKS if _call(check)]
    return _fail("failed: " + ", ".join(failed)) if failed else 0


def _install(requirements: str) -> None:
    """Install what ``requirements/NAME.txt`` pins, and the package itself, unless that has been done."""
    pins = ROOT / "requirements" / f"{requirements}.txt"
    state = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    pip = _make_environment()
    print(f"Installing {pins.relative_to(ROOT)}", file=sys.stderr, flush=True)
    quiet = [*pip, "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quiet, "--requirement", str(pins)], check=True, cwd=ROOT)
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


def _make_environment() -> list[str]:
    """Make ``.venv`` if it is not there and return the pip that installs into it."""
    if not PYTHON.exists():
        print(f"Making {VENV}", file=sys.stderr)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:  # some systems ship venv without its copy of pip
            venv.create(VENV, clear=True)
    if (BIN / "pip").exists() or (BIN / "pip.exe").exists():
        return [str(PYTHON), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def _call(command: list[str]) -> int:
    print(f"\n$ {shlex.join(command)}", file=sys.stderr, flush=True)
    program, *arguments = command
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([str(BIN / program), *arguments], check=False, cwd=ROOT, env=environment).returncode


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
