"""Import a large CSV file and compare with what pandas needs to read it.

Run ``python -m benchmarks.import_csv --rows 200000 --repeats 3``. It writes two files, one of Fidelity's
positions and one table of tax lots with a mapping, and imports each in a process of its own, in turn with
``pandas.read_csv`` of the same file. The import parses every amount exactly, joins accounts, checks each value
against shares times price, and keeps a note of every row; pandas parses columns to floats and texts.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

FILES = ("fidelity", "lots")
READERS = ("realloc", "pandas")

_CHILD = """
import json, resource, sys, time
reader, kind, path = sys.argv[1:]
if reader == "pandas":
    import pandas
    start = time.process_time()
    rows = len(pandas.read_csv(path))
else:
    from realloc.plugins.importers.brokers.fidelity_positions import FidelityPositions
    from realloc.plugins.importers.brokers.generic_table import GenericTable
    from realloc.plugins.importers.brokers.mapping import ColumnMapping
    columns = {"account": "Account", "symbol": "Symbol", "shares": "Shares", "price": "Price",
               "cost_per_share": "Cost", "acquired": "Acquired"}
    importer = FidelityPositions() if kind == "fidelity" else GenericTable(ColumnMapping(columns=columns))
    start = time.process_time()
    statement = importer.read(path)
    rows = sum(len(account.lots) or len(account.positions) for account in statement.accounts)
spent = time.process_time() - start
print(json.dumps({"rows": rows, "cpu": spent, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds of CPU and the peak of memory of each reader on each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    print(
        f"{'file':10}{'MB':>7}{'reader':>10}{'rows':>9}{'CPU s':>8}{'least':>8}{'most':>8}{'MiB':>7}{'us/row':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind in FILES:
            path = Path(folder) / f"{kind}.csv"
            path.write_text("\n".join(WRITERS[kind](options.rows)) + "\n", encoding="utf-8")
            found: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
            for _ in range(options.repeats):
                for reader in READERS:
                    found[reader].append(_measure(reader, kind, path))
            for reader in READERS:
                spent = [one["cpu"] for one in found[reader]]
                rows, mib = int(found[reader][0]["rows"]), median(one["mib"] for one in found[reader])
                print(
                    f"{kind:10}{path.stat().st_size / 1e6:>7.1f}{reader:>10}{rows:>9}{median(spent):>8.2f}"
                    f"{min(spent):>8.2f}{max(spent):>8.2f}{mib:>7.0f}{1e6 * median(spent) / rows:>8.1f}"
                )
            ratio = median(one["cpu"] for one in found["realloc"]) / median(
                one["cpu"] for one in found["pandas"]
            )
            print(f"{'':10}ratio of CPU {ratio:.1f}")
    return 0


def fidelity(rows: int) -> list[str]:
    """Return the lines of a positions file: a hundred symbols in each account."""
    drawn = random.Random(7)
    lines = [
        "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Type"
    ]
    prices = [drawn.randrange(500, 50_000) for _ in range(100)]
    for row in range(rows):
        symbol, shares = row % 100, drawn.randrange(1, 1000)
        cents = prices[symbol] * shares
        paid = cents * drawn.randrange(50, 150) // 100
        lines.append(
            f'Z{10_000_000 + row // 100},Joint,"{_ticker(symbol)}","FUND, NUMBER {symbol}",{shares}.000,'
            f'${prices[symbol] / 100:.2f},"${cents / 100:,.2f}","${paid / 100:,.2f}",Margin'
        )
    return lines


def lots(rows: int) -> list[str]:
    """Return the lines of a table of tax lots: ten lots of each of ten symbols in each account."""
    drawn = random.Random(8)
    lines = ["Account,Symbol,Shares,Price,Cost,Acquired"]
    prices = [drawn.randrange(500, 50_000) for _ in range(10)]
    for row in range(rows):
        symbol = row // 10 % 10
        cost = prices[symbol] * drawn.randrange(50, 150) / 10_000
        day = f"20{drawn.randrange(10, 26)}-{drawn.randrange(1, 13):02}-{drawn.randrange(1, 29):02}"
        lines.append(
            f"A{row // 100:06},{_ticker(symbol)},{drawn.randrange(1, 500)},{prices[symbol] / 100:.2f},{cost:.4f},{day}"
        )
    return lines


def _ticker(number: int) -> str:
    return "F" + chr(65 + number // 10) + chr(65 + number % 10)


WRITERS = {"fidelity": fidelity, "lots": lots}


def _measure(reader: str, kind: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-c", _CHILD, reader, kind, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    sys.exit(main())
