"""Table two: what an operation costs, from runs of the bench: yours, and committed references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, Literal

from bakeoff_bench.arms.catalogue import REFERENCE, TWIN
from bakeoff_bench.costs.measuring import tasks_of
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import (
    ArmFacts,
    Cost,
    Machine,
    Measurement,
    Place,
    Ratio,
    Result,
    Twin,
    place_of,
)
from bakeoff_report import bands
from bakeoff_report.collect.texts import Faster
from bakeoff_report.inputs import Checkout, pointer
from bakeoff_report.model import (
    CostCell,
    Deployment,
    Figure,
    GrowthCell,
    Interval,
    Measure,
    Origin,
    Style,
)

YOURS = "build/bench.json"
COMMAND = "python3.11 run.py bench"
REFERENCES = "results/*/*.json.gz"
TAUGHT_SINCE: Final = datetime(2026, 12, 1, tzinfo=UTC)
"""A reference that began later must have tutorial arms: the first ones were made without."""
_STYLES: Final[Mapping[str, Style]] = {
    "adapter": "adapter",
    "tutorial": "taught",
    "driver": "driver",
    "control": "control",
}
_GIB = 2**30
Kind = Literal["cpu-process", "cpu-server", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What all runs say."""

    cells: list[CostCell]
    deployments: list[Deployment]
    growth: list[GrowthCell]


def costs(checkout: Checkout, *, yours: str, faster: Sequence[Faster]) -> Costs:
    """All runs that can be read; a reference that must not be shown is noted, and left out."""
    cells: list[CostCell] = []
    deployments: list[Deployment] = []
    growth: list[GrowthCell] = []
    references = checkout.paths(REFERENCES)
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
        reading = _Reading(path=path, name=name, result=result, faster=faster)
        for number in range(len(result.measurements)):
            try:
                cells += reading.cell(number)
            except (ArithmeticError, ValueError) as error:
                # Figures that nobody measured: too large for a number, or too small to divide by.
                checkout.complain(path, f"measurements/{number} was left out: {error}")
        deployments += reading.deployments()
        growth += reading.growth()
    return Costs(cells=sorted(cells, key=_order), deployments=deployments, growth=growth)


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


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One run."""

    path: str
    name: str
    result: Result
    faster: Sequence[Faster]
    _noises: dict[tuple[Kind, Place], Ratio | None] = field(default_factory=dict)

    @cached_property
    def arms(self) -> Mapping[str, ArmFacts]:
        return {arm.name: arm for arm in self.result.arms}

    @cached_property
    def twins(self) -> Mapping[Place, Twin]:
        return {place_of(twin): twin for twin in self.result.twins}

    @cached_property
    def by_arm(self) -> Mapping[tuple[Place, str], Measurement]:
        return {(place_of(one), one.arm): one for one in self.result.measurements}

    def cell(self, number: int) -> Iterator[CostCell]:
        """The cell of one measurement; none for a twin.

        :raises ValueError, ArithmeticError: its figures cannot have been measured.
        """
        found = self.result.measurements[number]
        arm = self.arms.get(found.arm)
        style = _STYLES.get(arm.kind) if arm else None
        if arm is not None and style is not None:
            place = place_of(found)
            yield self._cell(
                found,
                backend=arm.backend,
                style=style,
                at=pointer("measurements", number),
                place=place,
                reference=self.by_arm.get((place, REFERENCE)),
                described=arm.description if style == "control" else None,
            )

    def _cell(
        self,
        found: Measurement,
        *,
        backend: str,
        style: Style,
        at: str,
        place: Place,
        reference: Measurement | None,
        described: str | None,
    ) -> CostCell:
        failed = None
        if not any(ran.operations for restart in found.restarts for ran in restart):
            failed = "No operation succeeded, so there is no time."
        measures: list[Measure] = []
        if failed is None:
            measures = [
                self._cpu("cpu-process", found, at, reference),
                self._cpu("cpu-server", found, at, reference),
                self._time(found, at, reference, self.twins.get(place)),
            ]
        return CostCell(
            id="-".join([self.name.replace("/", "-"), found.arm, *_steps(place)]),
            source=self.path,
            backend=backend,
            arm=found.arm,
            style=style,
            operation=found.scenario,
            database=found.database,
            tasks=found.tasks,
            books=found.books,
            over_http=found.table == "http",
            measures=measures,
            figures=[] if failed else [*self._figures(found, at)],
            restarts=sum(bool(restart) for restart in found.restarts),
            rounds=sum(-(-len(restart) // statistics.SLICES_A_ROUND) for restart in found.restarts),
            latency={} if failed else self._latency(found, at),
            failed=failed,
            note=found.note or described,
        )

    def _cpu(
        self,
        kind: Literal["cpu-process", "cpu-server"],
        found: Measurement,
        at: str,
        reference: Measurement | None,
    ) -> Measure:
        name = "cpu" if kind == "cpu-process" else "server_cpu"
        written = found.cpu if kind == "cpu-process" else found.server_cpu
        if found.reference != REFERENCE:
            # Over HTTP all is written relative to a service without a database.
            written = None
        if found.arm == REFERENCE and _computed(kind, found, found) is not None:
            return _baseline(kind, Origin(file=self.path, pointer=at, rule="baseline"))
        cost = written or _computed(kind, found, reference)
        if cost is None:
            return Measure(
                measure=kind, band=None, interval=None, noise=None, why=_unread(kind, found)
            )
        floor = self._noise(kind, place_of(found))
        origin = Origin(file=self.path, pointer=at + pointer("restarts"), rule="cpu-ratio")
        if written is not None:
            origin = Origin(file=self.path, pointer=at + pointer(name))
        return self._decided(kind, found, cost, bands.of_cost(cost, floor), origin)

    def _noise(self, kind: Kind, place: Place) -> Ratio | None:
        """The ratio of the twin, computed once for all arms in the place."""
        if (kind, place) not in self._noises:
            twin = self.twins.get(place)
            written = None
            if twin is not None:
                written = twin.cpu if kind == "cpu-process" else twin.server_cpu
            measured, reference = (self.by_arm.get((place, name)) for name in (TWIN, REFERENCE))
            self._noises[kind, place] = written or _computed(kind, measured, reference)
        return self._noises[kind, place]

    def _time(
        self, found: Measurement, at: str, reference: Measurement | None, twin: Twin | None
    ) -> Measure:
        origin = Origin(file=self.path, pointer=at + pointer("ratio"), rule="inverse")
        if found.arm == REFERENCE:
            return _baseline("time", origin)
        cost: Ratio | None = bands.inverse(found.ratio)
        if found.reference != REFERENCE:
            origin = Origin(file=self.path, pointer=at + pointer("restarts"), rule="time-ratio")
            cost = _computed("time", found, reference)
        if cost is None:
            why = "raw was not measured in the same rounds."
            return Measure(measure="time", band=None, interval=None, noise=None, why=why)
        floor = bands.inverse(twin.ratio) if twin else None
        return self._decided("time", found, cost, bands.of_time(cost, floor), origin)

    def _decided(
        self,
        kind: Kind,
        found: Measurement,
        cost: Ratio,
        decision: bands.Decision,
        origin: Origin,
    ) -> Measure:
        note = None
        if decision.band == "faster":
            fitting = (
                one.why
                for one in self.faster
                if one.fits(self.path, found.arm, found.scenario, kind)
            )
            note = next(fitting, None)
        return Measure(
            measure=kind,
            band=decision.band,
            interval=_interval(cost, origin),
            noise=decision.noise,
            why=decision.why,
            note=note,
        )

    def _figures(self, found: Measurement, at: str) -> Iterator[Figure]:
        slices = [ran for restart in found.restarts for ran in restart]
        operations = sum(ran.operations for ran in slices)
        origin = Origin(file=self.path, pointer=at + pointer("restarts"), rule="cpu-time")
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
        for number, cost in enumerate(self.result.costs):
            if self._is_of(cost, found):
                where = pointer("costs", number)
                yield from self._of_cost(cost, found.scenario, where)

    def _is_of(self, cost: Cost, found: Measurement) -> bool:
        """Costs are of the smallest data set, at one number of tasks, in process."""
        if (cost.arm, cost.database, found.table) != (found.arm, found.database, "in-process"):
            return False
        smallest = min(one.books for one in self.result.measurements)
        options = self.result.options
        tasks, pool = options.get("tasks"), options.get("pool")
        if found.books != smallest or not isinstance(pool, int) or not isinstance(tasks, list):
            return False
        numbers = [one for one in tasks if isinstance(one, int)]
        try:
            return bool(numbers) and found.tasks == tasks_of(
                found.scenario, tasks=numbers, pool=pool
            )
        except KeyError:
            return False  # a scenario that this version does not know

    def _of_cost(self, cost: Cost, scenario: str, where: str) -> Iterator[Figure]:
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
                    origin=Origin(file=self.path, pointer=where + pointer(name, scenario)),
                )

    def _latency(self, found: Measurement, at: str) -> dict[str, Figure]:
        values = found.latency.model_dump(include={"p50", "p95", "p99"})
        return {
            name: Figure(
                value=value / 1e6,
                unit="ms",
                origin=Origin(
                    file=self.path, pointer=at + pointer("latency", name), rule="milliseconds"
                ),
            )
            for name, value in values.items()
        }

    def deployments(self) -> Iterator[Deployment]:
        """What each arm takes besides time, on the first database that it was measured on."""
        backends = {arm.name: arm.backend for arm in self.result.arms}
        seen: set[str] = set()
        for number, cost in enumerate(self.result.costs):
            if cost.arm in seen or cost.arm not in backends:
                continue
            seen.add(cost.arm)
            fields = {
                "installed": ("installed_bytes", "bytes", cost.installed_bytes),
                "distributions": ("distributions", "distributions", cost.distributions),
                "import": ("import_seconds", "seconds", cost.import_seconds),
                "first-answer": ("first_answer_seconds", "seconds", cost.first_answer_seconds),
                "peak-memory": ("peak_rss_bytes", "bytes", cost.peak_rss_bytes),
            }
            yield Deployment(
                backend=backends[cost.arm],
                arm=cost.arm,
                figures={
                    name: Figure(
                        value=value,
                        unit=unit,
                        origin=Origin(file=self.path, pointer=pointer("costs", number, path)),
                    )
                    for name, (path, unit, value) in fields.items()
                    if value is not None
                },
            )

    def growth(self) -> Iterator[GrowthCell]:
        """How operations grow with the data set, of every arm that it was measured of."""
        for number, found in enumerate(self.result.growth):
            arm = self.arms.get(found.arm)
            if arm is None:
                continue
            at = pointer("growth", number)
            yield GrowthCell(
                source=self.path,
                backend=arm.backend,
                arm=found.arm,
                operation=found.scenario,
                database=found.database,
                smaller=found.smaller,
                larger=found.larger,
                slowdown=_interval(
                    found.slowdown, Origin(file=self.path, pointer=at + pointer("slowdown"))
                ),
                limit=Figure(
                    value=found.limit,
                    unit="times as long",
                    origin=Origin(file=self.path, pointer=at + pointer("limit")),
                ),
            )


def _computed(kind: Kind, found: Measurement | None, reference: Measurement | None) -> Ratio | None:
    """A cost relative to `raw` by the bench's own estimator, where it is not in the file.

    CPU times are in files since December 2026. Over HTTP nothing is written relative to `raw`.
    """
    if found is None or reference is None:
        return None
    of = statistics.cpu_time if kind == "cpu-process" else statistics.server_cpu_time
    try:
        if kind == "time":
            return bands.inverse(statistics.ratio(found.restarts, reference.restarts))
        return statistics.cpu_ratio(found.restarts, reference.restarts, of=of)
    except (ValueError, ArithmeticError):
        return None  # slices without an operation, or of other rounds than the reference's


def _baseline(kind: Kind, origin: Origin) -> Measure:
    one = Ratio(value=1, low=1, high=1)
    return Measure(measure=kind, band="same", interval=_interval(one, origin), noise=None)


def _unread(kind: Kind, found: Measurement) -> str:
    if kind == "cpu-process":
        return "The CPU time of the process was not read in every slice."
    if found.database == "sqlite":
        return "SQLite has no server: its work is in the CPU time of the process."
    return "The CPU time of the database was not read."


def _interval(ratio: Ratio, origin: Origin) -> Interval:
    return Interval(value=ratio.value, low=ratio.low, high=ratio.high, origin=origin)


def _steps(place: Place) -> list[str]:
    over_http = ["http"] if place.table == "http" else []
    return [*over_http, place.database, str(place.books), place.scenario, str(place.tasks)]


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
