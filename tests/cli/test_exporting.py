"""The commands hand the household and the plan to an exporter, with the arguments of the command line."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from realloc.cli.edge import MISTAKE
from realloc.cli.main import main
from realloc.cli.rebalance_json_input import command
from realloc.errors import ReallocError

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


def household_file(folder: Path, name: str, numbers: tuple[str, str]) -> Path:
    path = folder / f"{name}.json"
    document = {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": 72.5},
        "accounts": [
            {"account_number": number, "kind": "tax_deferred", "cash": cash, "positions": {"VTI": shares}}
            for number, cash, shares in zip(numbers, (1000.0, 40.0), (20, 13), strict=True)
        ],
        "model": {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}},
    }
    path.write_text(json.dumps(document))
    return path


def test_blocks_over_two_households_are_allocated_as_each_household_is_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [household_file(tmp_path, "ann", ("A1", "A2")), household_file(tmp_path, "ben", ("B1", "B2"))]
    planned: dict[tuple[str, str], Decimal] = {}
    for path in paths:
        assert main(["rebalance", str(path), "--format", "json", "--quiet"]) == 0
        for trade in json.loads(capsys.readouterr().out)["trades"]:
            planned[trade["account_id"], trade["symbol"]] = Decimal(str(trade["shares"]))
    output = tmp_path / "blocks.csv"
    assert main(["export", "blocks", str(output), *map(str, paths), "--quiet"]) == 0
    rows = list(csv.DictReader(output.read_text().splitlines()))
    sign = {"buy": 1, "sell": -1}
    allocated = {
        (row["Account"], row["Symbol"]): sign[row["Side"]] * Decimal(row["Shares"])
        for row in rows
        if row["Record"] == "ALLOCATION"
    }
    assert allocated == planned
    assert {account for account, _ in planned} > {"A1", "B1"}
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        shares[row["Block"]] += Decimal(row["Shares"]) * (1 if row["Record"] == "BLOCK" else -1)
    assert set(shares.values()) == {Decimal(0)}
    blocks = [(row["Day"], row["Side"], row["Symbol"]) for row in rows if row["Record"] == "BLOCK"]
    assert len(blocks) == len(set(blocks))


def test_what_cannot_be_a_block_over_households_is_refused(tmp_path: Path) -> None:
    ann = household_file(tmp_path, "ann", ("A1", "A2"))
    ben = household_file(tmp_path, "ben", ("B1", "A2"))
    output = str(tmp_path / "out.csv")
    for words, message in (
        (["blocks", output, str(ann), str(ben)], "account number 'A2' is in two households"),
        (["csv", output, str(ann), str(ann)], "'csv' writes one household at a time"),
        (["blocks:accounts=Z9", output, str(ann), str(ann)], "in two households"),
        (["blocks", output, str(ann), str(ben), "--plan", "plan.json"], "the plan of one portfolio"),
    ):
        with pytest.raises(ReallocError, match=message):
            main(["export", *words])
    assert not Path(output).exists()


def test_a_setting_may_name_an_account_of_any_of_the_households(tmp_path: Path) -> None:
    paths = [household_file(tmp_path, "ann", ("A1", "A2")), household_file(tmp_path, "ben", ("B1", "B2"))]
    output = tmp_path / "blocks.csv"
    assert main(["export", "blocks:accounts=A1 B2", str(output), *map(str, paths)]) == 0
    rows = csv.DictReader(output.read_text().splitlines())
    assert {row["Account"] for row in rows if row["Account"]} <= {"A1", "B2"}
    with pytest.raises(ReallocError, match="no account 'Z9'"):
        main(["export", "blocks:accounts=Z9", str(output), *map(str, paths)])


def test_the_orders_that_are_told_are_those_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = household_file(tmp_path, "ann", ("A1", "A2"))
    output = tmp_path / "orders.csv"
    assert main(["export", "orders_csv", str(output), str(ann), "--format", "json"]) == 0
    everything = json.loads(capsys.readouterr().out)["orders"]
    assert main(["export", "orders_csv:accounts=A1", str(output), str(ann), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["orders"]
    assert told == len(list(csv.DictReader(output.read_text().splitlines()))) < everything
