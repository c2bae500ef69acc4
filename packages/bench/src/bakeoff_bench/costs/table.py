"""What the costs look like to a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.filesize import decimal
from rich.table import Table

from bakeoff_bench.results.model import Cost

NOT_MEASURED = "–"
SHOWN_BYTES = "page-first"
"""The scenario whose allocated bytes stand for those of an arm."""


def tables(costs: Sequence[Cost]) -> list[Table]:
    """For each database what its arms take, and what each scenario takes of the processors."""
    databases = dict.fromkeys(cost.database for cost in costs)
    of_each = [[cost for cost in costs if cost.database == database] for database in databases]
    return [table for of_one in of_each for table in (_processes(of_one), _scenarios(of_one))]


def _processes(costs: Sequence[Cost]) -> Table:
    table = Table("arm", title=f"What the arms take on {costs[0].database}")
    for heading in (
        "most memory",
        f"allocated by {SHOWN_BYTES}",
        "import",
        "first answer",
        "installed",
        "distributions",
    ):
        table.add_column(heading, justify="right")
    for cost in costs:
        table.add_row(cost.arm, *_figures(cost))
    return table


def _figures(cost: Cost) -> Iterable[str]:
    yield decimal(cost.peak_rss_bytes)
    allocated = (cost.allocated_bytes or {}).get(SHOWN_BYTES)
    yield NOT_MEASURED if allocated is None else decimal(round(allocated))
    for seconds in (cost.import_seconds, cost.first_answer_seconds):
        yield NOT_MEASURED if seconds is None else f"{seconds * 1000:.0f} ms"
    yield NOT_MEASURED if cost.installed_bytes is None else decimal(cost.installed_bytes)
    yield NOT_MEASURED if cost.distributions is None else str(cost.distributions)


def _scenarios(costs: Sequence[Cost]) -> Table:
    table = Table(
        "scenario",
        title=f"On {costs[0].database}: ms of CPU for 1000 operations, in worker + server",
        caption="in brackets: round trips of one operation",
    )
    for cost in costs:
        table.add_column(cost.arm, justify="right")
    for scenario in dict.fromkeys(name for cost in costs for name in cost.worker_cpu_ms_per_1000):
        table.add_row(scenario, *(_cpu(cost, scenario) for cost in costs))
    return table


def _cpu(cost: Cost, scenario: str) -> str:
    worker = cost.worker_cpu_ms_per_1000.get(scenario)
    if worker is None:
        return ""
    server = (cost.server_cpu_ms_per_1000 or {}).get(scenario)
    round_trips = (cost.round_trips or {}).get(scenario)
    return (
        f"{worker:.0f}"
        + (f" + {server:.0f}" if server is not None else "")
        + (f" ({round_trips})" if round_trips is not None else "")
    )
