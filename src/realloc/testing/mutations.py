"""Damaged copies of files, drawn from a seeded generator, to try importers with."""

from __future__ import annotations

from random import Random

NASTY_CELLS = (
    "", "--", "n/a", "0", "-1", "1e9", "1,000", "1.000,5", "$", "$-", "(5)", "NaN", "inf", "1e400", "CASH",
    "Total", "Account Total", '"', "'", ";", "\t", "\u200b", "=1+1", "99999999999999999999", "13/13/2026",
    "02/30/2026", "2026-01-15", "VTI", "-VTI261218P200", "null", "VMFXX", "USD", "CAD", "x" * 300, "\u0661",
    "50%", "$1.0.0",
)  # fmt: skip
"""Texts that stand where they should not."""


def mutated(data: bytes, random: Random) -> bytes:
    """Return a copy of a file with one to three damages, to its bytes or to its cells.

    Parameters
    ----------
    data : bytes
        The file.
    random : random.Random
        Where the choice comes from: the same state gives the same damage.
    """
    for _ in range(random.randint(1, 3)):
        data = _mutate_bytes(data, random) if random.random() < 0.4 else _mutate_cells(data, random)
    return data


def _mutate_bytes(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    to = min(len(data), at + random.randint(1, 40))
    match random.randint(0, 5):
        case 0:
            return data[:at] + random.randbytes(random.randint(1, 3)) + data[at:]
        case 1:
            return data[:at] + random.choice((b'"', b",", b"\n", b"\x00", b"<", b"-", b"$", b" ")) + data[at:]
        case 2:
            return data[:at]
        case 3:
            return data[:at] + data[to:]
        case 4:
            return data[:to] + data[at:to] + data[to:]
        case _:
            return data[:at] + bytes(random.choices(b"0123456789.,-", k=1)) + data[at + 1 :]


def _mutate_cells(data: bytes, random: Random) -> bytes:
    """Damage rows and cells, taking every comma as a separator: a quoted amount is torn as well."""
    rows = [line.split(b",") for line in data.split(b"\n")]
    row, other = random.randrange(len(rows)), random.randrange(len(rows))
    cell = random.randrange(len(rows[row]))
    match random.randint(0, 8):
        case 0:
            del rows[row]
        case 1:
            rows.insert(other, list(rows[row]))
        case 2:
            rows[row], rows[other] = rows[other], rows[row]
        case 3:
            del rows[row][cell]
        case 4:
            rows[row].insert(cell, b"")
        case 5:
            twin = random.randrange(len(rows[row]))
            rows[row][cell], rows[row][twin] = rows[row][twin], rows[row][cell]
        case 6:
            rows.insert(row, [])
        case 7:
            rows = [line[:cell] + line[cell + 1 :] for line in rows]
        case _:
            rows[row][cell] = random.choice(NASTY_CELLS).encode()
    return b"\n".join(b",".join(line) for line in rows)
