"""What is measured: which arms are compared in which scenario, at how many tasks, on which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff_bench.arms.catalogue import ARMS, BY_NAME, REFERENCE, TWIN, ArmSpec
from bakeoff_bench.errors import BenchError
from bakeoff_bench.results.model import Table
from bakeoff_bench.scenarios import SCENARIOS, Scenario

LAST = ("create", "upsert", "bulk-insert")
"""Timed last, in this order, because they make the data set grow until the next restart."""

ENOUGH_RESTARTS = 6
"""No interval counts as precise on fewer restarts: the first few may agree by chance."""

SPARE_CONNECTIONS = 8
_CONTROLS = frozenset({REFERENCE, TWIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a run.

    `workers` maps backends to the interpreters that have them, `databases` maps the names of
    databases to addresses, which may hold passwords. `precision` is half an interval as a share of
    its ratio, `time_limit` is in seconds for the whole run, `restarts` None means as many as the
    precision takes. `slice_ms` is for many tasks; one task gets half of it, because many tasks do
    not end together and need more time for the same precision.
    """

    workers: Mapping[str, Path]
    databases: Mapping[str, str]
    folder: Path
    scenarios: tuple[str, ...]
    arms: tuple[str, ...]
    time_limit: float
    sizes: tuple[str, ...] = ("1k",)
    catalogue: Path | None = None
    tasks: tuple[int, ...] = (1, 8, 32)
    pool: int = 10
    precision: float = 0.03
    restarts: int | None = None
    slice_ms: int = 50
    rounds: int = 4
    seed: int = 1

    def slice_ns(self, tasks: int) -> int:
        return self.slice_ms * 1_000_000 // (2 if tasks == 1 else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How thorough a run is."""

    sizes: tuple[str, ...]
    tasks: tuple[int, ...]
    precision: float
    time_limit: float
    restarts: int | None
    slice_ms: int
    rounds: int


PRESETS: Mapping[str, Preset] = {
    "quick": Preset(
        sizes=("1k",),
        # A short slice of one task holds few operations, and its CPU time says little.
        tasks=(8,),
        precision=0.05,
        time_limit=170,
        restarts=3,
        slice_ms=50,
        rounds=2,
    ),
    "usual": Preset(
        sizes=("1k",),
        tasks=(1, 8, 32),
        precision=0.03,
        time_limit=4 * 3600,
        restarts=12,
        slice_ms=50,
        rounds=12,
    ),
    "full": Preset(
        sizes=("1k", "100k", "1m"),
        tasks=(1, 8, 32),
        precision=0.02,
        time_limit=24 * 3600,
        restarts=None,
        slice_ms=50,
        rounds=12,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One scenario at one number of tasks; rates are divided by that of `reference`."""

    scenario: str
    tasks: int
    arms: tuple[str, ...]
    reference: str = REFERENCE
    table: Table = "in-process"


def cells(options: Options, *, database: str) -> list[Cell]:
    """All that is timed on a database, in the order of timing: reads first."""
    arms = chosen_arms(options, database=database)
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if unknown := [name for name in options.scenarios if name not in known]:
        raise BenchError(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [scenario for scenario in SCENARIOS if scenario.name in options.scenarios]
    chosen.sort(
        key=lambda scenario: (
            LAST.index(scenario.name) if scenario.name in LAST else -1,
            scenario.writes,
        )
    )
    return [
        Cell(
            scenario=scenario.name,
            tasks=tasks,
            arms=tuple(arm.name for arm in arms if does(arm, scenario.name)),
        )
        for scenario in chosen
        for tasks in _tasks(scenario, options)
    ]


def _tasks(scenario: Scenario, options: Options) -> Sequence[int]:
    # An operation that touches everything is as slow with many tasks as with one.
    return (1,) if max(scenario.tasks) == 1 else sorted(set(options.tasks))


def chosen_arms(options: Options, *, database: str) -> list[ArmSpec]:
    """The arms of the options that this database has, always with the reference and its twin."""
    if unknown := [name for name in options.arms if name not in BY_NAME]:
        raise BenchError(f"no such arm: {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    wanted = {*_CONTROLS, *options.arms}
    arms = [arm for arm in ARMS if arm.name in wanted and database in arm.databases]
    if missing := sorted({arm.backend for arm in arms} - set(options.workers)):
        raise BenchError(f"no Python interpreter was named for: {', '.join(missing)}")
    return arms


def does(arm: ArmSpec, scenario: str) -> bool:
    return arm.scenarios is None or scenario in arm.scenarios


def concerns(cell: Cell, group: Sequence[str]) -> bool:
    """True if the cell compares an arm of this group, or compares only controls."""
    compared = set(cell.arms) - _CONTROLS
    return not compared or not compared.isdisjoint(group)


def groups(arms: Sequence[ArmSpec], *, pool: int, connections: int | None) -> list[list[str]]:
    """The arms that run at the same time: all, or as many as the server has connections for.

    Every group has the reference and its twin, and an adapter is in the group of its tutorial arm.
    `connections` is what the server allows, None for no limit.
    """
    controls = [arm.name for arm in arms if arm.name in _CONTROLS]
    families: dict[str, list[str]] = {}
    for arm in arms:
        if arm.name not in _CONTROLS:
            families.setdefault(arm.backend, []).append(arm.name)
    if connections is None:
        return [[*controls, *(name for family in families.values() for name in family)]]
    room = (connections - SPARE_CONNECTIONS) // pool - len(controls)
    if room < max(map(len, families.values()), default=0):
        raise BenchError(
            f"the server allows {connections} connections, too few for pools of {pool}: "
            "raise its max_connections, or ask for fewer arms or a smaller pool"
        )
    made: list[list[str]] = [[]]
    for family in families.values():
        if len(made[-1]) + len(family) > room:
            made.append([])
        made[-1] += family
    return [[*controls, *group] for group in made]
