"""A whole result as a page in Markdown, for where it is read without the command."""

from __future__ import annotations

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table

from bakeoff_bench.cli.tables import everything
from bakeoff_bench.results.model import Result

# Markdown has no folded cells.
_WIDTH = 10_000


def page(result: Result) -> str:
    """The same parts as in a terminal, in the same order; titles of tables become headings."""
    return "\n\n".join(_written(part) for part in everything.parts(result)) + "\n"


def _written(part: RenderableType) -> str:
    if isinstance(part, Table):
        title, part.title, part.box = part.title, None, box.MARKDOWN
        return f"## {title}\n\n{_plain(part)}"
    if isinstance(part, Panel):
        verdict, *reasons = _plain(part.renderable).splitlines()
        return "\n".join([f"**{verdict}**", "", *(f"- {reason}" for reason in reasons)])
    # Two spaces keep a line's end.
    return "  \n".join(_plain(part).splitlines())


def _plain(part: RenderableType) -> str:
    console = Console(width=_WIDTH, markup=False, highlight=False, emoji=False, color_system=None)
    with console.capture() as captured:
        console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines())
