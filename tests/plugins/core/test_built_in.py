"""The table of built-in plugins is what the distribution registers, and needs no look at other distributions."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution

from realloc.plugins.core.built_in import BUILT_IN
from realloc.plugins.core.entry_points import GROUP


def test_the_table_is_what_the_distribution_registers() -> None:
    registered = {each.name: each.value for each in distribution("realloc").entry_points.select(group=GROUP)}
    assert registered == BUILT_IN


def test_a_built_in_plugin_is_loaded_without_reading_what_else_is_installed() -> None:
    code = (
        "import sys\nfrom realloc.plugins.core.base import Exporter\nExporter.load_exporter('csv', path='x')\n"
        "sys.exit('importlib.metadata' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
