"""Absolute figures of one run: of its machine, and so not to be compared with another's."""

from __future__ import annotations

from collections.abc import Iterator

from bakeoff_bench.costs.measuring import tasks_of
from bakeoff_bench.results.model import Cost, Measurement, Result
from bakeoff_report.inputs import pointer
from bakeoff_report.model import Figure, Origin


def absolute(result: Result, path: str, found: Measurement, at: str) -> Iterator[Figure]:
    """CPU time of an operation, and its other costs, with `at` as the place of the measurement."""
    slices = [ran for restart in found.restarts for ran in restart]
    operations = sum(ran.operations for ran in slices)
    origin = Origin(file=path, pointer=at + pointer("restarts"), rule="cpu-time")
    yield Figure(
        value=sum(ran.cpu_ns for ran in slices) / operations / 1000,
        unit="µs of the process's CPU",
        origin=origin,
    )
    server = [ran.server_cpu_ns for ran in slices if ran.server_cpu_ns is not None]
    if len(server) == len(slices):
        yield Figure(
            value=sum(server) / operations / 1000,
            unit="µs of the database's CPU",
            origin=origin.model_copy(update={"rule": "server-cpu-time"}),
        )
    for number, cost in enumerate(result.costs):
        if _is_of(result, cost, found):
            where = pointer("costs", number)
            yield from _of_cost(path, cost, found.scenario, where)


def _is_of(result: Result, cost: Cost, found: Measurement) -> bool:
    """Costs are of the smallest data set, at one number of tasks, in process."""
    if (cost.arm, cost.database, found.table) != (found.arm, found.database, "in-process"):
        return False
    smallest = min(one.books for one in result.measurements)
    options = result.options
    tasks, pool = options.get("tasks"), options.get("pool")
    if found.books != smallest or not isinstance(pool, int) or not isinstance(tasks, list):
        return False
    numbers = [one for one in tasks if isinstance(one, int)]
    try:
        return bool(numbers) and found.tasks == tasks_of(found.scenario, tasks=numbers, pool=pool)
    except KeyError:
        return False  # a scenario that this version does not know


def _of_cost(path: str, cost: Cost, scenario: str, where: str) -> Iterator[Figure]:
    for name, unit, values in (
        ("allocated_bytes", "bytes allocated at the peak", cost.allocated_bytes),
        ("round_trips", "round trips", cost.round_trips),
        (
            "server_cpu_ms_per_1000",
            "ms of the database's CPU for 1000",
            cost.server_cpu_ms_per_1000,
        ),
    ):
        if values is not None and scenario in values:
            yield Figure(
                value=values[scenario],
                unit=unit,
                origin=Origin(file=path, pointer=where + pointer(name, scenario)),
            )


def latency(path: str, found: Measurement, at: str) -> dict[str, Figure]:
    """The latencies by percentile, in milliseconds."""
    values = found.latency.model_dump(include={"p50", "p95", "p99"})
    return {
        name: Figure(
            value=value / 1e6,
            unit="ms",
            origin=Origin(file=path, pointer=at + pointer("latency", name), rule="milliseconds"),
        )
        for name, value in values.items()
    }
