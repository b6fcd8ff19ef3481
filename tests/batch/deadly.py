"""Workers that die: run in processes of their own, in place of the real one."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from realloc.batch import Options, local, plan_partition
from realloc.batch.folder import Tables

POISON = "poison"
DEATHS_AT_FIRST = 3


def dies_of_poison(pipe: Connection, tables: Path, parts: Path, options: Options) -> None:
    """Work as always, but die with a household that is called `POISON` in hand."""
    problem = local._problem

    def deadly(
        source: Tables, parts: Path, name: str, ids: Sequence[str], options: Options
    ) -> Exception | None:
        if POISON in ids:
            os.kill(os.getpid(), signal.SIGKILL)
        return problem(source, parts, name, ids, options)

    local._problem = deadly
    local._work(pipe, tables, parts, options)


def dies_at_first(pipe: Connection, tables: Path, parts: Path, options: Options) -> None:
    """Work as always, but the first workers die before they look at their pipe."""
    for n in range(DEATHS_AT_FIRST):
        try:
            (parts.parent / f"died-{n}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    local._work(pipe, tables, parts, options)


def deadly_plan(tables: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Plan as always, but die with a household that is called `POISON` in hand."""
    if POISON in tables["households"]["household_id"].to_pylist():
        os.kill(os.getpid(), signal.SIGKILL)
    return plan_partition(tables, options)
