from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from bakeoff_bench.controller.record import Record
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.plan import HttpCell
from bakeoff_bench.http.run import time_cell
from bakeoff_bench.http.wrk import Load

ARMS = ("bare", "memory", "raw")


@dataclass
class Served:
    origin: str
    cpu: int = 0

    def cpu_ns(self) -> int:
        self.cpu += 500
        return self.cpu


@dataclass
class Drive:
    """Answers as many requests as the origin says, in a second."""

    asked: list[str] = field(default_factory=list)

    def __call__(self, origin: str, *, connections: int) -> Load:
        self.asked.append(origin)
        if origin == "0":
            raise BenchError("of 9 requests some failed (status 9)")
        return Load(
            requests=int(origin), nanoseconds=1_000_000_000, latencies={2_000_000: int(origin)}
        )


def cell(drive: Drive, arms: tuple[str, ...] = ARMS, *, rounds: int = 1) -> HttpCell:
    return HttpCell(
        scenario="point-read",
        tasks=16,
        arms=arms,
        reference="bare",
        drive=drive,
        rounds=rounds,
    )


def servers(*rates: int) -> dict[str, Served]:
    return {arm: Served(str(rate)) for arm, rate in zip(ARMS, rates, strict=True)}


def test_every_arm_is_warmed_up_once_and_then_timed_in_rounds_of_mirrored_order() -> None:
    drive = Drive()
    done = time_cell(cell(drive, rounds=2), servers(100, 80, 50), random.Random(1))
    assert drive.asked[:3] == ["100", "80", "50"]
    for start in (3, 9):
        assert drive.asked[start : start + 3] == drive.asked[start + 3 : start + 6][::-1]
    assert {arm: len(runs) for arm, runs in done.items()} == dict.fromkeys(ARMS, 4)
    assert {run.ran.cpu_ns for runs in done.values() for run in runs} == {500}


def test_a_failed_request_stops_the_bench_and_names_the_arm() -> None:
    with pytest.raises(BenchError, match="point-read over HTTP on raw: of 9 requests some failed"):
        time_cell(cell(Drive()), servers(100, 80, 0), random.Random(1))


def test_rates_are_divided_by_that_of_the_bare_endpoint_in_the_same_restarts() -> None:
    drive = Drive()
    timed = cell(drive)
    record = Record(timed)
    for rates in ((100, 80, 50), (200, 160, 100)):
        record.add(time_cell(timed, servers(*rates), random.Random(1)))
    bare, memory, raw = record.measurements(database="sqlite", books=10, stopped="restarts")
    assert bare.ratio.value == 1
    assert memory.ratio.value == pytest.approx(0.8)
    assert raw.ratio.value == pytest.approx(0.5)
    assert (memory.table, memory.reference, memory.tasks) == ("http", "bare", 16)
    assert memory.rate == 120
    assert [len(restart) for restart in memory.restarts] == [2, 2]
    assert memory.latency.p50 == pytest.approx(2_000_000, rel=0.001)
    assert memory.fairness is None


def test_few_restarts_are_never_precise_however_well_they_agree() -> None:
    timed = cell(Drive())
    record = Record(timed)
    for number in range(1, 7):
        assert not record.precise(0.5), f"after {number - 1} restarts"
        record.add(time_cell(timed, servers(100, 80, 50), random.Random(number)))
    assert record.precise(0.03)
