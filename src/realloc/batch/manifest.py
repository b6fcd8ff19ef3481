"""What a run says of itself, in a file beside its results."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from realloc.batch.monitor import MonitorOptions
from realloc.errors import InputError, Issue

MANIFEST = "manifest.json"
OF_A_RUN = ("run_id", "tables")
"""Keys of the manifest that tell one run from another."""
OF_A_PLAN = ("engine_version", "time_limit")
"""Keys of the manifest with which every plan of a run was made."""

_TYPES: dict[str, tuple[type, ...]] = {
    "run_id": (str,),
    "tables": (str,),
    "engine_version": (str,),
    "time_limit": (int, float, type(None)),
    "needed": (dict, type(None)),
}


def read_manifest(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a run says of itself.

    Raises
    ------
    InputError
        There is no run in the folder, or its manifest is damaged.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "name the folder that `realloc batch` wrote"
        raise InputError(
            Issue(code="run.missing", where=str(folder), message="here are no results", hint=hint)
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        manifest, reason = {}, " ".join(str(error).split())
    else:
        reason = _fault(manifest)
    if reason:
        hint = f"remove {folder} and plan again: without it nobody knows what these are the results of"
        raise InputError(
            Issue(code="run.manifest", where=str(path), message=f"it is damaged: {reason}", hint=hint)
        )
    found: dict[str, Any] = manifest
    return found


def _fault(manifest: Any) -> str:
    """Return what is wrong with a manifest, or nothing."""
    if not isinstance(manifest, dict):
        return "it is no JSON object"
    for key, kinds in _TYPES.items():
        if key not in manifest:
            return f"{key} is missing"
        if not isinstance(manifest[key], kinds) or isinstance(manifest[key], bool):
            return f"{key} is {manifest[key]!r}"
    if manifest["needed"] is not None:
        try:
            MonitorOptions(**manifest["needed"])
        except (TypeError, InputError):
            return f"needed is {manifest['needed']!r}"
    return ""
