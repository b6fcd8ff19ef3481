"""Whatever stands in a portfolio file, reading it ends in a portfolio or in issues of our own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.portfolio_file.editing import open_kept
from realloc.portfolio_file.loading import read_portfolio
from tests.portfolio_file.broker_files import HOUSEHOLD, household

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["?", "downloads/*.csv", "**", "[", "/", "VTI", "...", "taxable", "no such plugin"]),
    st.dates(),
    st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.text(max_size=4), st.one_of(st.integers(), st.text(max_size=3)), max_size=2),
)


ADDED = ["cash", "positions", "mapping", "importer", "file", "date", "x"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return household(tmp_path_factory.mktemp("fuzz")).parent


def outcome(path: Path) -> None:
    """Read a portfolio file; anything but a portfolio or errors is a failure of the test."""
    portfolio, issues = read_portfolio(path)
    errors = [issue for issue in issues if issue.severity == "error"]
    assert (portfolio is None) == bool(errors)
    assert all(issue.code and issue.message for issue in issues)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with each of its keys."""
    found: list[tuple[Any, Any]] = []
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        found += [(value, key), *places(value[key])]
    return found


@given(data=st.data())
def test_a_value_that_is_something_else_is_an_issue_or_a_portfolio(folder: Path, data: st.DataObject) -> None:
    document = tomllib.loads(HOUSEHOLD)
    for _ in range(data.draw(st.integers(1, 2))):
        container, key = data.draw(st.sampled_from(places(document)))
        odd = data.draw(ODD)
        if odd is None:
            del container[key]
        elif data.draw(st.booleans()) or isinstance(container, list):
            container[key] = odd
        else:
            container[
                data.draw(st.sampled_from(["cash", "positions", "mapping", "importer", "file", "date", "x"]))
            ] = odd
    path = folder / "changed.toml"
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    outcome(path)


@given(
    at=st.integers(0, len(HOUSEHOLD)),
    cut=st.integers(0, 8),
    put=st.binary(max_size=6),
)
def test_damaged_bytes_are_an_issue_or_a_portfolio(folder: Path, at: int, cut: int, put: bytes) -> None:
    data = HOUSEHOLD.encode()
    path = folder / "damaged.toml"
    path.write_bytes(data[:at] + put + data[at + cut :])
    outcome(path)
    try:
        kept = open_kept(path)
    except InputError:
        return
    assert kept.text.encode(kept.encoding) == path.read_bytes()
