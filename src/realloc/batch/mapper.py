"""The mapper: a partition of household tables to a partition of result tables, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from realloc.batch.assemble import homes_of
from realloc.batch.homes import Home
from realloc.batch.results import Rows, failure_rows, plan_rows, results_table
from realloc.batch.tables import RESULTS
from realloc.engine import rebalance
from realloc.errors import InputError, Issue, ReallocError


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
    for household_id, home in homes_of(tables):
        for name, made in _planned(household_id, home, options).items():
            rows[name] += made
    return results_table(rows)


def _planned(household_id: str, home: Home | InputError, options: Options) -> Rows:
    try:
        if isinstance(home, InputError):
            raise home  # noqa: TRY301 - one way out for whatever is wrong with a household
        plan = rebalance(home.household(), time_limit=options.time_limit)
        return plan_rows(household_id, plan, options.run_id, home.fingerprint)
    except InputError as error:
        issues = [issue for issue in error.issues if issue.severity == "error"] or list(error.issues)
    except ReallocError as error:
        issues = [Issue(code=type(error).__name__, where="", message=str(error))]
    except Exception as error:  # noqa: BLE001 - a fault of ours in one household must not stop the others
        issues = [Issue(code="fault", where="", message=f"{type(error).__name__}: {error}")]
    return failure_rows(household_id, issues, options.run_id)
