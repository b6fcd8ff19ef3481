"""Runs on this machine: whole, killed, resumed, and with what cannot be read or written."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.households import household
from realloc import ExportError, InputError
from realloc.batch import (
    TABLES,
    Options,
    Progress,
    local,
    plan_partition,
    read_results,
    run_local,
    tables_of,
    write_tables,
)
from realloc.batch.folder import Tables
from tests.batch.deadly import DEATHS_AT_FIRST, POISON, dies_at_first, dies_of_poison

N = 40
IDS = [f"h{n:03}" for n in range(N - 1)] + [POISON]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of forty households, one of them impossible to plan."""
    place = tmp_path_factory.mktemp("tables")
    documents = [household("S", seed=seed).to_dict() for seed in range(N)]
    documents[7]["accounts"][0]["positions"]["VTI"] = -5
    write_tables(tables_of(zip(IDS, documents, strict=True)), place)
    return place


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Any]:
    """What the mapper makes of all of them in this process."""
    made = plan_partition(Tables(folder).part(sorted(IDS)), Options())
    return {
        name: table.sort_by([(key, "ascending") for key in table.schema.names[:3]])
        for name, table in made.items()
    }


def written(table: Any) -> bytes:
    """Return a table as bytes, the same for the same rows."""
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return bytes(out.getvalue())


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Return whether sorted results are the same, byte for byte."""
    return all(written(found[name]) == written(table) for name, table in expected.items())


def ids_in(part: Path, table: str) -> list[str]:
    found: list[str] = pq.read_table(part / f"{table}.parquet")["household_id"].to_pylist()
    return found


def once_each(found: dict[str, Any]) -> bool:
    """Return whether plans and failures are all households, none of them twice."""
    planned, failed = (
        found["plans"]["household_id"].to_pylist(),
        found["failures"]["household_id"].to_pylist(),
    )
    return sorted([*planned, *set(failed)]) == sorted(IDS)


def test_a_run_is_what_the_mapper_makes_of_the_whole(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    told: list[Progress] = []
    end = run_local(folder, tmp_path / "out", workers=2, part=7, tell=told.append)
    assert end == Progress(total=N, before=0, finished=N)
    assert [one.finished for one in told] == sorted(one.finished for one in told)
    found = read_results(tmp_path / "out")
    assert same(found, expected)
    assert sorted(
        {*found["plans"]["household_id"].to_pylist(), *found["failures"]["household_id"].to_pylist()}
    ) == sorted(IDS)
    assert set(found["failures"]["household_id"].to_pylist()) == {"h007"}


def test_a_run_that_is_done_is_not_done_again(folder: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    run_local(folder, tmp_path, workers=1, part=20)
    failed = [path for path in tmp_path.glob("parts/*") if "h007" in ids_in(path, "failures")]
    before = {
        path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet") if path.parent not in failed
    }
    end = run_local(folder, tmp_path, workers=1)
    assert end == Progress(total=N, before=N - 1, finished=1, retried=1)
    assert all(path.stat().st_mtime_ns == changed for path, changed in before.items())
    assert same(read_results(tmp_path), expected)


def test_workers_killed_at_random_lose_nothing(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    ended = threading.Event()

    def kill_workers() -> None:
        for _ in range(4):
            time.sleep(0.7)
            for pid in _children(os.getpid()):
                if not ended.is_set():
                    os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_workers)
    killer.start()
    try:
        run_local(
            folder, tmp_path, workers=2, part=20
        )  # four deaths are too few to bring 20 households down to one
    finally:
        ended.set()
        killer.join()
    found = read_results(tmp_path)
    assert once_each(found)
    assert same(found, expected)


def test_workers_that_die_before_they_work_are_replaced(
    folder: Path, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local._Run, "work", staticmethod(dies_at_first))
    run_local(folder, tmp_path, workers=2, part=40)
    assert len(list(tmp_path.glob("died-*"))) == DEATHS_AT_FIRST
    assert same(read_results(tmp_path), expected)


def test_a_part_stays_in_line_while_no_worker_lives_to_take_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(_: object) -> local._Worker:
        ours, theirs = multiprocessing.Pipe()
        theirs.close()
        process = multiprocessing.get_context("spawn").Process()
        monkeypatch.setattr(process, "join", lambda: None)
        return local._Worker(process, ours)

    monkeypatch.setattr(local._Run, "_start", dead)
    run = local._Run(folder, tmp_path, Options(), Progress(total=1, before=0, finished=0), id)
    parts = deque([local._Part("a", ["h001"])])
    worker = run._start()
    for _ in range(3):
        worker = run._hand(worker, parts)
        assert worker.part is None
        assert [part.ids for part in parts] == [["h001"]]
    worker.pipe.close()


def test_a_household_that_takes_too_long_gets_the_best_audited_plan(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    run_local(folder, tmp_path, workers=2, part=20, options=Options(time_limit=1e-4))
    found = read_results(tmp_path)
    assert once_each(found)
    plans = found["plans"].to_pylist()
    assert "time_limit" in {plan["status"] for plan in plans}
    best = {plan["household_id"]: plan for plan in expected["plans"].to_pylist()}
    for plan in plans:
        assert plan["bound"] <= best[plan["household_id"]]["objective"] + 1e-6
        assert plan["objective"] <= plan["do_nothing"] + 1e-6
        assert plan["objective"] >= best[plan["household_id"]]["bound"] - 1e-6


def test_a_household_that_kills_its_worker_is_set_aside_and_the_others_are_planned(
    folder: Path, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local._Run, "work", staticmethod(dies_of_poison))
    assert run_local(folder, tmp_path, workers=2, part=8).finished == N
    found = read_results(tmp_path)
    failures = {row["household_id"]: row["code"] for row in found["failures"].to_pylist()}
    assert failures[POISON] == "worker.died"
    kept = pa.compute.not_equal(expected["plans"]["household_id"], POISON)
    assert found["plans"].equals(expected["plans"].filter(kept))


def test_a_run_whose_parent_is_killed_goes_on_where_it_was(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    code = (
        "import sys; from realloc.batch import run_local\n"
        "if __name__ == '__main__': run_local(sys.argv[1], sys.argv[2], workers=2, part=4)"
    )
    script = tmp_path / "run.py"
    script.write_text(code, encoding="utf-8")
    out = tmp_path / "out"
    run = subprocess.Popen([sys.executable, str(script), str(folder), str(out)])
    until = time.monotonic() + 60
    while time.monotonic() < until and len(list(out.glob("parts/[0-9]*"))) < 2:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    end = run_local(folder, out, workers=2, part=4)
    assert end.before > 0
    assert end.before + end.finished == N
    assert same(read_results(out), expected)


def test_a_part_that_was_left_half_written_is_no_result(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    run_local(folder, tmp_path, workers=1)
    partial = tmp_path / "parts" / ".00000000-00000000-1"
    partial.mkdir()
    (partial / "plans.parquet").write_bytes(b"PAR1")
    assert same(read_results(tmp_path), expected)
    assert run_local(folder, tmp_path, workers=1).before == N - 1
    assert not partial.exists()


def test_results_of_another_run_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    run_local(folder, tmp_path, workers=1)
    with pytest.raises(InputError, match="another run"):
        run_local(folder, tmp_path, options=Options(run_id="other"))


def test_a_part_that_cannot_be_read_fails_for_its_households_alone(
    folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in TABLES}
    broken = tmp_path / "tables"
    write_tables({name: table for name, table in tables.items() if name != "positions"}, broken)
    place = broken / "positions"
    place.mkdir()
    key = pa.compute.less(tables["positions"]["household_id"], "h020")
    pq.write_table(tables["positions"].filter(key), place / "1.parquet", compression="none")
    pq.write_table(
        tables["positions"].filter(pa.compute.invert(key)), place / "2.parquet", compression="none"
    )
    data = bytearray((place / "2.parquet").read_bytes())
    data[4:80] = b"\xff" * 76
    (place / "2.parquet").write_bytes(bytes(data))
    run_local(broken, tmp_path / "out", workers=1, part=20)
    found = read_results(tmp_path / "out")
    failures = {row["household_id"]: row for row in found["failures"].to_pylist()}
    assert {row["code"] for name, row in failures.items() if name != "h007"} == {"table.unreadable"}
    assert "positions" in failures["h021"]["message"] + failures["h021"]["where"]
    planned = set(found["plans"]["household_id"].to_pylist())
    assert planned | failures.keys() == set(IDS)
    assert {f"h{n:03}" for n in range(20)} - {"h007"} == planned
    assert once_each(found)
    kept = pa.compute.is_in(expected["plans"]["household_id"], pa.array(sorted(planned)))
    assert written(found["plans"]) == written(expected["plans"].filter(kept))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["/bin/umount", str(place)], check=True)


def test_a_full_disk_ends_the_run_and_more_room_lets_it_go_on(
    folder: Path, expected: dict[str, Any], small_disk: Path
) -> None:
    with pytest.raises(ExportError, match="No space left on device"):
        run_local(folder, small_disk, workers=2, part=4)
    subprocess.run(["/bin/mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    run_local(folder, small_disk, workers=2, part=4)
    assert same(read_results(small_disk), expected)


def test_missing_tables_and_columns_are_named_at_once(tmp_path: Path, folder: Path) -> None:
    for name in TABLES.keys() - {"positions", "models"}:
        (tmp_path / f"{name}.parquet").write_bytes((folder / f"{name}.parquet").read_bytes())
    lots = pq.read_table(tmp_path / "lots.parquet").drop(["acquired"])
    shares = lots.schema.get_field_index("shares")
    pq.write_table(lots.set_column(shares, "shares", lots["symbol"]), tmp_path / "lots.parquet")
    restrictions = pq.read_table(tmp_path / "restrictions.parquet").append_column("rules", [["no_buy"] * 0])
    pq.write_table(restrictions, tmp_path / "restrictions.parquet")
    (tmp_path / "prices.parquet").write_text("symbol,price\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run_local(tmp_path, tmp_path / "out")
    found = {(Path(issue.where).name, issue.code) for issue in caught.value.issues}
    assert found == {
        ("positions", "table.missing"),
        ("models", "table.missing"),
        ("lots.parquet", "column.missing"),
        ("lots.parquet", "column.type"),
        ("prices.parquet", "table.unreadable"),
        ("restrictions.parquet", "column.unknown"),
    }
    assert "did you mean 'rule'?" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_households_are_there_once(tmp_path: Path, folder: Path) -> None:
    for path in folder.glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    homes = pq.read_table(folder / "households.parquet")
    pq.write_table(pa.concat_tables([homes, homes.slice(3, 1)]), tmp_path / "households.parquet")
    with pytest.raises(InputError, match="there twice"):
        run_local(tmp_path, tmp_path / "out")


def test_the_manifest_says_what_was_run(folder: Path, tmp_path: Path) -> None:
    run_local(folder, tmp_path, workers=1, options=Options(run_id="r1", time_limit=5.0))
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] == "r1"
    assert manifest["time_limit"] == 5.0


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    names = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in listed if Path(f"/proc/{pid}").exists()
    }
    return [int(pid) for pid, name in names.items() if b"spawn_main" in name]
