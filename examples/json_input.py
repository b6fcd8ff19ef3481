"""A household from a JSON document through the command, from Python: the trades come back as dicts."""

from __future__ import annotations

import sys
from pathlib import Path

from realloc.cli.rebalance_json_input import main as rebalance

HERE = Path(__file__).parent


def main() -> None:
    """Rebalance the household beside this file and count the trades."""
    sys.argv = ["rebalance-cli", str(HERE / "household.json"), "--quiet"]
    trades = rebalance()
    print(f"{len(trades)} trades in {len({trade['account_id'] for trade in trades})} accounts")


if __name__ == "__main__":
    main()
