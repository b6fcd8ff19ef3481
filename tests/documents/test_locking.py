"""One process changes a file at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from realloc.documents import locking
from realloc.documents.locking import changing
from realloc.errors import ExportError, ExportFolderError

HOLD = """
import sys
from realloc.documents.locking import changing
with changing(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_others_wait_and_are_then_refused_and_a_killed_process_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "PATIENCE", 0.1)
    path = tmp_path / "a.toml"
    path.write_text("x")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ExportError, match=r"a\.toml: another program has been changing"), changing(path):
            pass
        other.kill()
    assert (tmp_path / ".a.toml.lock").exists()
    with changing(path), changing(path):  # the thread that holds it may take it again
        assert (tmp_path / ".a.toml.lock").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["a.toml"]


def test_a_link_and_its_target_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.toml").write_text("x")
    (tmp_path / "link.toml").symlink_to(tmp_path / "there" / "a.toml")
    with changing(tmp_path / "link.toml"):
        assert (tmp_path / "there" / ".a.toml.lock").exists()


def test_a_folder_that_takes_no_file_is_an_export_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(locking, "take_lock", refuse)
    with (
        pytest.raises(ExportError, match=r"Cannot write .*a\.toml: Permission denied"),
        changing(tmp_path / "a.toml"),
    ):
        pass
    with pytest.raises(ExportFolderError), changing(tmp_path / "missing" / "a.toml"):
        pass
