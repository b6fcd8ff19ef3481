"""The mapper: a partition of household tables to a partition of result tables, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from realloc.batch.tables import RESULTS, fingerprint, households_of, plan_rows
from realloc.engine import rebalance
from realloc.errors import InputError, Issue, ReallocError
from realloc.household import Household


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How households are planned.

    Parameters
    ----------
    run_id : str
        Stands in every row of `plans` and `failures`.
    time_limit : float, optional
        Seconds of search for one household; the best audited plan is returned with its gap.
    """

    run_id: str = ""
    time_limit: float | None = None


def plan_partition(tables: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Plan the households of a partition.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As `realloc.batch.TABLES` has them.
    options : Options
        How.

    Returns
    -------
    dict of str to pyarrow.Table
        By the names of `realloc.batch.RESULTS`. A household that cannot be planned has its rows in ``failures``,
        whatever went wrong with it; nothing is raised for one household.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in RESULTS}
    for household_id, document in households_of(tables):
        for name, made in _planned(household_id, document, options).items():
            rows[name] += made
    return results_table(rows)


@cache
def engine_version() -> str:
    """Return the version of the package that plans."""
    return version("realloc")


def results_table(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return rows as the tables of `RESULTS`."""
    return {name: pa.Table.from_pylist(rows.get(name, []), schema=schema) for name, schema in RESULTS.items()}


def failure_rows(household_id: str, issues: list[Issue], run_id: str) -> list[dict[str, Any]]:
    """Return a failed household's rows, one for each issue."""
    stamp = {"household_id": household_id, "run_id": run_id, "engine_version": engine_version()}
    return [{**stamp, "code": issue.code, "where": issue.where, "message": issue.message} for issue in issues]


def _planned(
    household_id: str, document: dict[str, Any] | InputError, options: Options
) -> dict[str, list[dict[str, Any]]]:
    try:
        if isinstance(document, InputError):
            raise document  # noqa: TRY301 - one way out for whatever is wrong with a household
        plan = rebalance(Household.from_dict(document), time_limit=options.time_limit)
        stamp = {
            "run_id": options.run_id,
            "engine_version": engine_version(),
            "fingerprint": fingerprint(document),
        }
        return plan_rows(household_id, plan, stamp)
    except InputError as error:
        issues = [issue for issue in error.issues if issue.severity == "error"] or list(error.issues)
    except ReallocError as error:
        issues = [Issue(code=type(error).__name__, where="", message=str(error))]
    except Exception as error:  # noqa: BLE001 - a fault of ours in one household must not stop the others
        issues = [Issue(code="fault", where="", message=f"{type(error).__name__}: {error}")]
    return {"failures": failure_rows(household_id, issues, options.run_id)}
