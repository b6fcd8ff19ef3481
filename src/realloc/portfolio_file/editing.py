"""Change a portfolio file where it has to change; comments, order and every other byte stay."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realloc.documents.locking import changing
from realloc.documents.text import read_text
from realloc.documents.writing import write_whole
from realloc.errors import InputError, Issue
from realloc.portfolio_file.loading import read_portfolio
from realloc.trades import plain

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_OF_THE_FORM = ("document.", "import.", "key.", "number.", "text.", "type.")
"""Codes of what no reader could use; open questions and missing prices are a person's to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A TOML file that can be changed and keeps what is not changed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    document : tomlkit.TOMLDocument
        To be changed in place.
    encoding : str
        That of the file.
    found : bytes
        The file as it was read.
    """

    path: Path
    document: TOMLDocument
    encoding: str
    found: bytes

    @property
    def text(self) -> str:
        """The file's text as it stands now."""
        return self.document.as_string()

    def write(self) -> None:
        """Write the file whole or not at all, in the encoding that it had.

        Raises
        ------
        InputError
            The file changed since it was read, or the new one could not be read again.
        ExportError
            It cannot be written, or another process is changing it.
        """
        with changing(self.path):
            _require_readable(self.path, self.text, before=self.found.decode(self.encoding))
            if self.path.read_bytes() != self.found:
                raise InputError(
                    Issue(
                        code="file.changed",
                        where=str(self.path),
                        message="the file was changed since it was read: nothing is written",
                        hint="run the command again",
                    )
                )
            write_whole(self.path, self.text.encode(self.encoding))


def write_first(path: Path, text: str) -> None:
    """Write the first portfolio file; one that exists is not touched, also one that appears meanwhile.

    Raises
    ------
    InputError
        It could not be read again.
    ExportError
        It cannot be written, or exists.
    """
    _require_readable(path, text)
    write_whole(path, text, new=True)


def _require_readable(path: Path, text: str, before: str | None = None) -> None:
    """Refuse a text that could not be read as a portfolio file; what was wrong `before` is not held against it."""

    def faults(text: str) -> list[Issue]:
        issues = read_portfolio(path, text=text)[1]
        return [each for each in issues if each.severity == "error" and each.code.startswith(_OF_THE_FORM)]

    known = {(issue.code, issue.message) for issue in faults(before)} if before is not None else set()
    new = [issue for issue in faults(text) if (issue.code, issue.message) not in known]
    if new:
        raise InputError(new)


def open_kept(path: str | PathLike[str]) -> Kept:
    """Open a TOML file to change it.

    Raises
    ------
    InputError
        The file cannot be read or is not TOML.
    """
    import tomlkit  # noqa: PLC0415 - needed to edit alone
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    text = read_text(path)
    found = Path(path).read_bytes()
    encoding = next((name for mark, name in _MARKS if found.startswith(mark)), "utf-8")
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise _fault(path, f"not valid TOML: {error}") from error
    _keep_spaces(document)
    if document.as_string() != text:
        raise _fault(path, "this TOML cannot be edited without changing the rest of it")
    return Kept(path=Path(path), document=document, encoding=encoding, found=found)


def _keep_spaces(item: Any) -> None:
    """Restore the space between a date and the end of its inline table, which the library reads but drops."""
    from tomlkit.items import AoT, Array, Date, InlineTable, Table  # noqa: PLC0415 - needed to edit alone

    if isinstance(item, (AoT, Array)):
        for each in item:
            _keep_spaces(each)
        return
    body = (
        item.body
        if hasattr(item, "body")
        else item.value.body
        if isinstance(item, (Table, InlineTable))
        else ()
    )
    for key, value in body:
        if key is None:
            continue
        if isinstance(item, InlineTable) and isinstance(value, Date):
            value.trivia.trail = value.trivia.comment_ws + value.trivia.trail
            value.trivia.comment_ws = ""
        _keep_spaces(value)


def set_value(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Set a value; one that is there already and equal is not touched, nor is its comment."""
    new = plain(value) if isinstance(value, float) else value
    if key not in table or table[key] != new:
        table[key] = new


def set_positions(account: MutableMapping[str, Any], positions: Mapping[str, float]) -> None:
    """Set shares by symbol; symbols that are not held any more are removed."""
    held = account.get("positions")
    if held is None:
        account["positions"] = _inline(positions)
        return
    for symbol in [symbol for symbol in held if symbol not in positions]:
        del held[symbol]
    for symbol, shares in positions.items():
        set_value(held, symbol, shares)


def set_rows(
    table: MutableMapping[str, Any],
    key: str,
    rows: Sequence[tuple[int | None, Mapping[str, Any]]],
) -> None:
    """Make the list of tables at `key` these rows.

    Parameters
    ----------
    table : mapping
        A table of the document.
    key : str
        Such as ``lots``; a list that is not there is made, one row on a line.
    rows : sequence of tuple of int or None and mapping
        The place in the list that is there now, in rising order, or None for a new row; and the values.
        Rows that are not named are removed.
    """
    from tomlkit import array  # noqa: PLC0415 - needed to edit alone
    from tomlkit.items import AoT  # noqa: PLC0415

    there = table.get(key)
    if there is None or (not len(there) and not isinstance(there, AoT)):
        if rows:
            made = array().multiline(multiline=True)
            table[key] = made
            for _, values in rows:
                table[key].append(_inline(values))
        return
    kept = {place: values for place, values in rows if place is not None}
    for place in reversed(range(len(there))):
        if place in kept:
            for name, value in kept[place].items():
                set_value(there[place], name, value)
        elif isinstance(there, AoT):
            _remove_section(table, there, place)
        else:
            del there[place]
    new = [values for place, values in rows if place is None]
    for values in new:
        if isinstance(there, AoT):
            _add_section(there, values)
        else:
            there.append(_inline(values))


def add_section(kept: Kept, key: str, values: Mapping[str, Any], comments: Mapping[str, str]) -> None:
    """Add a section ``[[key]]`` with these values, and a comment behind some of them.

    Raises
    ------
    InputError
        What stands at `key` is not a list of sections.
    """
    from tomlkit import aot  # noqa: PLC0415 - needed to edit alone
    from tomlkit.items import AoT  # noqa: PLC0415

    if key not in kept.document:
        kept.document.append(key, aot())
    there = kept.document[key]
    if not isinstance(there, AoT):
        raise _fault(kept.path, f"{key!r} is not a list of sections [[{key}]]")
    _add_section(there, values)
    for name, comment in comments.items():
        last: Any = there[-1]
        last.value.item(name).comment(comment)


def _tail(section: Any) -> list[Any]:
    """Take from a section what stands below its last key: blank lines and comments, often of what follows."""
    from tomlkit.items import AoT, Table  # noqa: PLC0415 - needed to edit alone

    body = section.value.body
    last = max((n for n, (key, _) in enumerate(body) if key is not None), default=-1)
    tail = body[last + 1 :]
    del body[last + 1 :]
    below = body[last][1] if body else None
    if isinstance(below, AoT) and len(below):
        below = below[-1]
    return [*(_tail(below) if isinstance(below, Table) else ()), *tail]


def _add_section(there: Any, values: Mapping[str, Any]) -> None:
    tail = _tail(there[-1]) if len(there) else []
    there.append(_section(values))
    there[-1].value.body.extend(tail)


def _remove_section(table: MutableMapping[str, Any], there: Any, place: int) -> None:
    tail = _tail(there[place])
    del there[place]
    if tail and place:
        there[place - 1].value.body.extend(tail)
    elif len(there):
        there[0].value.body.extend(each for each in tail if each[1].trivia.comment)
    elif tail:
        owner: Any = table
        getattr(owner, "value", owner).body.extend(tail)


def _inline(values: Mapping[str, Any]) -> Any:
    from tomlkit import inline_table  # noqa: PLC0415 - needed to edit alone

    row = inline_table()
    for name, value in values.items():
        row.append(name, plain(value) if isinstance(value, float) else value)
    return row


def _section(values: Mapping[str, Any]) -> Any:
    from tomlkit import table  # noqa: PLC0415 - needed to edit alone

    row = table()
    for name, value in values.items():
        row.append(name, plain(value) if isinstance(value, float) else value)
    return row


def _fault(path: str | PathLike[str], message: str) -> InputError:
    return InputError(Issue(code="document.toml", where=fspath(path), message=message))
