"""What commands cost as whole processes, in units of an interpreter that imports numpy and highspy.

Run ``python -m benchmarks.commands --help`` in the repository's root.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
HOUSEHOLD = str(ROOT / "examples" / "household.json")
PORTFOLIO = str(ROOT / "examples" / "portfolio" / "portfolio.toml")
UNIT = "import numpy, highspy"

OLDER, NEWER = "rebalance-cli --rebalancer optimal", "realloc rebalance"

COMMANDS: dict[str, tuple[int, tuple[str, ...]]] = {
    UNIT: (0, (sys.executable, "-c", UNIT)),
    "import realloc": (0, (sys.executable, "-c", "import realloc")),
    OLDER: (0, ("rebalance-cli", HOUSEHOLD, "--rebalancer", "optimal")),
    NEWER: (0, ("realloc", "rebalance", HOUSEHOLD)),
    "realloc rebalance, portfolio file": (0, ("realloc", "rebalance", PORTFOLIO)),
    "realloc explain, unknown name": (2, ("realloc", "explain", "NOBODY", HOUSEHOLD)),
}
"""Each command with the exit status that it has to have."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the commands in turns and print the medians; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="counted turns (default: 11)")
    options = parser.parse_args(arguments)
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(options.runs + 1):
        for name, (status, command) in COMMANDS.items():
            seconds = cpu_seconds(command, status)
            if turn:
                found[name].append(seconds)
    unit = found[UNIT]
    print(f"{'command':<36}{'CPU ms':>8}{'ratio':>8}{'noise':>8}")
    for name, seconds in found.items():
        ratio = median(one / other for one, other in zip(seconds, unit, strict=True))
        noise = (max(seconds) - min(seconds)) / median(seconds)
        print(f"{name:<36}{1000 * median(seconds):>8.0f}{ratio:>8.2f}{noise:>8.0%}")
    pairs = zip(found[NEWER], found[OLDER], strict=True)
    print(f"{NEWER} / {OLDER}: {median(one / other for one, other in pairs):.2f}")
    return 0


def cpu_seconds(command: Sequence[str], status: int) -> float:
    """Return user and system seconds of one run, its output thrown away; it has to end with a status.

    The modules are compiled by the run that does not count, as an installed package is.
    """
    program = Path(sysconfig.get_path("scripts")) / command[0]
    words = [str(program) if program.exists() else command[0], *command[1:]]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    done = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment
    )
    after = os.times()
    if done.returncode != status:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}, not {status}")
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    raise SystemExit(main())
