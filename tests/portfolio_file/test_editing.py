"""An edit changes what it has to change; every other byte of the file stays."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.portfolio_file.editing import add_section, open_kept, set_positions, set_rows, set_value

TEXT = """\
# top
as_of = 2026-08-21   # day

[[accounts]]  # first
label = "A"   # l
lots = [   # mine
  {symbol="VTI", shares=100, id='a1'}, # one
  {symbol="VTI",   shares=20.5}, # two
  # before three
  {symbol="BND", shares=3}, # three
]
cash = 1 # c

[accounts.targets]
VTI = 1

[[accounts]]
label = "B"
[[accounts.lots]]
symbol = "X" # x
shares = 5 # five
[[accounts.lots]]
symbol = "Y" # y
shares = 6 # six

# the model
[model.targets]
A = 1 # a
"""
NEW = {"symbol": "NEW", "shares": 7.5, "acquired": date(2026, 1, 2)}


def opened(tmp_path: Path, text: str = TEXT) -> Any:
    path = tmp_path / "portfolio.toml"
    path.write_bytes(text.encode())
    return open_kept(path)


def test_rows_of_a_list_are_changed_removed_and_added(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    set_rows(kept.document["accounts"][0], "lots", [(0, {"shares": 60.0}), (2, {}), (None, NEW)])
    expected = TEXT.replace("shares=100", "shares=60").replace('  {symbol="VTI",   shares=20.5}, # two\n', "")
    added = '  {symbol = "NEW", shares = 7.5, acquired = 2026-01-02},\n]\ncash'
    assert kept.text == expected.replace("]\ncash", added)


def test_sections_are_changed_removed_and_added_before_the_comment_of_what_follows(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    set_rows(kept.document["accounts"][1], "lots", [(1, {"shares": 2.5}), (None, NEW)])
    added = 'shares = 2.5 # six\n[[accounts.lots]]\nsymbol = "NEW"\nshares = 7.5\nacquired = 2026-01-02\n'
    expected = TEXT.replace('[[accounts.lots]]\nsymbol = "X" # x\nshares = 5 # five\n', "")
    assert kept.text == expected.replace("shares = 6 # six\n", added)


@pytest.mark.parametrize("rows", [[], [(0, {})], [(1, {})], [(None, NEW)]])
def test_comments_below_a_section_that_goes_stay(tmp_path: Path, rows: Any) -> None:
    kept = opened(tmp_path)
    set_rows(kept.document["accounts"][1], "lots", rows)
    assert "# the model\n[model.targets]" in kept.text
    assert len(tomllib.loads(kept.text)["accounts"][1]["lots"]) == len(rows)


def test_a_list_that_is_not_there_is_made_with_a_row_on_a_line(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    set_rows(kept.document, "recent_trades", [(None, NEW)])
    made = 'recent_trades = [\n    {symbol = "NEW", shares = 7.5, acquired = 2026-01-02},\n]\n'
    assert kept.text == TEXT.replace("# day\n", f"# day\n{made}", 1)


def test_positions_are_set_removed_and_made(tmp_path: Path) -> None:
    kept = opened(
        tmp_path, '[[accounts]]\npositions = { VTI = 3, BND = 4.5 } # p\n[[accounts]]\nlabel = "x"\n'
    )
    set_positions(kept.document["accounts"][0], {"BND": 4.5, "ITOT": 2.0})
    set_positions(kept.document["accounts"][1], {"VTI": 1.25})
    accounts = tomllib.loads(kept.text)["accounts"]
    assert [account["positions"] for account in accounts] == [{"BND": 4.5, "ITOT": 2}, {"VTI": 1.25}]
    assert "# p" in kept.text


def test_an_account_is_added_with_its_comment(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    add_section(kept, "accounts", {"label": "C", "kind": "?"}, {"kind": "say it"})
    assert tomllib.loads(kept.text)["accounts"][2] == {"label": "C", "kind": "?"}
    assert 'kind = "?" # say it\n' in kept.text
    assert "# the model\n[model.targets]" in kept.text


def test_accounts_that_are_no_sections_are_refused(tmp_path: Path) -> None:
    kept = opened(tmp_path, "accounts = []\n")
    with pytest.raises(InputError, match="not a list of sections"):
        add_section(kept, "accounts", {"label": "C"}, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_and_line_ends_stay(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "portfolio.toml"
    before = TEXT.replace("# top", "# tøp €").replace("\n", end)
    path.write_bytes(before.encode(encoding))
    kept = open_kept(path)
    set_value(kept.document["accounts"][0], "cash", 2.5)
    kept.write()
    assert path.read_bytes() == before.replace("cash = 1 #", "cash = 2.5 #").encode(encoding)


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not valid TOML"):
        opened(tmp_path, "a = = 1\n")


space = st.text(" \t", max_size=3)
comment = st.builds(
    lambda gap, text: f"{gap}#{text}",
    space,
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="@"), max_size=12),
)
end = st.one_of(space, comment)
blank = st.lists(end, max_size=2)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, int]:
    """Return a text with one mark where a number stands, and the number."""
    shares = draw(st.integers(1, 10_000))
    gap = [draw(space) for _ in range(8)]
    row = f"{{{gap[0]}symbol{gap[1]}={gap[2]}'VTI',{gap[3]}shares{gap[4]}={gap[5]}@{gap[6]},a=2026-01-02{gap[7]}}}"
    lines = [*draw(blank), f"name = 'x'{draw(end)}", *draw(blank), f"[[accounts]]{draw(end)}", *draw(blank)]
    if draw(st.booleans()):
        lines += [f"lots = [{draw(end)}", f"  {row}{gap[6]},{draw(end)}", f"]{draw(end)}"]
    else:
        lines += [f"[[accounts.lots]]{draw(end)}", "symbol = 'VTI'", f"shares{gap[0]}={gap[1]}@{draw(end)}"]
    lines += [*draw(blank), f"[model.targets]{draw(end)}", f"VTI = 1{draw(end)}", *draw(blank)]
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""]), shares


@given(document=documents(), new=st.integers(1, 10_000))
def test_an_edited_number_is_the_only_thing_that_changes(
    tmp_path_factory: pytest.TempPathFactory, document: tuple[str, int], new: int
) -> None:
    text, shares = document
    kept = opened(tmp_path_factory.mktemp("edit"), text.replace("@", str(shares)))
    set_rows(kept.document["accounts"][0], "lots", [(0, {"shares": float(new)})])
    assert kept.text == text.replace("@", str(new))
