"""How far `realloc.rebalance` overruns its limit of time, on the large benchmark households and on given files."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.households import Size, document, household
from realloc.audit import audit_plan
from realloc.engine import rebalance
from realloc.household import Household

EPILOG = """
A cell is the wall-clock time of the call in milliseconds, then the gap in basis points. `!` marks a call that took
longer than its limit by more than a fifth and 50 ms, `*` one whose search was not cut. Every plan is audited once more
here. The first household is planned once before the clock counts, so that imports are in no figure.

rows: a size and a seed of `benchmarks/households.py` as base, semi and cap; drift: semi with a household drift of at
most 1%; allow: wash sales are priced, not avoided; raise: raise_cash where each account pays out a twentieth; files.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each household with a cell for each limit; return 1 where one is overrun, else 0."""
    options = _parser().parse_args(arguments)
    rebalance(household("S", 0))
    print(f"{'household':24}" + "".join(f"{limit:>16g} s" for limit in options.limits))
    overrun = False
    for name, subject in _subjects(options.seeds, options.files):
        cells = [_cell(subject, limit) for limit in options.limits]
        overrun = overrun or any("!" in cell for cell in cells)
        print(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
    return int(overrun)


def _subjects(seeds: Sequence[int], files: Sequence[Path]) -> Iterator[tuple[str, Household]]:
    sizes: tuple[Size, ...] = ("L", "XL")
    for size in sizes:
        for seed in seeds:
            base, semi = household(size, seed), household(size, seed, "semi")
            allowed = replace(base.policy.wash_sales, mode="allow", avoid=False)
            for name, subject in (
                ("base", base),
                ("semi", semi),
                ("cap", household(size, seed, "cap")),
                ("drift", replace(semi, policy=replace(semi.policy, max_drift=0.01))),
                ("allow", replace(base, policy=replace(base.policy, wash_sales=allowed))),
                ("raise", _raising(document(size, seed))),
            ):
                yield f"{size} {seed} {name}", subject
    for file in files:
        yield file.name, Household.from_dict(json.loads(file.read_text(encoding="utf-8")))


def _raising(drawn: dict[str, Any]) -> Household:
    """Return the household in which each account pays out a twentieth of what it holds."""
    for account in drawn["accounts"]:
        prices = ((drawn["prices"][symbol]["price"], n) for symbol, n in account["positions"].items())
        account["cash_flow"] = -round(sum(price * shares for price, shares in prices) / 20, 2)
    drawn["policy"] |= {"mode": "raise_cash"}
    return Household.from_dict(drawn)


def _cell(subject: Household, limit: float) -> str:
    start = time.perf_counter()
    plan = rebalance(subject, time_limit=limit)
    took = time.perf_counter() - start
    if not audit_plan(subject, plan).ok:
        raise AssertionError("a plan that fails the audit was handed out")
    mark = "!" if took > 1.2 * limit + 0.05 else " "
    cut = " " if plan.certificate.status == "time_limit" else "*"
    return f"{1000 * took:.0f}{mark}{cut}{plan.certificate.gap_bps:7.2f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.deadlines",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="*", help="household documents")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="seeds of the sizes L and XL (0)")
    parser.add_argument(
        "--limits", type=float, nargs="+", default=[0.0, 0.05, 0.2, 0.5, 1.5], help="limits in seconds"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
