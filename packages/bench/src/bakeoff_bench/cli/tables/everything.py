"""A whole result: first whether it can be believed, then what it says."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from bakeoff_bench.cli.tables import ratios, taught, verdict
from bakeoff_bench.costs import table as costs
from bakeoff_bench.growth.judging import exceeded
from bakeoff_bench.growth.table import export_table, growth_table
from bakeoff_bench.results.model import Result


def parts(result: Result) -> Iterator[RenderableType]:
    """What there is of it, in the order in which it is to be read."""
    yield verdict.panel(result)
    yield verdict.facts(result)
    yield from ratios.tables(result)
    yield Text(ratios.LEGEND)
    yield from taught.tables(result)
    yield from costs.tables(result.costs)
    if result.growth:
        yield growth_table(result.growth)
    if result.export_memory:
        yield export_table(result.export_memory)
    for sentence in exceeded(result.growth, result.export_memory):
        yield Text(sentence, style="red")
