"""Which symbols are identical (WASH-0)."""

from __future__ import annotations

from collections.abc import Iterable


def identities(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the least symbol among all those that are identical, directly or through others."""
    peers: dict[str, set[str]] = {}
    for group in groups:
        merged = set(group)
        for symbol in group:
            merged |= peers.get(symbol, set())
        for symbol in merged:
            peers[symbol] = merged
    return {symbol: min(merged) for symbol, merged in peers.items()}
