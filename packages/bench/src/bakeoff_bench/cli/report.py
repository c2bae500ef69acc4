"""A whole result, for a terminal or as a page: the verdict first, then the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bakeoff_bench.cli import tables
from bakeoff_bench.growth import exceeded
from bakeoff_bench.results.compare import Comparison, Only
from bakeoff_bench.results.model import RULES, Result, place_of
from bakeoff_bench.results.trust import distrust

_ENDED = {
    "precision": "as precise as asked",
    "time": "ended when the time was up",
    "restarts": "ended after the last restart",
}
_REASONS_SHOWN = 5
_ONLY_SHOWN = 5
# Markdown has no folded cells.
_WIDTH = 10_000


def parts(result: Result) -> Iterator[RenderableType]:
    """Yield the sections of the report in reading order."""
    yield verdict(result)
    yield facts(result)
    yield from tables.ratio_tables(result)
    yield Text(tables.RATIO_LEGEND)
    yield from tables.tutorial_tables(result)
    yield from tables.cost_tables(result.costs)
    if result.growth:
        yield tables.growth_table(result.growth)
    if result.export_memory:
        yield tables.export_table(result.export_memory)
    for sentence in exceeded(result.growth, result.export_memory):
        yield Text(sentence, style="red")


def page(result: Result) -> str:
    """The same sections as a page in Markdown; titles of tables become headings."""
    return "\n\n".join(_markdown(part) for part in parts(result)) + "\n"


def comparison_parts(comparison: Comparison, *, every: bool) -> Iterator[RenderableType]:
    """What changed beyond noise (or everything), what was only in one result, and the totals."""
    shown = [change for change in comparison.changes if every or change.verdict != "unchanged"]
    if shown:
        yield tables.change_table(shown)
    yield from _only("the first", comparison.only_before)
    yield from _only("the second", comparison.only_after)
    unchanged = len(comparison.changes) - comparison.slower - comparison.faster
    yield Text(
        f"{len(comparison.changes)} compared: {comparison.slower} slower, "
        f"{comparison.faster} faster, {unchanged} unchanged beyond noise."
    )


def verdict(result: Result) -> Panel:
    """Whether the result can be trusted, the figures of the twins, and how precise it is."""
    reasons = result.untrustworthy_because
    if not result.trustworthy:
        words, style = "NOT TRUSTWORTHY: it ranks nothing", "red"
    elif result.rules < RULES and (reasons := distrust(result.twins)):
        words, style = "TRUSTWORTHY by the rules of its time, NOT by the present ones", "yellow"
    else:
        words, style = "TRUSTWORTHY", "green"
    shown = reasons[:_REASONS_SHOWN]
    if more := len(reasons) - len(shown):
        shown.append(f"and {more} more")
    lines = [Text(words, style=f"bold {style}")]
    left_out = [f"Left out, the twin was too far off: {said}" for said in result.left_out]
    lines += map(Text, [*shown, *left_out, _noise(result), _endings(result)])
    return Panel(Text("\n").join(lines), border_style=style, expand=False)


def facts(result: Result) -> Text:
    machine = result.machine
    databases = ", ".join(f"{found.product} {found.version}" for found in result.databases)
    return Text(
        f"bakeoff-bench {result.version}{f' at {result.commit}' if result.commit else ''}, "
        f"{result.began:%Y-%m-%d %H:%M %Z}, {result.seconds:,.0f} s, seed {result.seed}\n"
        f"{machine.processor}, {machine.cpus} CPUs, {machine.kernel}, Python {machine.python}, "
        f"workers {'pinned' if machine.pinned else 'not pinned'}, "
        f"load {machine.load_before:.2f} before\n{databases}"
    )


def _noise(result: Result) -> str:
    if not result.twins:
        return "No twin was measured, so nothing is known of the noise."
    worst = max(result.twins, key=lambda twin: twin.error)
    typical = median(twin.error for twin in result.twins)
    return (
        f"Noise, by {len(result.twins)} twins: {tables.noise(typical)} in the median, "
        f"{tables.noise(worst.error)} at most: {tables.ratio(worst.ratio)} in {place_of(worst)}."
    )


def _endings(result: Result) -> str:
    ended = Counter[str](found.stopped for found in result.measurements)
    counted = [f"{ended[how]} {words}" for how, words in _ENDED.items() if ended[how]]
    return f"{ended.total()} measurements: {', '.join(counted) or 'nothing was measured'}."


def _only(where: str, found: Sequence[Only]) -> Iterator[Text]:
    if not found:
        return
    names = [f"{one.arm} relative to {one.reference} in {one.place}" for one in found[:_ONLY_SHOWN]]
    more = [f"and {len(found) - _ONLY_SHOWN} more"] if len(found) > _ONLY_SHOWN else []
    yield Text("\n  ".join([f"Only in {where}:", *names, *more]))


def _markdown(part: RenderableType) -> str:
    if isinstance(part, Table):
        title, part.title, part.box = part.title, None, box.MARKDOWN
        caption, part.caption = part.caption, None
        notes = [_lines(str(caption))] if caption else []
        return "\n\n".join([f"## {title}", _plain(part), *notes])
    if isinstance(part, Panel):
        first, *reasons = _plain(part.renderable).splitlines()
        return "\n".join([f"**{first}**", "", *(f"- {reason}" for reason in reasons)])
    return _lines(_plain(part))


def _lines(text: str) -> str:
    """Two spaces keep the end of a line in Markdown."""
    return "  \n".join(text.splitlines())


def _plain(part: RenderableType) -> str:
    console = Console(width=_WIDTH, markup=False, highlight=False, emoji=False, color_system=None)
    with console.capture() as captured:
        console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines())
