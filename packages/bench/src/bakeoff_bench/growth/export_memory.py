"""How much memory a layer needs to export everything: it is to stream, not to collect."""

from __future__ import annotations

from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.started import started
from bakeoff_bench.growth.judging import MEBIBYTE
from bakeoff_bench.protocol import Measure, Measured, Slice
from bakeoff_bench.results.model import ExportMemory

LIMIT = 64 * MEBIBYTE
_TO_MEASURE = 10.0


def export_memory(
    arm: str, *, database: str, data: DataSet, options: Options, pinning: Pinning
) -> ExportMemory:
    """Export once in a fresh worker; the peak is the kernel's own, so nothing can fall between.

    Idle is after a first answer, when the layer has prepared whatever it keeps. What is told is the
    most that it can be: where an export takes next to nothing, the peak is that of the start.

    :raises BenchError: the worker cannot do it.
    """
    with started([arm], data=data, options=options, pinning=pinning) as workers:
        there = workers[arm]

        def after(scenario: str) -> Measured:
            once = Slice(
                scenario=scenario, tasks=1, nanoseconds=1, seed=options.seed, books=data.books
            )
            there.slice(once)
            return there.worker.ask(Measure(), Measured, seconds=_TO_MEASURE)

        idle = after("page-first")
        exported = after("export")
    return ExportMemory(
        database=database,
        arm=arm,
        books=data.books,
        bytes_above_idle=max(0, exported.peak_rss - idle.rss),
        limit_bytes=LIMIT,
    )
