"""Plans of the oldest and the newest HiGHS of the range that pyproject declares, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from benchmarks import households as synthetic
from realloc.checking import check
from realloc.errors import InputError
from realloc.household import Household
from tests.optimizer.cases import drawn, whole_documents

ROOT = Path(__file__).parents[2]

OLDEST, NEWEST = "1.15.0", "1.16.0"

CENT = 0.01

PLANS = """
import json, sys
from importlib.metadata import version
from realloc import Household, rebalance
plans = [rebalance(Household.from_dict(document)).to_dict()["certificate"] for document in json.load(sys.stdin)]
json.dump({"highspy": version("highspy"), "plans": plans}, sys.stdout)
"""

pytestmark = pytest.mark.versions


def documents() -> list[dict[str, Any]]:
    """Return 60 households of a benchmark's size S and as many drawn with every rule."""
    found = [synthetic.document("S", seed, kind) for seed in range(1, 21) for kind in synthetic.VARIANTS]

    @settings(drawn, max_examples=60)
    @given(whole_documents())
    def collect(document: dict[str, Any]) -> None:
        try:
            household = Household.from_dict(document)
        except InputError:
            return
        if all(issue.severity != "error" for issue in check(household)):
            found.append(document)

    collect()
    return found


def plans(version: str, folder: Path, households: str) -> list[dict[str, Any]]:
    """Return the certificates of the plans that the package makes with a version of highspy."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*install, f"highspy=={version}"], check=True)
    path = os.pathsep.join([str(folder), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-c", PLANS],
        check=True,
        input=households,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    answer = json.loads(done.stdout)
    assert answer["highspy"] == version
    made: list[dict[str, Any]] = answer["plans"]
    return made


def test_the_oldest_and_the_newest_solver_prove_the_same(tmp_path: Path) -> None:
    """Every plan has passed the audit. No version's plan beats the bound of the other; small ones agree to the cent."""
    households = documents()
    assert len(households) > 100
    text = json.dumps(households)
    old, new = (plans(version, tmp_path / version, text) for version in (OLDEST, NEWEST))
    closed = 0
    for one, other in zip(old, new, strict=True):
        assert one["bound"] <= other["objective"] + CENT
        assert other["bound"] <= one["objective"] + CENT
        if max(one["gap"], other["gap"]) < CENT:
            assert one["objective"] == pytest.approx(other["objective"], abs=CENT)
            closed += 1
    assert closed > 50
