"""``realloc rebalance``: from the shipped portfolio file to orders, and its exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realloc.audit import audit_trades
from realloc.cli.main import main
from realloc.documents import load_household
from realloc.errors import InputError
from realloc.portfolio_file.loading import load_portfolio
from realloc.trades import Trade

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_shipped_portfolio_file_becomes_an_order_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = tmp_path / "trades.csv"
    portfolio = EXAMPLES / "portfolio" / "portfolio.toml"
    assert main(["rebalance", str(portfolio), "--exporter", "csv", "--export-path", str(orders)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "How close to the best possible: within $" in printed
    assert printed.endswith(f"orders to {orders}.")
    rows = [line.split(",") for line in orders.read_text("utf-8").splitlines()[1:]]
    trades = [Trade(account, symbol, float(shares)) for account, symbol, shares in rows]
    assert trades
    assert audit_trades(load_portfolio(portfolio).household, trades).household.drift_after < 0.01


def test_a_household_document_is_planned_by_the_optimal_rebalancer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = EXAMPLES / "household.json"
    assert main(["rebalance", str(document), "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["certificate"]["status"] == "certified"
    assert {trade["account_id"] for trade in plan["trades"]} <= {
        account.account_number for account in load_household(document).accounts
    }


def test_nothing_to_do_is_exit_status_1(tmp_path: Path) -> None:
    document = tmp_path / "household.json"
    account = {"label": "A", "account_number": "1", "cash": 0, "positions": {"S": 1}, "kind": "tax_exempt"}
    model = {"name": "S", "targets": {"S": 1}}
    document.write_text(json.dumps({"prices": {"S": 10}, "accounts": [account], "model": model}))
    assert main(["rebalance", str(document)]) == 1


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        main(["rebalance", str(tmp_path / "portfolio.toml")])
