"""The help of the commands: as wide as the screen, with hanging indents."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cyclopts.help.formatters import PlainFormatter

if TYPE_CHECKING:
    from rich.console import Console


class HelpFormatter(PlainFormatter):
    """Plain help of which every paragraph and option is wrapped as one text."""

    def _print_plain(self, console: Console, text: str) -> None:
        for n, paragraph in enumerate(text.split("\n\n")):
            lead = paragraph[: len(paragraph) - len(paragraph.lstrip())]
            wrapped = textwrap.fill(
                " ".join(paragraph.split()),
                width=console.width,
                initial_indent=lead,
                subsequent_indent=f"{lead}    " if lead else "",
                break_long_words=False,
                break_on_hyphens=False,
            )
            console.print(f"\n{wrapped}" if n else wrapped, highlight=False, markup=False, soft_wrap=True)
