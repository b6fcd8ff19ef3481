"""The commands hand the household and the plan to an exporter, with the arguments of the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from realloc.cli.edge import MISTAKE
from realloc.cli.rebalance_json_input import command

ROOT = Path(__file__).parents[2]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(
        "sys.argv", ["rebalance-cli", str(ROOT / "examples" / "household.json"), "--quiet", *arguments]
    )
    return command()


def test_an_exporter_gets_its_arguments_the_household_and_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.csv"
    exporter = "orders_csv:accounts=JNT-4410 IRA-2207,slip_bps=0"
    assert (
        run(monkeypatch, "--rebalancer", "optimal", "--exporter", exporter, "--export-path", str(path)) == 0
    )
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert {row["Account"]: row["Label"] for row in rows} == {
        "JNT-4410": "Joint brokerage",
        "IRA-2207": "Ann IRA",
    }
    assert all(float(row["Limit"]) == float(row["Price"]) for row in rows if row["Limit"])
    assert all(row["Reason"] for row in rows)


def test_trades_without_a_plan_have_the_prices_of_the_household(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.md"
    assert run(monkeypatch, "--exporter", "checklist", "--export-path", str(path)) == 0
    assert "## Ann Roth IRA (ROTH-2208)" in path.read_text()
    assert "limit $" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--exporter", "ibkr_basket", "--export-path", "{}"), "mutual fund orders"),
        (("--exporter", "checklist:slp=1", "--export-path", "{}"), "unknown setting 'slp'"),
        (("--exporter", "checklist:accounts=X", "--export-path", "{}"), "no account 'X'"),
        (("--exporter", "checklist:path=a", "--export-path", "{}"), "exclude each other"),
        (("--exporter", "checklist:slip_bps", "--export-path", "{}"), "--exporter 'checklist:slip_bps'"),
        (("--exporter", "template:template=none.j2", "--export-path", "{}"), "no such file"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [part.format(tmp_path / "out") for part in arguments]
    assert run(monkeypatch, "--rebalancer", "optimal", *given) == MISTAKE
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
