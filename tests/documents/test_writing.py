from __future__ import annotations

import csv
import io
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.documents.writing import csv_table, spreadsheet_safe, write_whole
from realloc.errors import ExportError, ExportFolderError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_utf8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "Müller\r\nx\n")
    assert (tmp_path / "a.txt").read_bytes() == b"M\xc3\xbcller\r\nx\n"


def test_bytes_are_written_as_they_are_and_replace_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a longer file that was there before")
    write_whole(str(tmp_path / "a.bin"), b"\x00\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing does not exist") as caught:
        write_whole(tmp_path / "missing" / "a.txt", "x")
    assert isinstance(caught.value, ExportFolderError)
    assert names(tmp_path) == []


@pytest.mark.parametrize("bad", ["", "\0", "file/a.txt", "x" * 300])
def test_a_path_that_cannot_be_is_an_export_error(tmp_path: Path, bad: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="Cannot write"):
        write_whole(os.path.join(tmp_path, bad), "x")  # noqa: PTH118 - a Path would drop the empty name
    assert names(tmp_path) == ["file"]


def test_a_failure_at_the_last_step_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("os.fsync", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(step, refuse)
            with pytest.raises(ExportError, match=r"a\.txt: No space left on device"):
                write_whole(tmp_path / "a.txt", "new")
        assert (tmp_path / "a.txt").read_text() == "old"
        assert names(tmp_path) == ["a.txt"]


def test_the_content_is_on_the_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    replace = Path.replace

    def note_replace(self: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(self, target)

    monkeypatch.setattr("os.fsync", lambda _: steps.append("fsync"))
    monkeypatch.setattr(Path, "replace", note_replace)
    write_whole(tmp_path / "a.txt", "x")
    assert steps[:2] == ["fsync", "replace"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.txt", "x")
    assert names(tmp_path) == []


def test_a_write_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("old")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everything
    with pytest.raises(ExportError, match="write-protected"):
        write_whole(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_a_file_keeps_its_permissions_and_a_link_keeps_pointing(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link.txt").symlink_to(target)
    write_whole(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
def test_a_device_is_written_to_and_not_replaced() -> None:
    write_whole("/dev/null", "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116 - the device, not a path to it


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("A1", "A1"),
        ("Joint = ours", "Joint = ours"),
        ("-CROX260821C150", "-CROX260821C150"),
        ("-5", "-5"),
        ("+1", "+1"),
        ("BRK/B", "BRK/B"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
    ],
)
def test_only_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str, safe: str) -> None:
    assert spreadsheet_safe(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Joint;=1+1", "Joint;'=1+1"),
        ('Joint; "=1+1"', 'Joint;\' "=1+1"'),
        ("Joint\t@SUM(A1)", "Joint\t'@SUM(A1)"),
        ("Joint;-2+3+cmd|' /C calc'!A0", "Joint;'-2+3+cmd|' /C calc'!A0"),
        ("=1;=2", "'=1;'=2"),
        (' "=1+1"', '\' "=1+1"'),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-1+1", "'-1+1"),
        ("lot1: 3; lot2: 4", "lot1: 3; lot2: 4"),
        ("2024-01-02; -5", "2024-01-02; -5"),
        ("-1e-05", "-1e-05"),
    ],
)
def test_a_formula_is_also_seen_where_another_separator_begins_a_cell(text: str, safe: str) -> None:
    assert spreadsheet_safe(text) == safe


UNSEEN = "\x00\x07\x1b\x7f\x85\x9b\u200b\u200e\u202e\u2066\ufeff\u2028\ud800"


@given(st.lists(st.text("=+-@ ;\t\r\n\"'ab1(!|" + UNSEEN), min_size=1, max_size=4))
def test_no_cell_of_a_table_is_a_formula_or_hides_a_character(cells: list[str]) -> None:
    text = csv_table(["x"] * len(cells), [cells])
    assert all(character == "\n" or character.isprintable() for character in text)
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell in row:
                start = cell.lstrip(' "')
                assert not start.startswith(("=", "@", "\t", "\r"))
                assert not (cell.startswith("-") and set(re.split(r"[;,]", cell)[0]) & set("(|!=@"))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_what_is_half_written_can_be_read_by_nobody_who_cannot_read_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(mode)
    seen: list[int] = []
    open_ = os.open

    def note(path: Any, *arguments: Any) -> int:
        descriptor = open_(path, *arguments)
        if str(path).endswith(".tmp"):
            seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr("os.open", note)
    before = os.umask(0)
    try:
        write_whole(target, "new")
    finally:
        os.umask(before)
    assert seen == [0o600]
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", mode)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_group_that_cannot_be_kept_loses_its_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o660)
    other = target.stat().st_gid + 1
    try:
        os.chown(target, -1, other)
    except PermissionError:
        pytest.skip("only root gives files away")

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.chown", refuse)
    write_whole(target, "new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    monkeypatch.undo()
    os.chown(target, -1, other)
    target.chmod(0o660)
    write_whole(target, "newer")
    assert (target.stat().st_gid, stat.S_IMODE(target.stat().st_mode)) == (other, 0o660)


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_replaces_none_that_appears_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    target = tmp_path / "a.txt"
    fsync = os.fsync

    def appear(descriptor: int) -> None:
        target.write_text("another's")
        fsync(descriptor)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr("os.link", refuse)
    write_whole(tmp_path / "b.txt", "whole", new=True)
    assert (tmp_path / "b.txt").read_text() == "whole"
    monkeypatch.setattr("os.fsync", appear)
    with pytest.raises(ExportError, match=r"Cannot write .*a\.txt: .*exists"):
        write_whole(target, "ours", new=True)
    assert target.read_text() == "another's"
    assert names(tmp_path) == ["a.txt", "b.txt"]
