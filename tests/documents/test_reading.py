"""Household documents from files: every fault has its file, its place and its remedy."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.documents import load_household, read_document, text
from realloc.errors import InputError, Issue

ANNOTATED = Path(__file__).parent / "data" / "annotated_household.json"
SMALL: dict[str, Any] = {
    "as_of": "2026-11-20",
    "prices": {"VTI": 250.5},
    "accounts": [{"label": "IRA", "account_number": "A1", "cash": 10, "positions": {"VTI": 2}}],
    "model": {"name": "All", "targets": {"VTI": 1}},
}


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_household(path)
    for issue in caught.value.issues:
        assert issue.where.startswith(str(path))
    return str(caught.value).replace(str(path), path.name)


def outcome(read: Callable[[Path], Any], path: Path) -> tuple[Any, tuple[Issue, ...]]:
    """Return what was read, or the issues of the package's own error; any other error passes through."""
    try:
        return read(path), ()
    except InputError as error:
        return None, error.issues


def test_the_documented_household_loads_with_all_its_parts() -> None:
    household = load_household(ANNOTATED)
    assert household.as_of == date(2026, 11, 20)
    assert household.spreads_bps == {"BND": 2.0}
    account = household.accounts[0]
    assert [lot.shares for lot in account.lots] == [100, 20]
    assert (account.only, account.cash_flow, account.max_position_value) == (
        ("FXAIX", "FXNAX"),
        -1000.0,
        50000.0,
    )
    assert list(household.model.classes) == ["us_stock", "bonds", "CASH"]
    assert household.policy.wash_sales.identical == (("VTI", "VTSAX"),)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(SMALL).encode(),
        b"\xef\xbb\xbf" + json.dumps(SMALL).encode(),
        json.dumps(SMALL, indent=1).replace("\n", "\r\n").encode(),
        json.dumps(SMALL).encode("utf-16"),
        b"\xfe\xff" + json.dumps(SMALL).encode("utf-16-be"),
    ],
    ids=["utf-8", "byte-order mark", "windows line ends", "utf-16", "utf-16 big-endian"],
)
def test_a_document_loads_from_every_usual_encoding(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "household.json"
    path.write_bytes(data)
    assert load_household(path).prices == {"VTI": 250.5}


def test_toml_has_the_same_keys_and_gives_the_same_household(tmp_path: Path) -> None:
    path = tmp_path / "household.TOML"
    path.write_text(
        """
        as_of = 2026-11-20
        [prices]
        VTI = 250.5
        [[accounts]]
        label = "IRA"
        account_number = "A1"
        cash = 10
        positions = {VTI = 2}
        [model]
        name = "All"
        targets = {VTI = 1}
        """,
        encoding="utf-8",
    )
    from_json = tmp_path / "household.json"
    from_json.write_text(json.dumps(SMALL), encoding="utf-8")
    assert load_household(path).to_dict() == load_household(from_json).to_dict()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.json: the file is empty"),
        (b"\xef\xbb\xbf \n", "a.json: the file is empty"),
        (b"\x89PNG\r\n", "a.json: not text in UTF-8: byte 1 is 0x89 (save it as UTF-8 text)"),
        (b'{"label": "Caf\xe9"}', "a.json: not text in UTF-8: byte 15 is 0xe9 (save it as UTF-8 text)"),
        (
            '{"a": 1}'.encode("utf-16-le"),
            "a.json: not text: it has null characters (save it as UTF-8 text (CSV, JSON or TOML))",
        ),
        (b"[1]", "a.json: expected an object, found a list (the document starts with '{')"),
        (
            b'{"prices":\n  {"VTI": 1,}}',
            (
                "a.json:2:13: not valid JSON: expecting property name enclosed in double quotes "
                "(keys stand in double quotes, and no comma stands before a closing bracket)"
            ),
        ),
        (
            b'{"prices": {"VTI": 1}} x',
            "a.json:1:24: not valid JSON: extra data (the document ends before this place)",
        ),
        (b"[" * 100_000, "a.json: objects and lists are nested too deeply"),
        (
            b'{"prices": {"VTI": 1, "BND": 2, "VTI": 3}}',
            "a.json: prices.VTI: 'VTI' occurs twice in one object (keep one of the two)",
        ),
        (
            b'{"accounts": [{"cash": NaN}, {"a b": -Infinity}]}',
            (
                "a.json: accounts[0].cash: expected a finite number, found nan "
                "(write a plain number such as 12.5); a.json: accounts[1]['a b']: expected a finite number, "
                "found -inf (write a plain number such as 12.5)"
            ),
        ),
        (
            b'{"prices": {"VTI": 1e999}}',
            "a.json: prices.VTI: expected a finite number, found inf (write a plain number such as 12.5)",
        ),
        (
            b'{"prices": {"VTI": ' + b"9" * 5000 + b"}}",
            "a.json: prices.VTI: expected a finite number, found inf (write a plain number such as 12.5)",
        ),
        (
            b'{"label": "\\ud800"}',
            "a.json: label: a text has half of a surrogate pair (\\ud800 to \\udfff)",
        ),
    ],
)
def test_an_unusable_file_is_refused_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    assert refusal(path) == message


@pytest.mark.parametrize(
    ("toml", "start"),
    [
        ("a = \n", "a.toml:1:5: not valid TOML: invalid value"),
        ("[prices]\nVTI = 1\nVTI = 2\n", "a.toml:3:8: not valid TOML: cannot overwrite a value"),
        ("[prices]\nVTI = nan\n", "a.toml: prices.VTI: expected a finite number, found nan"),
        ("a = " + "9" * 5000, "a.toml: not valid TOML: exceeds the limit"),
        ("a = " + "[" * 50_000, "a.toml: objects and lists are nested too deeply"),
    ],
)
def test_an_unusable_toml_file_is_refused_with_its_place(tmp_path: Path, toml: str, start: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(toml, encoding="utf-8")
    assert refusal(path).startswith(start)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.json") == "a.json: no such file (check the path)"
    assert refusal(tmp_path) == f"{tmp_path.name}: this is a folder, not a file (name a file in it)"


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 1000)
    assert refusal(long) == f"{long.name}: the file cannot be read: File name too long"

    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    assert refusal(tmp_path / "a.json") == "a.json: the file may not be read (check its permissions)"


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LARGEST_FILE", 1024**2)
    path = tmp_path / "a.json"
    path.write_bytes(b" " * (1024**2 + 1))
    assert refusal(path).startswith("a.json: the file is larger than 1 MiB")
    path.write_bytes(b" " * (1024**2 - 2) + b"{}")
    assert read_document(path) == {}


def test_faults_of_the_household_have_the_file_before_their_path(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(SMALL | {"model": {"name": "x", "target": {}}}), encoding="utf-8")
    assert refusal(path) == "a.json: model.target: unknown key 'target' (did you mean 'targets'?)"


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_end_in_a_document_or_in_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("a.json", "a.toml"):
        path = folder / name
        path.write_bytes(data)
        document, issues = outcome(read_document, path)
        if issues:
            assert all(issue.where.startswith(str(path)) for issue in issues)
        else:
            parse = tomllib.loads if name.endswith("toml") else json.loads
            assert document == parse(text.read_text(path))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["prices", "accounts", "model", "positions", "targets", "cash", "VTI", "policy", "lots", ""]
            ),
            children,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["prices", "accounts", "model", "policy", "as_of"]), json_values))
def test_any_structure_ends_in_a_household_or_in_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    household, issues = outcome(load_household, path)
    assert (household is None) == bool(issues)
    assert all(issue.where.startswith(str(path)) for issue in issues)
