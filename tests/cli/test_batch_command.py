"""The subcommand ``batch`` on folders of documents and of tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realloc.cli.main import main
from realloc.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """Three documents, one of which names a symbol without a price."""
    folder = tmp_path / "homes"
    folder.mkdir()
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name in ("one", "two"):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    document["model"]["classes"]["bonds"]["symbols"] = ["ZZZ"]
    (folder / "three.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_folder_of_documents_is_planned_and_what_fails_is_told(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    assert main(["batch", str(homes), str(out), "--workers", "1", "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["households"], summary["planned"], summary["failed"]) == (3, 2, 1)
    assert summary["orders"] == 16
    assert sum(summary["failures"].values()) >= 1
    assert main(["batch", str(homes), str(out)]) == 0
    text = capsys.readouterr().out
    assert "2 households planned, 3 of them before, 1 failed." in " ".join(text.split())


def test_a_folder_that_is_not_there_and_numbers_that_mean_nothing_are_refused(
    homes: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no such folder"):
        main(["batch", str(tmp_path / "no"), str(tmp_path / "out")])
    with pytest.raises(InputError, match="more than 0"):
        main(["batch", str(homes), str(tmp_path / "out"), "--workers", "0"])
    with pytest.raises(InputError, match="the table is missing"):
        main(["batch", str(tmp_path), str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
