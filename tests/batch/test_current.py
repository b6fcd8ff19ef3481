"""A run that is started again on other inputs is what a first run on them is, and says what it did."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realloc import InputError
from realloc.batch import (
    MonitorOptions,
    Options,
    Progress,
    plan_partition,
    read_results,
    require_current,
    summarise,
    tables_of,
    write_tables,
)
from realloc.batch import begin as begin_module
from realloc.batch.assemble import fingerprints_of
from realloc.batch.begin import begun
from realloc.batch.columns import typed
from realloc.batch.folder import Tables
from realloc.batch.manifest import MANIFEST
from realloc.batch.store import write_part
from realloc.cli.main import main

Homes = dict[str, dict[str, Any]]


def home(number: str, shares: float = 20.0) -> dict[str, Any]:
    return {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": 50.0},
        "accounts": [
            {"account_number": number, "cash": 600.0, "positions": {"VTI": shares}, "kind": "tax_exempt"}
        ],
        "model": {"name": "half", "targets": {"VTI": 0.5, "BND": 0.5}},
    }


def homes(n: int = 5) -> Homes:
    return {f"h{i}": home(f"A{i}", 20.0 + i) for i in range(n)}


def keep(documents: Homes, folder: Path) -> Path:
    write_tables(tables_of(documents.items()), folder)
    return folder


def run(
    tables: Path, out: Path, options: Options | None = None, needed: MonitorOptions | None = None
) -> Progress:
    """Plan what is left in this process, two households a part, as the engines do."""
    options = options or Options()
    with begun(tables, out, options, needed) as work:
        serial = work.made.serial()
        for start in range(0, len(work.left), 2):
            ids = work.left[start : start + 2]
            write_part(
                work.made.parts, f"{serial:08}-{start:08}", plan_partition(work.source.part(ids), options)
            )
        return work.progress


def rows(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: table.to_pylist() for name, table in read_results(out).items()}


def fresh(tables: Path, tmp_path: Path, **more: Any) -> dict[str, list[dict[str, Any]]]:
    out = tmp_path / f"fresh-{len(list(tmp_path.iterdir()))}"
    run(tables, out, **more)
    return rows(out)


def test_halved_prices_plan_every_household_anew(tmp_path: Path) -> None:
    documents = homes()
    tables = keep(documents, tmp_path / "tables")
    run(tables, tmp_path / "out")
    for document in documents.values():
        document["prices"] = {"VTI": 125.0, "BND": 25.0}
    keep(documents, tables)
    assert run(tables, tmp_path / "out") == Progress(total=5, before=0, finished=0, changed=5)
    assert rows(tmp_path / "out") == fresh(tables, tmp_path)


CHANGES: dict[str, Callable[[Homes], object]] = {
    "cash": lambda all_: all_["h1"]["accounts"][0].update(cash=601.0),
    "the date": lambda all_: all_["h1"].update(as_of="2026-11-23"),
    "a price": lambda all_: all_["h1"].update(prices={"VTI": 250.0, "BND": 50.01}),
    "the model": lambda all_: all_["h1"]["model"].update(targets={"VTI": 0.4, "BND": 0.6}),
    "the policy": lambda all_: all_["h1"].update(policy={"max_orders": 1}),
    "a rule": lambda all_: all_["h1"]["accounts"][0].update(no_buy=["BND"]),
    "a key beside columns": lambda all_: all_["h1"]["accounts"][0].update(location_cost={"BND": 0.01}),
    "a recent trade": lambda all_: all_["h1"].update(
        recent_trades=[
            {"account_number": "A1", "symbol": "BND", "shares": -1, "price": 50, "traded": "2026-11-02"}
        ]
    ),
    "a lot": lambda all_: all_["h1"]["accounts"][0].update(
        lots=[{"symbol": "VTI", "shares": 21, "cost_per_share": 9.0, "acquired": "2020-01-02"}]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_household_that_changed_is_planned_again_and_no_other(change: str, tmp_path: Path) -> None:
    documents = homes()
    tables = keep(documents, tmp_path / "tables")
    run(tables, tmp_path / "out")
    CHANGES[change](documents)
    keep(documents, tables)
    with pytest.raises(InputError, match=r"have changed since they were planned \(1 changed\)"):
        require_current(tmp_path / "out")
    assert run(tables, tmp_path / "out") == Progress(total=5, before=4, finished=0, changed=1)
    assert rows(tmp_path / "out") == fresh(tables, tmp_path)
    require_current(tmp_path / "out")


def test_new_households_are_planned_and_those_that_left_are_taken_out(tmp_path: Path) -> None:
    documents = homes()
    tables = keep(documents, tmp_path / "tables")
    run(tables, tmp_path / "out")
    del documents["h0"]
    documents["h9"] = home("A9", 3.0)
    keep(documents, tables)
    with pytest.raises(InputError, match=r"\(1 gone, 1 not planned\)"):
        require_current(tmp_path / "out")
    assert run(tables, tmp_path / "out") == Progress(total=5, before=4, finished=0, gone=1)
    assert rows(tmp_path / "out") == fresh(tables, tmp_path)


def test_what_failed_is_tried_again_and_what_was_mended_is_planned(tmp_path: Path) -> None:
    documents = homes()
    documents["h2"]["accounts"][0]["positions"]["VTI"] = -5
    tables = keep(documents, tmp_path / "tables")
    run(tables, tmp_path / "out")
    assert run(tables, tmp_path / "out") == Progress(total=5, before=4, finished=0, retried=1)
    documents["h2"]["accounts"][0]["positions"]["VTI"] = 5
    keep(documents, tables)
    assert run(tables, tmp_path / "out") == Progress(total=5, before=4, finished=0, retried=1)
    assert not rows(tmp_path / "out")["failures"]
    assert rows(tmp_path / "out") == fresh(tables, tmp_path)


@pytest.mark.parametrize("other", ["time limit", "version"])
def test_another_limit_or_version_plans_all_of_them_again(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = keep(homes(), tmp_path / "tables")
    run(tables, tmp_path / "out")
    if other == "version":
        monkeypatch.setattr(begin_module, "engine_version", lambda: "99.0")
    options = Options(time_limit=9.0 if other == "time limit" else None)
    assert run(tables, tmp_path / "out", options) == Progress(total=5, before=0, finished=0, changed=5)
    assert run(tables, tmp_path / "out", options) == Progress(total=5, before=5, finished=0)


def test_the_monitor_looks_again(tmp_path: Path) -> None:
    documents = homes()
    documents["h3"] = {**home("A3"), "accounts": [{**home("A3")["accounts"][0], "cash": 0.0}]}
    documents["h3"]["accounts"][0]["positions"] = {"VTI": 2, "BND": 10}
    tables = keep(documents, tmp_path / "tables")
    first = run(tables, tmp_path / "out", needed=MonitorOptions())
    assert (first.total, first.calm) == (4, 1)
    documents["h3"]["accounts"][0]["positions"] = {"VTI": 9, "BND": 10}
    documents["h1"]["accounts"][0].update(cash=0.0, positions={"VTI": 2, "BND": 10})
    keep(documents, tables)
    with pytest.raises(InputError, match=r"\(1 gone, 1 not planned\)"):
        require_current(tmp_path / "out")
    again = run(tables, tmp_path / "out", needed=MonitorOptions())
    assert (again.total, again.before, again.calm, again.gone) == (4, 3, 1, 1)
    assert summarise(tmp_path / "out").calm == 1
    assert rows(tmp_path / "out") == fresh(tables, tmp_path, needed=MonitorOptions())


def test_a_run_that_is_killed_at_any_step_has_no_stale_row_and_is_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        """The process ends here."""

    documents = homes()
    tables = keep(documents, tmp_path / "tables")
    for step in range(12):
        out = tmp_path / f"out-{step}"
        run(tables, out)
        changed = copy.deepcopy(documents)
        for document in changed.values():
            document["prices"] = {"VTI": 125.0, "BND": 50.0}
        other = keep(changed, tmp_path / f"tables-{step}")
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        (out / MANIFEST).write_text(json.dumps(manifest | {"tables": str(other.resolve())}), encoding="utf-8")
        steps = iter(range(step))
        replace = Path.replace

        def stop(self: Path, target: Path, *, left: Any = steps, real: Any = replace) -> Path:
            if next(left, None) is None:
                raise KilledError
            result: Path = real(self, target)
            return result

        monkeypatch.setattr(Path, "replace", stop)
        try:
            run(other, out)
        except KilledError:
            pass
        finally:
            monkeypatch.setattr(Path, "replace", replace)
        run(other, out)
        assert rows(out) == fresh(other, tmp_path)


WHOLE = {"run_id": "", "tables": "t", "engine_version": "1", "time_limit": None, "needed": None}
DAMAGED = (
    {"tables": 5}, {"tables": None}, {"run_id": None}, {"engine_version": 1}, {"time_limit": "x"}, {"time_limit": True},
    {"needed": "x"}, {"needed": {"foo": 1}}, {"needed": {"idle_cash": "a"}}, {"needed": {"loss": -1}},
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"run_id": ""}', "null", "[" * 100_000, *(json.dumps(WHOLE | one) for one in DAMAGED)],
    ids=range(6 + len(DAMAGED)),
)
def test_a_damaged_manifest_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    tables = keep(homes(1), tmp_path / "tables")
    run(tables, tmp_path / "out")
    (tmp_path / "out" / MANIFEST).write_text(text, encoding="utf-8")
    for read in (
        lambda: run(tables, tmp_path / "out"),
        lambda: summarise(tmp_path / "out"),
        lambda: require_current(tmp_path / "out"),
    ):
        with pytest.raises(InputError, match=r"manifest\.json: it is damaged: .*plan again") as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_part_without_a_table_is_named_with_what_to_do(tmp_path: Path) -> None:
    tables = keep(homes(1), tmp_path / "tables")
    run(tables, tmp_path / "out")
    (part,) = (tmp_path / "out" / "parts").iterdir()
    (part / "plans.parquet").unlink()
    with pytest.raises(
        InputError, match=r"plans\.parquet: it cannot be read: .*plan again: the rest is kept"
    ):
        run(tables, tmp_path / "out")


def test_the_fingerprint_is_of_the_content_and_not_of_how_it_is_stored(tmp_path: Path) -> None:
    documents = homes()
    tables = keep(documents, tmp_path / "tables")
    before = fingerprints_of(Tables(tables).part(sorted(documents)))
    for path in tables.glob("*.parquet"):
        table = pq.read_table(path)
        table = table.take(pa.array(reversed(range(table.num_rows)), pa.int64()))
        columns = {
            name: table[name].dictionary_encode() if pa.types.is_string(table[name].type) else table[name]
            for name in table.column_names
        }
        if path.stem == "positions":
            columns["shares"] = table["shares"].cast(pa.int64())
        if path.stem == "accounts":
            columns["cash"] = table["cash"].cast(pa.decimal128(20, 4))
        pq.write_table(pa.table(columns), path)
    assert fingerprints_of(Tables(tables).part(sorted(documents))) == before
    assert len(set(before.values())) == len(documents)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("accounts", "cash"),
        ("accounts", "cash_flow"),
        ("accounts", "max_position_value"),
        ("prices", "spread_bps"),
    ],
)
def test_a_number_that_is_none_is_not_a_number_that_is_missing(
    name: str, column: str, tmp_path: Path
) -> None:
    tables = keep(homes(1), tmp_path / "tables")

    def state(value: float | None) -> None:
        table = pq.read_table(tables / f"{name}.parquet")
        at = table.schema.get_field_index(column)
        cells = pa.array([value] * table.num_rows, pa.float64())
        pq.write_table(table.set_column(at, table.schema.field(at), cells), tables / f"{name}.parquet")

    state(None)
    run(tables, tmp_path / "out")
    state(float("nan"))
    assert run(tables, tmp_path / "out").changed == 1
    assert rows(tmp_path / "out") == fresh(tables, tmp_path)
    assert not rows(tmp_path / "out")["plans"]


@given(
    cents=st.lists(st.integers(0, 10**13), min_size=1, max_size=20),
    kind=st.sampled_from([pa.decimal128(20, 4), pa.decimal256(40, 4)]),
)
def test_a_decimal_is_the_number_that_its_text_is(cents: list[int], kind: pa.DataType) -> None:
    decimals = [Decimal(one).scaleb(-4) for one in cents]
    column = pa.array(decimals, kind)
    schema = pa.schema([("cash", pa.float64())])
    for stored in (column, column.dictionary_encode()):
        assert typed(pa.table({"cash": stored}), schema)["cash"].to_pylist() == [
            float(one) for one in decimals
        ]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"folder": 5}'])
def test_a_damaged_note_of_the_documents_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    tables = keep(homes(1), tmp_path / "tables")
    run(tables, tmp_path / "out")
    (tables / "documents.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"documents\.json") as caught:
        main(["batch-orders", str(tmp_path / "out"), str(tmp_path / "orders")])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "orders").exists()


def test_what_the_monitor_found_is_named_where_it_is_damaged(tmp_path: Path) -> None:
    tables = keep(homes(1), tmp_path / "tables")
    run(tables, tmp_path / "out", needed=MonitorOptions())
    (tmp_path / "out" / "monitor.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"monitor\.parquet: it cannot be read: .*plan again"):
        summarise(tmp_path / "out")
    run(tables, tmp_path / "out", needed=MonitorOptions())
    assert summarise(tmp_path / "out").planned == 1


EDITS = st.sampled_from(["cash", "add", "remove", "break", "mend", "prices"])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(EDITS, st.integers(0, 5)), min_size=1, max_size=4))
def test_any_edits_and_runs_end_as_a_first_run_does(
    edits: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("edits")
    documents = homes(3)
    tables = keep(documents, place / "tables")
    run(tables, place / "out")
    for edit, n in edits:
        name = f"h{n}"
        if edit == "add":
            documents[name] = home(f"A{n}", 7.0 + n)
        elif edit == "remove" and len(documents) > 1:
            documents.pop(name, None)
        elif edit == "prices":
            for document in documents.values():
                document["prices"] = {"VTI": 250.0 + n, "BND": 50.0}
        elif name in documents:
            account = documents[name]["accounts"][0]
            account |= {"cash": {"cash": 10.0 * n}, "break": {"cash": -1.0}, "mend": {"cash": 5.0}}[edit]
        keep(documents, tables)
        run(tables, place / "out")
    assert rows(place / "out") == fresh(tables, place)


def test_orders_are_written_of_current_plans_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, document in homes(2).items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    out, orders = tmp_path / "out", tmp_path / "orders"
    assert main(["batch", str(folder), str(out), "--workers", "1"]) == 0
    assert main(["batch-orders", str(out), str(orders)]) == 0
    before = {path.name: path.read_bytes() for path in orders.iterdir()}
    (folder / "h0.json").write_text(json.dumps(home("A0", 99.0)), encoding="utf-8")
    (folder / "h7.json").write_text(json.dumps(home("A7")), encoding="utf-8")
    with pytest.raises(InputError, match=r"changed since they were planned \(1 changed, 1 not planned\)"):
        main(["batch-orders", str(out), str(orders)])
    assert {path.name: path.read_bytes() for path in orders.iterdir()} == before
    capsys.readouterr()
    assert main(["batch", str(folder), str(out), "--workers", "1"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "3 households planned, 1 of them before, 1 again because they changed, 0 failed." in text
    assert main(["batch-orders", str(out), str(orders)]) == 0
    assert {path.name: path.read_bytes() for path in orders.iterdir()} != before
