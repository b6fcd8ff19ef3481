"""Damage the sample file of every importer many times and count what becomes of it.

Run ``python -m benchmarks.fuzz_importers --count 10000``. Every damaged file must end in a statement whose
totals tie, or in the package's own error; anything else is counted as a crash, or as not tying, and the exit
status is 1. Of the statements that tie, those that say the same as the undamaged file are counted by
themselves; the rest says what the damaged file says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random

from realloc.errors import ReallocError
from realloc.plugins.importers.brokers import recognise, statement_importers
from realloc.plugins.importers.brokers.generic_table import GenericTable
from realloc.plugins.importers.statement import Statement, StatementImporter
from realloc.testing.mutations import mutated

DATA = Path(__file__).parent.parent / "tests" / "data" / "brokers"
OUTCOMES = ("same", "changed", "own error", "does not tie", "crash")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz every importer and print the table of outcomes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="damaged files for each importer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="name of one importer")
    options = parser.parse_args(arguments)
    samples = _samples()
    print(f"{'importer':28}{''.join(f'{name:>14}' for name in OUTCOMES)}{'seconds':>10}")
    bad = 0
    for name in sorted(samples):
        if options.only in ("", name):
            start = time.perf_counter()
            counts = fuzz(*samples[name], options.count, Random(f"{options.seed}/{name}"))
            bad += counts["crash"] + counts["does not tie"]
            spent = time.perf_counter() - start
            print(f"{name:28}{''.join(f'{counts[one]:>14}' for one in OUTCOMES)}{spent:>10.1f}", flush=True)
    return 1 if bad else 0


def fuzz(importer: StatementImporter, files: Sequence[Path], count: int, random: Random) -> Counter[str]:
    """Return how often each outcome occurred over `count` damaged files."""
    counts: Counter[str] = Counter()
    originals = {file: (file.read_bytes(), _money(importer.read(file))) for file in files}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            file = files[number % len(files)]
            data, money = originals[file]
            damaged = mutated(data, random)
            path = Path(folder) / f"damaged{file.suffix}"
            path.write_bytes(damaged)
            outcome = _outcome(importer, path, money)
            counts[outcome] += 1
            if outcome in ("crash", "does not tie"):
                print(f"  {file.name} number {number}: {outcome}", file=sys.stderr)
    return counts


def _outcome(importer: StatementImporter, path: Path, money: object) -> str:
    try:
        importer.matches(path)
        statement = importer.read(path)
    except ReallocError:
        return "own error"
    except Exception as error:  # noqa: BLE001 - a crash is what is looked for
        print(f"  {type(error).__name__}: {error}", file=sys.stderr)
        return "crash"
    if not ties(statement):
        return "does not tie"
    return "same" if _money(statement) == money else "changed"


def ties(statement: Statement) -> bool:
    """Return whether totals are the sums of rows, values are shares at their price, and lots add up."""
    for account in statement.accounts:
        for tie in account.ties:
            if abs(tie.stated - tie.found) >= Decimal("0.005"):
                return False
        for held in account.positions:
            lots = [Decimal(repr(lot.shares)) for lot in account.lots if lot.symbol == held.symbol]
            if held.shares <= 0 or (lots and abs(sum(lots) - held.shares) > Decimal("0.000001")):
                return False
            if held.price is not None and held.value is not None:
                slack = held.price * Decimal("0.002") + held.shares * Decimal("0.01") + Decimal("0.05")
                if abs(held.price * held.shares - held.value) > slack:
                    return False
    return True


def _money(statement: Statement) -> object:
    return (
        [
            (
                account.number,
                account.cash,
                [(held.symbol, held.shares, held.value) for held in account.positions],
                [(held.shares, held.value) for held in account.untouchable],
                [(lot.symbol, lot.shares, lot.cost_per_share, lot.acquired) for lot in account.lots],
            )
            for account in statement.accounts
        ],
        statement.trades,
    )


def _samples() -> dict[str, tuple[StatementImporter, list[Path]]]:
    importers = statement_importers()
    samples: dict[str, tuple[StatementImporter, list[Path]]] = {}
    for path in sorted(DATA.iterdir()):
        if (DATA / "expected" / f"{path.stem}.json").exists():
            importer, _ = recognise(path, importers)
            samples.setdefault(importer.name, (importer, []))[1].append(path)
    samples["generic_table"] = (GenericTable(DATA / "table_lots.toml"), [DATA / "table_lots.csv"])
    return samples


if __name__ == "__main__":
    sys.exit(main())
