"""The mapper in a process of its own, so that a household which kills it is found and set aside."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from realloc.batch.results import DEATHS, set_aside
from realloc.batch.stream import OWN, Plan


class Guard:
    """A mapper that runs another one in a child process and survives its death.

    Households whose child died are tried again in halves; one that is alone in the end is set aside.

    Parameters
    ----------
    plan : callable
        The mapper, with its options; it is pickled.
    run_id : str
        Stands in the failure of a household that is set aside.
    """

    def __init__(self, plan: Plan, run_id: str) -> None:
        self.plan, self.run_id = plan, run_id
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, tables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the result tables of a partition."""
        ids = sorted(set(tables["households"]["household_id"].to_pylist()))
        for _ in range(1 if len(ids) > 1 else DEATHS):
            try:
                self._pipe.send(tables)
                answer: Mapping[str, Any] = self._pipe.recv()
            except (EOFError, OSError):
                self._stop()
                self._start()
            else:
                return answer
        if len(ids) == 1:
            return set_aside(ids[0], self.run_id)
        half = len(ids) // 2
        made = [self(_only(tables, some)) for some in (ids[:half], ids[half:])]
        return {name: pa.concat_tables([part[name] for part in made]) for name in made[0]}

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self.plan), daemon=True)
        self._process.start()
        theirs.close()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, plan: Plan) -> None:
    """Answer until the parent is gone."""
    while True:
        try:
            tables = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(plan(tables))


def _only(tables: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    wanted = pa.array(ids, pa.string())
    return {
        name: table.filter(pc.is_in(table["household_id"], wanted)) if name in OWN else table
        for name, table in tables.items()
    }
