"""One run of the bench: what its measurements say of each arm, relative to `raw`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from bakeoff_bench.arms.catalogue import REFERENCE, TWIN
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import (
    ArmFacts,
    Measurement,
    Place,
    Ratio,
    Result,
    Twin,
    place_of,
)
from bakeoff_report import bands
from bakeoff_report.collect import figures
from bakeoff_report.collect.texts import Faster
from bakeoff_report.inputs import pointer
from bakeoff_report.model import (
    CostCell,
    Deployment,
    ExportMemoryCell,
    Figure,
    GrowthCell,
    Interval,
    Measure,
    Origin,
    Style,
)

_STYLES: Final[Mapping[str, Style]] = {
    "adapter": "adapter",
    "tutorial": "taught",
    "driver": "driver",
    "control": "control",
}
Kind = Literal["cpu-process", "cpu-server", "time"]


@dataclass(frozen=True, kw_only=True)
class Reading:
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
            figures=[] if failed else [*figures.absolute(self.result, self.path, found, at)],
            restarts=sum(bool(restart) for restart in found.restarts),
            rounds=sum(-(-len(restart) // statistics.SLICES_A_ROUND) for restart in found.restarts),
            latency={} if failed else figures.latency(self.path, found, at),
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
            return self._baseline(kind, at)
        cost = written or _computed(kind, found, reference)
        if cost is None:
            return Measure(
                measure=kind, band=None, interval=None, noise=None, why=_unread(kind, found)
            )
        floor = self._noise(kind, place_of(found))
        origin = Origin(file=self.path, pointer=at + pointer("restarts"), rule="cpu-ratio")
        if written is not None:
            origin = Origin(file=self.path, pointer=at + pointer(name))
        return self._decided(kind, found, cost, bands.decide(cost, floor), origin)

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
            return self._baseline("time", at)
        cost: Ratio | None = bands.inverse(found.ratio)
        if found.reference != REFERENCE:
            origin = Origin(file=self.path, pointer=at + pointer("restarts"), rule="time-ratio")
            cost = _computed("time", found, reference)
        if cost is None:
            why = "raw was not measured in the same rounds."
            return Measure(measure="time", band=None, interval=None, noise=None, why=why)
        floor = bands.inverse(twin.ratio) if twin else None
        return self._decided("time", found, cost, bands.decide(cost, floor), origin)

    def _baseline(self, kind: Kind, at: str) -> Measure:
        origin = Origin(file=self.path, pointer=at, rule="baseline")
        one = Ratio(value=1, low=1, high=1)
        return Measure(measure=kind, band="same", interval=_interval(one, origin), noise=None)

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

    def export_memory(self) -> Iterator[ExportMemoryCell]:
        """What an export of everything takes, of every arm that it was measured of."""
        for number, found in enumerate(self.result.export_memory):
            arm = self.arms.get(found.arm)
            if arm is None:
                continue
            at = pointer("export_memory", number)
            above, limit = (
                Figure(
                    value=value,
                    unit="bytes",
                    origin=Origin(file=self.path, pointer=at + pointer(name)),
                )
                for name, value in (
                    ("bytes_above_idle", found.bytes_above_idle),
                    ("limit_bytes", found.limit_bytes),
                )
            )
            yield ExportMemoryCell(
                source=self.path,
                backend=arm.backend,
                arm=found.arm,
                database=found.database,
                books=found.books,
                above_idle=above,
                limit=limit,
            )


def _computed(kind: Kind, found: Measurement | None, reference: Measurement | None) -> Ratio | None:
    """A cost relative to `raw` by the bench's own estimator, where it is not in the file.

    CPU times are not in files of earlier benches. Over HTTP nothing is written relative to `raw`.
    """
    if found is None or reference is None:
        return None
    cpu = statistics.cpu_ratio if kind == "cpu-process" else statistics.server_cpu_ratio
    try:
        if kind == "time":
            return bands.inverse(statistics.ratio(found.restarts, reference.restarts))
        return cpu(found.restarts, reference.restarts)
    except (ValueError, ArithmeticError):
        return None  # slices without an operation, or of other rounds than the reference's


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
