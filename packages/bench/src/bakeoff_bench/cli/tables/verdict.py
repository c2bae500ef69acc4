"""Whether a result can be believed, before anything that it says."""

from __future__ import annotations

from collections import Counter
from statistics import median

from rich.panel import Panel
from rich.text import Text

from bakeoff_bench.cli.tables import cells
from bakeoff_bench.results.model import Result
from bakeoff_bench.results.places import place_of

_ENDED = {
    "precision": "as precise as asked",
    "time": "ended when the time was up",
    "restarts": "ended after the last restart",
}

_REASONS_SHOWN = 5


def panel(result: Result) -> Panel:
    """The twins' figures, the verdict, and how precise the ratios are."""
    verdict = (
        Text("TRUSTWORTHY", style="bold green")
        if result.trustworthy
        else Text("NOT TRUSTWORTHY: it ranks nothing", style="bold red")
    )
    reasons = result.untrustworthy_because[:_REASONS_SHOWN]
    more = len(result.untrustworthy_because) - len(reasons)
    if more:
        reasons.append(f"and {more} more")
    lines = [verdict, *map(Text, [*reasons, _twins(result), _precision(result)])]
    return Panel(
        Text("\n").join(lines),
        border_style="green" if result.trustworthy else "red",
        expand=False,
    )


def facts(result: Result) -> Text:
    """Where, when and of what."""
    machine = result.machine
    databases = ", ".join(f"{found.product} {found.version}" for found in result.databases)
    return Text(
        f"bakeoff-bench {result.version}{f' at {result.commit}' if result.commit else ''}, "
        f"{result.began:%Y-%m-%d %H:%M %Z}, {result.seconds:,.0f} s, seed {result.seed}\n"
        f"{machine.processor}, {machine.cpus} CPUs, {machine.kernel}, Python {machine.python}, "
        f"workers {'pinned' if machine.pinned else 'not pinned'}, "
        f"load {machine.load_before:.2f} before\n{databases}"
    )


def _twins(result: Result) -> str:
    if not result.twins:
        return "No twin was measured, so nothing is known of the noise."
    worst = max(result.twins, key=lambda twin: twin.error)
    return (
        f"Noise, by {len(result.twins)} twins: {cells.percent(median(_errors(result)))} in the "
        f"median, {cells.percent(worst.error)} at most: {cells.ratio(worst.ratio)} in "
        f"{place_of(worst)}."
    )


def _errors(result: Result) -> list[float]:
    return [twin.error for twin in result.twins]


def _precision(result: Result) -> str:
    ended = Counter[str](found.stopped for found in result.measurements)
    parts = [f"{ended[how]} {words}" for how, words in _ENDED.items() if ended[how]]
    return f"{ended.total()} measurements: {', '.join(parts) or 'nothing was measured'}."
