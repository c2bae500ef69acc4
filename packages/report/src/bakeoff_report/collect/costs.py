"""Table two: what an operation costs, from runs of the bench: yours, and committed references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from bakeoff_bench.results.model import Machine, Result
from bakeoff_report.collect.faults import REFERENCE as FAULTS
from bakeoff_report.collect.measured import Reading
from bakeoff_report.collect.texts import Faster
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import CostCell, Deployment, ExportMemoryCell, GrowthCell

YOURS = "build/bench.json"
COMMAND = "python3.11 run.py bench"
REFERENCES = "results/*/*.json.gz"
TAUGHT_SINCE: Final = datetime(2026, 12, 1, tzinfo=UTC)
"""A reference that began later must have tutorial arms: the first ones were made without."""
_GIB = 2**30

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What all runs say."""

    cells: list[CostCell]
    deployments: list[Deployment]
    growth: list[GrowthCell]
    export_memory: list[ExportMemoryCell]


def costs(checkout: Checkout, *, yours: str, faster: Sequence[Faster]) -> Costs:
    """All runs that can be read; a reference that must not be shown is noted, and left out."""
    cells: list[CostCell] = []
    deployments: list[Deployment] = []
    growth: list[GrowthCell] = []
    exports: list[ExportMemoryCell] = []
    found = checkout.paths(REFERENCES)
    references = [path for path in found if not path.endswith(f"/{FAULTS}")]
    if not references:
        checkout.missing(REFERENCES, "a committed reference run", None)
    for path in (yours, *references):
        is_yours = path == yours
        what = "your run of the bench" if is_yours else "a committed reference run"
        result = checkout.bench(path, what, COMMAND if is_yours else None)
        if result is None:
            continue
        name = "yours" if is_yours else path.removeprefix("results/").removesuffix(".json.gz")
        checkout.describe(path, **_facts(result, name=name))
        refusal = None if is_yours else refused(result)
        if refusal is not None:
            checkout.describe(path, state="unreadable", problem=refusal)
            continue
        reading = Reading(path=path, name=name, result=result, faster=faster)
        for number in range(len(result.measurements)):
            try:
                cells += reading.cell(number)
            except (ArithmeticError, ValueError) as error:
                # Figures that nobody measured: too large for a number, or too small to divide by.
                checkout.complain(path, f"measurements/{number} was left out: {error}")
        deployments += _part(checkout, path, "costs", reading.deployments)
        growth += _part(checkout, path, "growth", reading.growth)
        exports += _part(checkout, path, "export_memory", reading.export_memory)
    return Costs(
        cells=sorted(cells, key=_order),
        deployments=deployments,
        growth=growth,
        export_memory=exports,
    )


def _part(checkout: Checkout, path: str, part: str, read: Callable[[], Iterator[T]]) -> list[T]:
    """A part of a run; none of it if it holds figures that nobody can have measured."""
    try:
        return [*read()]
    except (ArithmeticError, ValueError):
        checkout.complain(path, f"{part} was left out: it holds a figure that is too large.")
        return []


def refused(result: Result, *, since: datetime = TAUGHT_SINCE) -> str | None:
    """Why a committed run must not be shown as a reference; None if it may.

    Without a tutorial arm it would show only what somebody has made fast.
    """
    if result.began >= since and not any(arm.kind == "tutorial" for arm in result.arms):
        return (
            "It is not shown: it has no tutorial arms, which every reference since "
            f"{since.date()} must have. Run the bench with all arms."
        )
    return None


def unexplained(cells: Sequence[CostCell]) -> list[str]:
    """The ids of the cells that take less than `raw` beyond noise, and have no note.

    A control is no data layer: that it takes less is what it is for.
    """
    return [
        cell.id
        for cell in cells
        if cell.style != "control"
        and any(one.band == "faster" and one.note is None for one in cell.measures)
    ]


def _order(cell: CostCell) -> tuple[object, ...]:
    """No figure is in it: what is not ranked must not look as if it were."""
    return (
        cell.operation,
        cell.over_http,
        cell.database,
        cell.books,
        cell.tasks,
        cell.backend,
        cell.arm,
        cell.source,
    )


def _facts(result: Result, *, name: str) -> dict[str, object]:
    versions = {one.name: one.version for one in result.databases}
    for arm in result.arms:
        versions |= arm.versions
    return {
        "name": name,
        "made": result.began,
        "commit": result.commit,
        "machine": _machine(result.machine),
        "versions": dict(sorted(versions.items())),
        "untrustworthy": [] if result.trustworthy else result.untrustworthy_because,
        "left_out": result.left_out,
        "settings": {
            "run": _texts(result.options),
            **{one.name: _texts(one.settings) for one in result.databases},
        },
    }


def _texts(settings: Mapping[str, object]) -> dict[str, str]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in settings.items()
    }


def _machine(machine: Machine) -> str:
    pinned = "pinned" if machine.pinned else "not pinned"
    memory = round(machine.memory_bytes / _GIB)
    return (
        f"{machine.processor}, {machine.cpus} CPUs ({pinned}), {memory} GiB, {machine.system}, "
        f"{machine.kernel}, {machine.python}"
    )
