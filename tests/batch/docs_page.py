"""The programs that the page on clusters shows."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "plan-on-a-cluster.md"


def block(name: str) -> str:
    """Return the program of a name."""
    found = re.search(rf"```{{\.python #{name}}}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]
