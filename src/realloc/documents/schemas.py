"""The JSON Schemas (draft 2020-12) of the documents."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal

SchemaName = Literal["household", "plan"]


def schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema of the household or the plan document.

    Raises
    ------
    ValueError
        There is no document of this name.

    Examples
    --------
    >>> schema("household")["title"]
    'Household'
    """
    if name not in ("household", "plan"):
        raise ValueError(f"no schema named {name!r}: there are 'household' and 'plan'")
    loaded: dict[str, Any] = json.loads(
        files("realloc.documents").joinpath("schema", f"{name}.schema.json").read_text(encoding="utf-8")
    )
    return loaded
