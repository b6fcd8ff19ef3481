"""What of the results of a run is still true: which households have the content that their plan was made for."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from realloc.batch.assemble import fingerprints_of
from realloc.batch.folder import Tables
from realloc.batch.manifest import read_manifest
from realloc.batch.monitor import MonitorOptions
from realloc.batch.needed import monitor_folder
from realloc.batch.store import read_results
from realloc.errors import InputError, Issue

CHUNK = 2_000
"""Households whose rows are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the households of a run stand against the tables as they are now.

    Parameters
    ----------
    kept : set of str
        Planned, and nothing that their plan depends on has changed since.
    changed : set of str
        Planned, and something has.
    failed : set of str
        Could not be planned, whatever their rows say now.
    gone : set of str
        Planned or failed, and no longer in the tables or no longer in need of a plan.
    new : set of str
        Neither planned nor failed.
    """

    kept: frozenset[str]
    changed: frozenset[str]
    failed: frozenset[str]
    gone: frozenset[str]
    new: frozenset[str]


def standing(
    source: Tables, wanted: Collection[str], planned: Mapping[str, str], failed: Collection[str]
) -> Standing:
    """Return how households stand.

    Parameters
    ----------
    source : Tables
        The tables as they are now.
    wanted : collection of str
        Households to plan.
    planned : mapping of str to str
        Fingerprints of the plans that there are, by household.
    failed : collection of str
        Households that could not be planned.
    """
    asked = frozenset(wanted)
    now = _fingerprints(source, sorted(asked & planned.keys()))
    kept = frozenset(one for one, content in now.items() if content == planned[one])
    tried = asked & frozenset(failed)
    return Standing(
        kept=kept - tried,
        changed=(asked & planned.keys()) - kept - tried,
        failed=tried,
        gone=frozenset({*planned, *failed}) - asked,
        new=asked - planned.keys() - tried,
    )


def _fingerprints(source: Tables, ids: Sequence[str]) -> dict[str, str]:
    """Return the fingerprints of households whose rows can be read."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), CHUNK):
        try:
            found |= fingerprints_of(source.part(ids[start : start + CHUNK]))
        except InputError:
            continue  # what cannot be read now is planned again, and fails with its reason
    return found


def require_current(results: str | os.PathLike[str], tables: str | os.PathLike[str] | None = None) -> None:
    """Refuse results that are not those of the tables as they are now.

    Parameters
    ----------
    results : str or path
        Folder of the run.
    tables : str or path, optional
        Folder of its tables; None: the one that the run read.

    Raises
    ------
    InputError
        A household was changed, added or removed since it was planned, or was left over by a run that was stopped; or
        the results, or the tables, cannot be read.
    """
    manifest = read_manifest(results)
    folder = tables or manifest["tables"]
    source = Tables(folder)
    plans = read_results(results, ["plans"], ("household_id", "fingerprint"))["plans"]
    planned = dict(zip(*(plans[name].to_pylist() for name in ("household_id", "fingerprint")), strict=True))
    failures = read_results(results, ["failures"], ("household_id",))["failures"]["household_id"].to_pylist()
    if manifest["needed"] is None:
        wanted = source.ids()
    else:
        looked = monitor_folder(folder, MonitorOptions(**manifest["needed"]))
        wanted = looked.filter(looked["needed"])["household_id"].to_pylist()
    found = standing(source, wanted, planned, failures)
    stale = [
        f"{len(homes):,} {word}"
        for homes, word in ((found.changed, "changed"), (found.gone, "gone"), (found.new, "not planned"))
        if homes
    ]
    if stale:
        raise InputError(
            Issue(
                code="run.stale",
                where=str(results),
                message=f"the households have changed since they were planned ({', '.join(stale)})",
                hint="run 'realloc batch' again with the same folders: what has not changed is kept",
            )
        )
