"""One worker does every scenario for a while: what that takes of the server, and of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.started import Started
from bakeoff_bench.costs.cpu import per_1000, tasks_of
from bakeoff_bench.protocol import Measure, Measured, Slice
from bakeoff_bench.servers import cpu_seconds

LONG_ENOUGH = 1.0
"""Seconds of work, where the server's CPU is told: the kernel counts it in hundredths."""
ALONE_ENOUGH = 0.1
_TO_MEASURE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """Milliseconds of the server's CPU for 1000 operations, and the worker's peak in bytes."""

    server_cpu: dict[str, float] | None
    peak_rss: int


def work(
    there: Started,
    *,
    scenarios: Sequence[str],
    servers: Callable[[], Sequence[int]],
    options: Options,
) -> Worked:
    """Do the scenarios one after the other; `servers` answers the processes that are billed.

    :raises BenchError: the worker cannot do it.
    """
    seeds = count(options.seed * 1_000_000)
    visible = bool(servers())
    server_cpu: dict[str, float] = {}
    for scenario in scenarios:
        lasting = LONG_ENOUGH if visible else ALONE_ENOUGH
        before = cpu_seconds(servers())
        done = there.slice(
            Slice(
                scenario=scenario,
                tasks=tasks_of(scenario, tasks=options.tasks, pool=options.pool),
                nanoseconds=round(lasting * 1e9),
                seed=next(seeds),
                books=there.books,
            )
        )
        taken = cpu_seconds(servers()) - before
        server_cpu[scenario] = per_1000(taken * 1e9, operations=done.operations)
    measured = there.worker.ask(Measure(), Measured, seconds=_TO_MEASURE)
    return Worked(server_cpu=server_cpu if visible else None, peak_rss=measured.peak_rss)
