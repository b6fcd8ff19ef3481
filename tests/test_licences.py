"""The page of licences has every dependency of the package and of its extras, with what each states of itself."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8")
ROWS = {
    name: (where, licence)
    for name, where, licence in re.findall(r"^\| (\S+) \| (.+) \| (\S+) \|$", PAGE, re.MULTILINE)
}
OF_OURS = ("test", "ranges", "dev", "mutation")
"""Extras for work on realloc itself; nobody ships them."""
WORDS = {
    "Apache-2.0": ("Apache-2.0", "Apache Software License"),
    "BSD-3-Clause": ("BSD-3-Clause", "BSD License"),
    "PSF": ("Python Software Foundation License",),
}
"""The words by which metadata name a licence, where they are not its identifier alone."""


def extras() -> dict[str, set[str]]:
    """Return the extras of each distribution; none for what is always needed."""
    found: dict[str, set[str]] = {re.split(r"[\[<>=]", each)[0]: set() for each in PROJECT["dependencies"]}
    for extra, needed in PROJECT["optional-dependencies"].items():
        for each in needed if extra not in OF_OURS else ():
            name = re.split(r"[\[<>=]", each)[0]
            if name != "realloc":
                found.setdefault(name, set()).add(extra)
    return found


def test_the_page_has_every_dependency_with_its_extras() -> None:
    listed = {
        name: set(re.findall(r"`\[(\w+)\]`", where)) for name, (where, _) in ROWS.items() if name != "---"
    }
    listed.pop("distribution", None)
    assert listed == extras()


@pytest.mark.parametrize("name", sorted(extras()))
def test_a_licence_is_the_one_that_the_distribution_states(name: str) -> None:
    stated = metadata(name)
    keys = ("License-Expression", "License", "Classifier")
    texts = [text for key in keys for text in stated.get_all(key, [])]
    licence = ROWS[name][1]
    assert any(word in text for word in WORDS.get(licence, (licence,)) for text in texts)
