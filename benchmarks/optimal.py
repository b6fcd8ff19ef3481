"""How near to the best possible the optimal plan is, and how many plain linear programmes it costs.

Run ``python -m benchmarks.optimal --help`` in the repository's root.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import get_args

from benchmarks.households import SIZES, VARIANTS, Size, Variant, batch, household
from benchmarks.plain_lp import Solved, plain_programme, solve_plain
from realloc.engine import rebalance
from realloc.household import Household
from realloc.plan import Plan

EPILOG = """\
examples:
  python -m benchmarks.optimal                               every size, no cost per order, seeds 0-4
  python -m benchmarks.optimal --size M --variant cap --seeds 100-119
  python -m benchmarks.optimal --size S --seeds 0-9 --milp 20
  python -m benchmarks.optimal --batch 200

columns:
  engine ms   CPU of this process from a Household object to the audited Plan, median over the seeds
  LP ms       CPU of HiGHS on the plain linear relaxation of the same household, solve alone, default options,
              one thread
  ratio       engine / LP of each household, median over the seeds
  gap bp      the certificate's gap in 1/10,000 of the household's value: median, 90th and 99th percentile and
              most. No plan under the rules can be better than ours by more than this.
  orders      orders in the plan, median
  noise       how far repeated timings of one and the same linear programme are apart: (most - least) /
              median, median over the seeds

Engine and LP take turns on each household. The first turn of every household is run before the clock counts
(imports, caches and the solver's first start are not in the figures), then --repeats turns are timed and the
median of them is the household's figure. Choose seeds that nobody looked at while the engine was made.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One household: CPU milliseconds, the certificate's gap, and the rivals."""

    engine_ms: float
    lp_ms: float
    noise: float
    gap_bps: float
    objective: float
    orders: int
    status: str
    value: float
    milp: Solved | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for and print the table; return the exit status."""
    options = _parser().parse_args(arguments)
    variant: Variant = options.variant
    if options.batch:
        _report_batch(options.batch, variant)
        return 0
    sizes = [options.size] if options.size else SIZES
    print(_header(milp=options.milp is not None))
    for size in sizes:
        found = [
            measure(household(size, seed, variant), repeats=options.repeats, milp=options.milp)
            for seed in options.seeds
        ]
        print(_row(size, variant, found, milp=options.milp is not None), flush=True)
    return 0


def measure(subject: Household, *, repeats: int, milp: float | None = None) -> Measured:
    """Measure one household.

    Parameters
    ----------
    subject : Household
        The household.
    repeats : int
        Timed turns after the one that warms up.
    milp : float, optional
        Seconds for the plain mixed-integer programme in HiGHS; None: not run.
    """
    programme = plain_programme(subject)
    engine: list[float] = []
    relaxation: list[float] = []
    for turn in range(repeats + 1):
        plan, engine_ms = _timed(lambda: rebalance(subject))
        solved = solve_plain(programme)
        if turn:
            engine.append(engine_ms)
            relaxation.append(solved.cpu_ms if solved else float("nan"))
    return Measured(
        engine_ms=median(engine),
        lp_ms=median(relaxation),
        noise=(max(relaxation) - min(relaxation)) / median(relaxation),
        gap_bps=plan.certificate.gap_bps,
        objective=plan.certificate.objective,
        orders=len(plan.trades),
        status=plan.certificate.status,
        value=plan.household.value,
        milp=None if milp is None else solve_plain(plain_programme(subject, whole=True), seconds=milp),
    )


def _timed(work: Callable[[], Plan]) -> tuple[Plan, float]:
    start = time.process_time()
    plan = work()
    return plan, 1000 * (time.process_time() - start)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that at least `part` of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -int(-part * len(ranked) // 1) - 1)]


_TITLES = ("size", "variant", "n", "engine ms", "LP ms", "ratio", "gap bp", "p90", "p99", "most", "orders")
_MILP_TITLES = ("MILP ms", "MILP-ours bp", "MILP gap bp", "no plan")


def _header(*, milp: bool) -> str:
    return _aligned([*_TITLES, *(_MILP_TITLES if milp else ()), "noise"])


def _row(size: str, variant: str, found: Sequence[Measured], *, milp: bool) -> str:
    gaps = [item.gap_bps for item in found]
    cells = [
        size,
        variant,
        str(len(found)),
        f"{median(item.engine_ms for item in found):.1f}",
        f"{median(item.lp_ms for item in found):.2f}",
        f"{median(item.engine_ms / item.lp_ms for item in found):.1f}",
        *(f"{gap:.3f}" for gap in (median(gaps), percentile(gaps, 0.9), percentile(gaps, 0.99), max(gaps))),
        f"{median(item.orders for item in found):.0f}",
    ]
    if milp:
        cells += _milp_cells(found)
    return _aligned([*cells, f"{100 * median(item.noise for item in found):.0f}%"])


def _milp_cells(found: Sequence[Measured]) -> Iterator[str]:
    """Yield time, how much worse than ours its plan is, its own gap, and how often it found none."""
    pairs = [(item, item.milp) for item in found if item.milp is not None]
    if pairs:
        yield f"{median(solved.cpu_ms for _, solved in pairs):.0f}"
        worse = [1e4 * (solved.objective - item.objective) / item.value for item, solved in pairs]
        gaps = [1e4 * (solved.objective - solved.bound) / item.value for item, solved in pairs]
        yield f"{median(worse):.3f}"
        yield f"{median(gaps):.3f}"
    else:
        yield from ("-", "-", "-")
    yield str(len(found) - len(pairs))


def _aligned(cells: Sequence[str]) -> str:
    titles = [*_TITLES, *(_MILP_TITLES if len(cells) > len(_TITLES) + 1 else ()), "noise"]
    return "  ".join(f"{cell:>{max(7, len(title))}}" for cell, title in zip(cells, titles, strict=True))


def _report_batch(count: int, variant: Variant) -> None:
    """Rebalance many households like M once each, in one process, and print throughput and gaps."""
    subjects = [Household.from_dict(document) for document in batch(count + 1, variant=variant)]
    rebalance(subjects[0])
    start = time.process_time()
    plans = [rebalance(subject) for subject in subjects[1:]]
    seconds = time.process_time() - start
    gaps = [plan.certificate.gap_bps for plan in plans]
    print(f"{count} households like M ({variant}), one process, one after the other, the first not counted")
    print(f"CPU {seconds:.2f} s, {count / seconds:.1f} households/s, {1000 * seconds / count:.1f} ms each")
    print(
        f"gap bp: median {median(gaps):.3f}, p90 {percentile(gaps, 0.9):.3f}, "
        f"p99 {percentile(gaps, 0.99):.3f}, most {max(gaps):.3f}"
    )
    print(f"within 1 bp: {100 * sum(gap <= 1 for gap in gaps) / count:.1f}%")
    for status in sorted({plan.certificate.status for plan in plans}):
        print(f"{status}: {sum(plan.certificate.status == status for plan in plans)}")


def read_seeds(text: str) -> list[int]:
    """Read ``0-4``, ``7`` or ``0,3,10-12``."""
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f"no seeds in {text!r}")
    return seeds


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {number}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.optimal",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=get_args(Size), help="one size; without it, all of them")
    parser.add_argument(
        "--variant",
        choices=VARIANTS,
        default="base",
        help="base (default): no cost per order; semi: $500 minimum and $5 an order; "
        "cap: semi, no net gain and at most 10 orders",
    )
    parser.add_argument(
        "--seeds", type=read_seeds, default="0-4", help="which households: 0-4 (default), 7, or 0,3,10-12"
    )
    parser.add_argument("--repeats", type=_positive, default=3, help="timed turns for each household (3)")
    parser.add_argument(
        "--milp",
        type=float,
        metavar="SECONDS",
        help="also run the plain mixed-integer programme in HiGHS on each household, for at most this long",
    )
    parser.add_argument(
        "--batch", type=_positive, metavar="N", help="rebalance N households like M once each instead"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
