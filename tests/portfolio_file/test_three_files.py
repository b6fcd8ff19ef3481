"""From an empty folder with three broker files to a household, a plan, and back after the orders."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from realloc import rebalance
from realloc.audit import audit_plan
from realloc.cli import main as program
from realloc.portfolio_file import load_portfolio
from tests.portfolio_file.broker_files import DATA, EXAMPLE

FILES = {
    "fidelity_positions_2026.csv": "Portfolio_Positions_Aug-03-2026.csv",
    "etrade_positions_with_lots.csv": "PortfolioDownload.csv",
    "vanguard_ofxdownload.csv": "OfxDownload-2026-08-20.csv",
}
# Read off the three files by hand: cash, positions, value
EXPECTED = {
    "Z00000101": (2310.44 - 75.25, {"VTI": 120, "VXUS": 310.5}, 51_622.39),
    "X00000202": (150.02, {"FXAIX": 84.123}, 16_133.39),
    "200000303": (12.00, {"FXNAX": 4100.505}, 42_042.18),
    "...0456": (4951.50, {"ITOT": 200}, 26_951.50),
    "10000001": (3025.50, {"VTSAX": 100.5}, 15_135.75),
    "10000002": (0.0, {"VBTLX": 2500}, 24_000.00),
}
KINDS = ["taxable", "tax_exempt", "tax_deferred", "taxable", "tax_deferred", "tax_deferred"]
TARGETS = """\
us_stock = 0.5
international_stock = 0.2
bonds = 0.3

[model.classes]
us_stock = { symbols = ["VTI", "ITOT", "FXAIX", "VTSAX"] }
international_stock = { symbols = ["VXUS"] }
bonds = { symbols = ["FXNAX", "VBTLX"] }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "downloads").mkdir()
    for source, name in FILES.items():
        shutil.copy(DATA / source, tmp_path / "downloads" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*more: str) -> None:
    files = [f"downloads/{name}" for name in FILES.values()]
    assert program.main(["init", *files, "--no-input", "--quiet", *more]) == 0


def complete(folder: Path) -> Path:
    """Do what a person does after ``init``: say the date and the targets."""
    kinds = [f"--kind={number}={kind}" for number, kind in zip(EXPECTED, KINDS, strict=True)]
    init(*kinds)
    path = folder / "portfolio.toml"
    text = path.read_text().replace("[model.targets]\n", f"[model.targets]\n{TARGETS}", 1)
    path.write_text(f"as_of = 2026-08-21\n{text}")
    return path


def test_three_files_become_the_household_that_they_state(folder: Path) -> None:
    household = load_portfolio(complete(folder)).household
    assert [account.account_number for account in household.accounts] == list(EXPECTED)
    assert [account.kind for account in household.accounts] == KINDS
    for account in household.accounts:
        cash, positions, value = EXPECTED[account.account_number]
        assert account.cash == pytest.approx(cash, abs=1e-9)
        assert account.positions == positions
        held = sum(shares * household.prices[symbol] for symbol, shares in positions.items())
        assert account.cash + held == pytest.approx(value, abs=0.005)
    lots = household.accounts[3].lots
    assert [(lot.shares, lot.cost_per_share, lot.acquired.isoformat()) for lot in lots] == [
        (150.0, 74.6566, "2022-03-15"),
        (50.0, 100.0002, "2025-11-03"),
    ]


def test_the_household_is_planned_and_the_plan_passes_its_audit(folder: Path) -> None:
    household = load_portfolio(complete(folder)).household
    plan = rebalance(household)
    assert audit_plan(household, plan).ok
    assert plan.household.value == pytest.approx(sum(value for *_, value in EXPECTED.values()), abs=0.01)
    assert plan.household.drift_after < plan.household.drift_before
    assert plan.trades


def test_what_was_planned_and_executed_is_confirmed_and_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = complete(folder)
    before = load_portfolio(path)
    plan = rebalance(before.household)
    Path("plan.json").write_text(json.dumps(plan.to_dict()))
    sold = {trade.symbol: trade for trade in plan.trades if trade.account_id == "200000303"}["FXNAX"]
    left = 4100.505 + sold.shares
    cash = 12.00 - sold.shares * 10.25
    text = (DATA / "fidelity_positions_2026.csv").read_text(encoding="utf-8-sig")
    lines = [
        line.replace("4100.505", f"{left:.3f}")
        .replace("$42030.18", f"${left * 10.25:.2f}")
        .replace("$12.00", f"${cash:.2f}")
        for line in text.splitlines()
        if line.startswith(("Account", "200000303"))
    ]
    Path("downloads/Portfolio_Positions_Aug-25-2026.csv").write_text(
        "\n".join([*lines, "", '"Date downloaded Aug-25-2026 5:45 p.m ET"', ""])
    )
    new = "downloads/Portfolio_Positions_Aug-25-2026.csv"
    arguments = ["confirm", "plan.json", new, "--traded", "2026-08-24", "--format", "json"]
    assert program.main([*arguments, "--dry-run"]) == 0
    assert "recent_trades" not in tomllib.loads(path.read_text())
    capsys.readouterr()
    assert program.main(arguments) == 0
    shown = json.loads(capsys.readouterr().out)
    outcomes = {(each["account_number"], each["symbol"]): each["outcome"] for each in shown["orders"]}
    assert outcomes["200000303", "FXNAX"] == "executed"
    others = {outcome for (number, _), outcome in outcomes.items() if number != "200000303"}
    assert others <= {"not confirmed"}
    (recorded,) = tomllib.loads(path.read_text())["recent_trades"]
    assert (recorded["symbol"], recorded["shares"], recorded["price"]) == ("FXNAX", sold.shares, 10.25)


def test_the_shipped_example_is_sound_and_can_be_planned() -> None:
    portfolio = load_portfolio(EXAMPLE / "portfolio.toml")
    assert [issue.code for issue in portfolio.issues] == ["holding.untouchable"]
    household = portfolio.household
    numbers = [number for number in EXPECTED if number != "10000002"]
    assert [account.account_number for account in household.accounts] == numbers
    for account in household.accounts:
        cash, positions, _ = EXPECTED[account.account_number]
        assert account.cash == pytest.approx(cash, abs=1e-9)
        assert account.positions == positions
    assert household.spreads_bps == {"BND": 2.0}
    assert audit_plan(household, rebalance(household)).ok
