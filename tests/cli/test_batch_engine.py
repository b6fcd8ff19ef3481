"""The engine of ``realloc batch``: what a Spark cluster needs is told before anything is planned."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest

from realloc.cli.main import main
from realloc.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """A folder of one document."""
    folder = tmp_path / "homes"
    folder.mkdir()
    shutil.copy(EXAMPLE, folder / "one.json")
    return folder


def spark(homes: Path, out: Path, *more: str) -> list[str]:
    return ["batch", str(homes), str(out), "--engine", "spark", *more]


def test_a_cluster_needs_a_url_and_its_own_engine(homes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"--master: .* needs the URL of the cluster"):
        main(spark(homes, out))
    with pytest.raises(InputError, match="--master: it needs --engine spark"):
        main(["batch", str(homes), str(out), "--master", "spark://127.0.0.1:7077"])
    with pytest.raises(InputError, match="--workers: a Spark cluster has its own"):
        main(spark(homes, out, "--master", "spark://127.0.0.1:7077", "--workers", "2"))
    assert not out.exists()


def test_without_pyspark_the_extra_is_named(
    homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cluster", "session", "spark"):
        monkeypatch.delitem(sys.modules, f"realloc.batch.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(InputError, match=r"pip install 'realloc\[spark\]'"):
        main(spark(homes, tmp_path / "out", "--master", "spark://127.0.0.1:7077"))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, "Spark needs Java, which is not here .*openjdk-17-jre-headless"),
        ('openjdk version "11.0.2" 2019-01-15', "Spark needs Java 17, this is 11"),
        ('java version "1.8.0_402"', "Spark needs Java 17, this is 8"),
    ],
)
def test_java_that_is_missing_or_too_old_is_told_before_spark_fails(
    version: str | None, said: str, homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home" / "bin"
    folder.mkdir(parents=True)
    if version:
        (folder / "java").write_text(f"#!/bin/sh\necho '{version}' >&2\n", encoding="utf-8")
        (folder / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder.parent))
    with pytest.raises(InputError, match=said):
        main(spark(homes, tmp_path / "out", "--master", "spark://127.0.0.1:7077"))


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")
def test_a_master_that_does_not_answer_is_told_at_once(homes: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        url = f"spark://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(InputError, match=f"{url}: no master answers: .*refused"):
            main(spark(homes, tmp_path / "out", "--master", url))
    for other in ("spark://127.0.0.1", "spark://", "spark://h:port", "nonsense", "127.0.0.1:7077", "local[]"):
        with pytest.raises(InputError, match="expected spark://HOST:PORT"):
            main(spark(homes, tmp_path / "out", "--master", other))
    assert not (tmp_path / "out" / "parts").exists()
