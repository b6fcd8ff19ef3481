"""What a release needs agrees: the version wherever it stands, and the Pythons that are claimed and tested."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_version_to_cite_is_the_version_of_the_package() -> None:
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {PROJECT['version']}" in cited
    assert f"license: {PROJECT['license']}" in cited


def test_the_changelog_has_no_release_later_than_the_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [tuple(map(int, heading.split("."))) for heading in headings[1:]]
    assert released == sorted(released, reverse=True)
    assert all(version <= tuple(map(int, PROJECT["version"].split("."))) for version in released)


def test_every_python_that_is_claimed_is_tested_on_each_push() -> None:
    workflow = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    matrix = re.search(r"^ +python: (\[.+\])$", workflow, re.MULTILINE)
    claimed = [
        line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: \d+\.\d+$", line)
    ]
    assert matrix is not None
    assert json.loads(matrix.group(1)) == claimed
