"""The rows of a table by household, as Python values and as the bytes of a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from realloc._reading import LARGEST
from realloc.accounts import Lot
from realloc.errors import Issue

Record = dict[str, Any]

LOT = ("symbol", "shares", "cost_per_share", "acquired", "id")
"""The keys of a lot, which are the columns of `lots`."""

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DAY = -(2**31)
_PLAIN = {
    pa.date32(): (pa.int32(), _NO_DAY),
    pa.bool_(): (pa.int8(), 2),
    pa.float64(): (pa.float64(), float("nan")),
    pa.int64(): (pa.int64(), -(2**63)),
}
"""By type of a column: what its cells are as bytes, and what stands in the place of a null."""


class Grouped:
    """The rows of a table by its first column, a household or what households share, in the order of their cells."""

    def __init__(self, table: Any) -> None:
        names = table.schema.names
        self.ordered = table.sort_by([(name, "ascending") for name in names]) if table.num_rows else table
        self.spans: dict[Any, tuple[int, int]] = {}
        start = 0
        for run in pc.value_counts(self.ordered[names[0]]).to_pylist():
            self.spans[run["values"]] = (start, start + run["counts"])
            start += run["counts"]
        cells = [_bytes(self.ordered[name]) for name in names[1:]] if table.num_rows else []
        self._fixed = [(size, layer) for size, layer, _ in cells]
        self._fixed += [(1, _missing(self.ordered[name])) for name in names[1:]] if table.num_rows else []
        self._texts = [text for *_, text in cells if text is not None]
        self._columns = self._read()

    def _read(self) -> list[list[Any]]:
        return [values(self.ordered[name]) for name in self.ordered.schema.names[1:]]

    def of(self, name: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a name as tuples of the other columns."""
        start, end = self.spans.get(name, (0, 0))
        return list(zip(*(column[start:end] for column in self._columns), strict=True))

    def add_to(self, digest: Any, name: Any) -> None:
        """Add the rows of a name to a digest of ``hashlib``."""
        start, end = self.spans.get(name, (0, 0))
        digest.update(b"%d;" % (end - start))
        if start < end:
            digest.update(b"".join([cells[size * start : size * end] for size, cells in self._fixed]))
            digest.update(b"".join([text[ends[start] : ends[end]] for ends, text in self._texts]))


class Lots(Grouped):
    """The rows of `lots`: account number and lot, as a `Lot` where all the lots of a household can be used."""

    def _read(self) -> list[list[Any]]:
        rows = self.ordered
        days = pc.fill_null(rows["acquired"].cast(pa.int32()), _NO_DAY)
        dates = {
            day: date.fromordinal(_EPOCH + day)
            for day in pc.unique(days).to_pylist()
            if date.min.toordinal() <= _EPOCH + day <= date.max.toordinal()
        }
        names = {*pc.unique(rows["symbol"]).to_pylist(), *pc.unique(rows["id"]).to_pylist()} - {None}
        texts = pa.array([name for name in names if name and name == name.strip()], pa.string())
        held, cost = rows["shares"], rows["cost_per_share"]
        rules = (
            pc.is_in(rows["symbol"], texts),
            pc.or_(pc.is_null(rows["id"]), pc.is_in(rows["id"], texts)),
            pc.is_in(days, pa.array(dates, pa.int32())),
            pc.and_(pc.greater(held, 0.0), pc.less_equal(held, LARGEST)),
            pc.and_(pc.greater_equal(cost, 0.0), pc.less_equal(cost, LARGEST)),
        )
        sound = pc.fill_null(reduce(pc.and_, rules), False)
        self._unsound = set(rows["household_id"].filter(pc.invert(sound)).to_pylist())
        numbers, symbols, ids = (values(rows[name]) for name in ("account_number", "symbol", "id"))
        shares, costs = (column.to_numpy().tolist() for column in (held, cost))
        return [numbers, symbols, shares, costs, [dates.get(day) for day in days.to_numpy().tolist()], ids]

    def of(self, name: Any) -> list[tuple[Any, Lot | Record]]:
        """Return a household's rows: account number, and the lot."""
        start, end = self.spans.get(name, (0, 0))
        if name in self._unsound:
            rows = self.ordered.slice(start, end - start)
            columns = [values(rows[name]) for name in ("account_number", *LOT)]
            return [(number, stated(LOT, lot)) for number, *lot in zip(*columns, strict=True)]
        return [
            (number, Lot(symbol=symbol, shares=held, cost_per_share=cost, acquired=acquired, id=own or ""))
            for number, symbol, held, cost, acquired, own in zip(
                *(column[start:end] for column in self._columns), strict=True
            )
        ]


def digest_of(tables: Iterable[Grouped], name: Any) -> bytes:
    """Return a digest of the rows that some tables have of a name, the same in any order."""
    made = hashlib.sha256()
    for rows in tables:
        rows.add_to(made, name)
    return made.digest()


def values(column: Any) -> list[Any]:
    """Return a column as Python values, dates as text."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    if column.null_count and not pa.types.is_string(column.type):
        found: list[Any] = column.to_pylist()
        return found
    fast: list[Any] = column.to_numpy().tolist()  # some times faster, but it has no null but for texts
    return fast


def records(table: Any) -> list[Record]:
    """Return the rows of a table by the names of columns, dates as text."""
    names = table.schema.names
    columns = [values(table[name]) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def stated(names: tuple[str, ...], cells: Any) -> Record:
    """Return the cells that are not null by name."""
    if None not in cells:
        return dict(zip(names, cells, strict=True))
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}


def more_of(text: str | None, where: str, issues: list[Issue]) -> Record:
    """Return the object that a cell of JSON is."""
    if text is None:
        return {}
    try:
        more = json.loads(text, object_pairs_hook=_unique)
        if "\\u" in text:
            json.dumps(more, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        issues.append(Issue(code="json", where=where, message=f"not JSON: {error}"))
        return {}
    if not isinstance(more, dict):
        issues.append(Issue(code="json", where=where, message="it is no JSON object"))
        return {}
    return more


def _unique(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in an object")
    return found


def merge(record: Record, more: Record, where: str, issues: list[Issue]) -> None:
    """Add what `more` says; a column that says something of the same key contradicts it."""
    twice = [key for key in more if record.get(key)]
    if twice:
        text = f"{', '.join(sorted(twice))} stands in rows and columns as well"
        issues.append(Issue(code="key.duplicate", where=where, message=text))
    record |= more


def _missing(column: Any) -> memoryview:
    """Return where a column has nulls, a byte a row: what stands in their place may be a cell of another row."""
    return _buffer(column.is_null().combine_chunks().cast(pa.int8()))


def _bytes(column: Any) -> tuple[int, memoryview, tuple[memoryview, memoryview] | None]:
    """Return a column as so many bytes a row, and its texts with their ends."""
    cells = column.combine_chunks()
    if pa.types.is_string(cells.type):
        lengths = pc.fill_null(pc.binary_length(cells), -1)
        cells = pc.fill_null(cells, "")
        _, ends, text = cells.buffers()
        return 4, _buffer(lengths), (memoryview(ends).cast("i")[cells.offset :], memoryview(text or b""))
    kind, null = _PLAIN[cells.type]
    return kind.bit_width // 8, _buffer(pc.fill_null(cells.cast(kind), null)), None


def _buffer(cells: Any) -> memoryview:
    return memoryview(cells.buffers()[1])[cells.offset * cells.type.bit_width // 8 :]
