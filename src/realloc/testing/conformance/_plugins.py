"""What every plugin has to do."""

from __future__ import annotations

from typing import ClassVar

import pytest

from realloc.plugins.core import checks
from realloc.plugins.core.base import Plugin
from realloc.plugins.core.discovery import get_plugin


class PluginConformance:
    """What every plugin has to do.

    Attributes
    ----------
    plugin : type
        The class under test.
    entry_point : str
        Its name in the group ``realloc.plugins``; empty where it is not installed.
    """

    plugin: ClassVar[type[Plugin]]
    entry_point: ClassVar[str] = ""

    def test_the_class_passes_the_checks_of_loading(self) -> None:
        assert list(checks.faults(self.plugin)) == []

    def test_the_description_is_one_line_for_people(self) -> None:
        description: object = self.plugin.description
        assert isinstance(description, str)
        assert description.strip()
        assert "\n" not in description

    def test_the_entry_point_leads_to_the_class(self) -> None:
        if not self.entry_point:
            pytest.skip("the suite names no entry point")
        assert get_plugin(self.entry_point) is self.plugin
