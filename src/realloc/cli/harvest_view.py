"""What a plan harvests, on a page."""

from __future__ import annotations

from realloc.cli.answer import Grid, Line, grid, money
from realloc.harvested import Harvested


def harvest_lines(harvest: Harvested | None) -> list[Grid | Line]:
    """Return the harvested losses, what they save now and later, and what replaces the symbols until when."""
    if harvest is None:
        return []
    if not harvest.sales:
        return [
            Line(text="Harvested: nothing; no loss reaches the thresholds and can be replaced at a gain.")
        ]
    rows = [
        (
            sale.symbol,
            ", ".join(sale.replacement) or "none",
            sale.switch_back_from.isoformat(),
            money(sale.loss),
            money(sale.tax_saved),
            money(sale.deferred),
        )
        for sale in harvest.sales
    ]
    lasting = harvest.tax_saved - harvest.deferred
    return [
        Line(
            text=f"Harvested: {money(harvest.loss)} of losses save {money(harvest.tax_saved)} of tax now; "
            f"{money(harvest.deferred)} of it is deferred, because the replacements have a lower basis, "
            f"and {money(lasting)} stays."
        ),
        grid("Harvested losses", ["Sold", "Bought", "Back from"], ["Loss", "Saved now", "Deferred"], rows),
    ]
