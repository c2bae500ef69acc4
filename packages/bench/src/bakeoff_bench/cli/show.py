"""`bakeoff-bench show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.cli import console
from bakeoff_bench.cli.tables import everything, latency, markdown
from bakeoff_bench.results import files


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result.")],
    with_latency: Annotated[
        bool, typer.Option("--latency", help="Show how long single operations took as well.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Write a page in Markdown, without latencies.")
    ] = False,
) -> None:
    """Print the tables of a result again."""
    if as_markdown and with_latency:
        raise typer.BadParameter("--markdown and --latency exclude each other")
    result = files.read(file)
    if as_markdown:
        console.show_raw(markdown.page(result))
        return
    console.show(*everything.parts(result))
    if with_latency:
        console.show(*latency.tables(result), latency.LEGEND)
