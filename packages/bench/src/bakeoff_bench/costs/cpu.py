"""CPU time for 1000 operations: of the workers as the run measured it, of the server from here."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_bench.results.model import Measurement
from bakeoff_bench.scenarios import BY_NAME

_NANOSECONDS_TO_MS_PER_1000 = 1000 / 1e6


def tasks_of(scenario: str, *, tasks: Sequence[int], pool: int) -> int:
    """How many at once the CPU is told for: as many as keep the pool busy, with nobody waiting."""
    if max(BY_NAME[scenario].tasks) == 1:
        return 1
    return max((number for number in tasks if number <= pool), default=min(tasks))


def worker_cpu(
    measurements: Sequence[Measurement], *, tasks: Sequence[int], pool: int
) -> dict[str, float]:
    """Milliseconds by scenario, over all slices of one arm on one data set."""
    return {
        one.scenario: per_1000(
            sum(ran.cpu_ns for restart in one.restarts for ran in restart),
            operations=sum(ran.operations for restart in one.restarts for ran in restart),
        )
        for one in measurements
        if one.tasks == tasks_of(one.scenario, tasks=tasks, pool=pool)
    }


def per_1000(cpu_ns: float, *, operations: int) -> float:
    """Milliseconds of CPU for 1000 of them."""
    return cpu_ns / operations * _NANOSECONDS_TO_MS_PER_1000
