from __future__ import annotations

import codecs
import logging
from pathlib import Path

import pytest

from realloc.errors import InputError
from realloc.plugins.importers import text as module
from realloc.plugins.importers.text import read_text

SAMPLE = "Symbol,Price\r\nMÜLLER,12.50\r\n"


def read(folder: Path, data: bytes) -> str:
    (folder / "a.csv").write_bytes(data)
    return read_text(folder / "a.csv")


@pytest.mark.parametrize(
    "data",
    [
        SAMPLE.encode("utf-8"),
        SAMPLE.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + SAMPLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + SAMPLE.encode("utf-16-be"),
        SAMPLE.encode("utf-16-le"),
        SAMPLE.encode("utf-16-be"),
        SAMPLE.encode("utf-32"),
        codecs.BOM_UTF32_BE + SAMPLE.encode("utf-32-be"),
        SAMPLE.encode("cp1252"),
        SAMPLE.encode("utf-8") + b"\x1a",
    ],
    ids=[
        "utf8",
        "utf8-mark",
        "utf16le-mark",
        "utf16be-mark",
        "utf16le",
        "utf16be",
        "utf32",
        "utf32be",
        "cp1252",
        "eof",
    ],
)
def test_the_text_is_the_same_in_every_encoding(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == SAMPLE


def test_a_guessed_encoding_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        read(tmp_path, SAMPLE.encode("cp1252"))
    assert "is read as Windows-1252" in caplog.text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04\x14\x00", "file.binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "file.binary"),
        (bytes(range(256)), "file.binary"),
        (b"Symbol,Price\nAAPL,1\x000\n", "file.binary"),
        (b"\xef\xbb\xbf\xff\xff", "file.binary"),
        (codecs.BOM_UTF16_LE + b"a", "file.binary"),
        (b"caf\x81", "file.binary"),
    ],
)
def test_what_is_no_text_is_an_input_error(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, data)
    assert [issue.code for issue in caught.value.issues] == [code]
    assert caught.value.issues[0].where == str(tmp_path / "a.csv")
    assert caught.value.issues[0].hint


@pytest.mark.parametrize(
    ("name", "code"), [("missing.csv", "file.missing"), ("", "file.folder"), ("\0", "file.unreadable")]
)
def test_a_path_without_a_file_is_an_input_error(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(f"{tmp_path}/{name}")
    assert [issue.code for issue in caught.value.issues] == [code]


def test_a_file_beyond_the_limit_is_refused_without_reading_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_FILE", 10)
    assert read(tmp_path, b"x" * 10) == "x" * 10
    with pytest.raises(InputError, match="larger than"):
        read(tmp_path, b"x" * 11)
