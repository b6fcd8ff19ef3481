"""The firm's orders and figures, against sums over the trades of each household."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.households import document
from realloc import Household, InputError, Trade, rebalance
from realloc.batch import (
    TABLES,
    MonitorOptions,
    block_orders,
    custodian_trades,
    read_results,
    run_local,
    summarise,
    tables_of,
    write_tables,
)
from realloc.orders import OrderSettings, blocks, order_list

N = 12


def home(seed: int) -> dict[str, Any]:
    """A small household whose account numbers are its own."""
    drawn = document("S", seed)
    for account in drawn["accounts"]:
        account["account_number"] += f"-{seed}"
    for trade in drawn["recent_trades"]:
        trade["account_number"] += f"-{seed}"
    prices = {symbol: 50.0 + n for n, symbol in enumerate(sorted(drawn["prices"]))}
    return drawn | {"prices": prices}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over twelve households of two custodians, one of which fails."""
    place = tmp_path_factory.mktemp("firm")
    homes = [home(seed) for seed in range(N)]
    homes[4]["accounts"][0]["cash"] = -1.0
    tables = tables_of((f"h{n:02}", drawn) for n, drawn in enumerate(homes))
    numbers = tables["accounts"]["account_number"].to_pylist()
    names = ["north" if number.startswith("T001") else None for number in numbers]
    at = tables["accounts"].schema.get_field_index("custodian")
    tables["accounts"] = tables["accounts"].set_column(
        at, TABLES["accounts"].field(at), pa.array(names, pa.string())
    )
    write_tables(tables, place / "tables")
    run_local(place / "tables", place / "out", workers=1)
    return place / "out"


@pytest.fixture(scope="module")
def trades(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_results(run)["trades"].to_pylist()
    return rows


def test_blocks_are_those_of_the_order_book(run: Path, trades: list[dict[str, Any]]) -> None:
    made, allocations = block_orders(read_results(run, ["trades"])["trades"])
    listed = order_list(
        [
            Trade(
                row["account_number"],
                row["symbol"],
                row["shares"],
                price=row["price"],
                notional=row["notional"],
            )
            for row in trades
        ],
        OrderSettings(order_type="market"),
    )
    expected = [
        (block.side, block.symbol, float(block.shares), block.notional) for block in blocks(listed.orders)
    ]
    rows = made.to_pylist()
    assert [
        (row["side"], row["symbol"], row["shares"], Decimal(str(row["notional"]))) for row in rows
    ] == expected
    assert [row["block"] for row in rows] == list(range(1, len(rows) + 1))
    by_block: Counter[int] = Counter()  # in thousandths of a share
    for row in allocations.to_pylist():
        by_block[row["block"]] += round(1000 * row["shares"])
    assert by_block == {row["block"]: round(1000 * row["shares"]) for row in rows}
    assert sum(row["allocations"] for row in rows) == len(trades) == allocations.num_rows


def test_no_trades_are_no_blocks(run: Path) -> None:
    made, allocations = block_orders(read_results(run, ["trades"])["trades"].slice(0, 0))
    assert made.num_rows == allocations.num_rows == 0


def test_each_order_goes_to_its_custodian(run: Path, trades: list[dict[str, Any]]) -> None:
    found = custodian_trades(run)
    assert list(found) == ["north", "unnamed"]
    numbers = {row["account_number"] for row in trades}
    listed = {name: {trade.account_id for trade in found[name]} for name in found}
    assert all(number.startswith("T001") for number in listed["north"])
    assert not any(number.startswith("T001") for number in listed["unnamed"])
    assert listed["north"] | listed["unnamed"] == numbers
    assert sum(len(listed) for listed in found.values()) == len(trades)
    sold = next(trade for trade in found["north"] if trade.lots)
    assert sum(lot.shares for lot in sold.lots) == pytest.approx(-sold.shares)


def test_accounts_of_one_number_in_two_households_are_refused(tmp_path: Path) -> None:
    write_tables(tables_of([("a", document("S", 1)), ("b", document("S", 2))]), tmp_path / "tables")
    run_local(tmp_path / "tables", tmp_path / "out", workers=1)
    with pytest.raises(InputError, match="account of the same number"):
        custodian_trades(tmp_path / "out")


def test_the_summary_adds_up_what_the_plans_say(run: Path) -> None:
    plans = [rebalance(Household.from_dict(home(seed))) for seed in range(N) if seed != 4]
    found = summarise(run)
    value = sum(plan.household.value for plan in plans)
    assert (found.planned, found.failed, found.failures) == (N - 1, 1, {"cash.negative": 1})
    assert found.orders == sum(len(plan.trades) for plan in plans)
    assert found.traded == sum(bool(plan.trades) for plan in plans)
    assert found.value == pytest.approx(value)
    assert found.tax == pytest.approx(sum(plan.costs.tax for plan in plans))
    assert found.drift_after == pytest.approx(
        sum(plan.household.drift_after * plan.household.value for plan in plans) / value
    )
    gaps = sorted(plan.certificate.gap_bps for plan in plans)
    assert found.gap_bps == pytest.approx((gaps[(N - 2) // 2], gaps[int(0.99 * (N - 2))], gaps[-1]))
    assert sorted(found.each["tax"]) == pytest.approx(sorted(plan.costs.tax for plan in plans))


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="here are no results"):
        summarise(tmp_path)


def calm(seed: int) -> dict[str, Any]:
    return {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": 50.0},
        "accounts": [
            {"account_number": f"C{seed}", "positions": {"VTI": 2, "BND": 10}, "kind": "tax_exempt"}
        ],
        "model": {"name": "half", "targets": {"VTI": 0.5, "BND": 0.5}},
    }


def test_only_those_who_need_a_plan_get_one(tmp_path: Path) -> None:
    homes = [home(seed) if seed % 3 == 0 else calm(seed) for seed in range(12)]
    write_tables(tables_of((f"h{n:02}", drawn) for n, drawn in enumerate(homes)), tmp_path / "tables")
    end = run_local(tmp_path / "tables", tmp_path / "out", workers=1, part=2, needed=MonitorOptions())
    assert (end.total, end.finished, end.calm) == (4, 4, 8)
    found = read_results(tmp_path / "out")
    assert found["plans"]["household_id"].to_pylist() == ["h00", "h03", "h06", "h09"]
    assert summarise(tmp_path / "out").calm == 8
    looked = pq.read_table(tmp_path / "out" / "monitor.parquet")
    assert looked.filter(looked["needed"])["household_id"].to_pylist() == ["h00", "h03", "h06", "h09"]
    again = run_local(tmp_path / "tables", tmp_path / "out", workers=1, needed=MonitorOptions())
    assert (again.before, again.finished, again.calm) == (4, 0, 8)
    whole = run_local(tmp_path / "tables", tmp_path / "out", workers=1)
    assert (whole.before, whole.finished, whole.calm) == (4, 8, 0)
    assert summarise(tmp_path / "out").calm == 0
