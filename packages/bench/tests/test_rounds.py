from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict

import pytest

from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.controller.record import Record
from bakeoff_bench.controller.rounds import mirrored, time_cell
from bakeoff_bench.protocol import Slice, Sliced

ARMS = ("raw", "raw-twin", "sqlalchemy")
CELL = Cell(scenario="create", tasks=2, arms=ARMS)
SLICE = 1_000_000


class Scripted:
    """A worker that claims to work at a given speed, and remembers what it was asked."""

    def __init__(self, name: str, log: list[tuple[str, Slice]], *, took: int = 10_000) -> None:
        self._name, self._log, self._took = name, log, took

    def slice(self, command: Slice) -> Sliced:
        self._log.append((self._name, command))
        operations = max(2, command.nanoseconds // self._took)
        return Sliced(
            operations=operations,
            nanoseconds=operations * self._took,
            cpu_ns=1,
            latencies=[self._took] * operations,
            per_task=[operations - 1, 1],
        )


def timed(*, rounds: int = 3, took: int = 10_000) -> tuple[list[tuple[str, Slice]], Record]:
    log: list[tuple[str, Slice]] = []
    record = Record(CELL)
    record.add(
        time_cell(
            CELL,
            {arm: Scripted(arm, log, took=took) for arm in ARMS},
            books=1000,
            nanoseconds=SLICE,
            rounds=rounds,
            seeds=itertools.count(),
            dice=random.Random(1),
        )
    )
    return log, record


def test_every_round_is_in_mirrored_order_after_a_warm_up_of_every_arm() -> None:
    log, _ = timed(rounds=3)
    names = [name for name, _ in log]
    assert sorted(names[:3]) == sorted(ARMS)
    for start in (3, 9, 15):
        there, back = names[start : start + 3], names[start + 3 : start + 6]
        assert sorted(there) == sorted(ARMS)
        assert back == there[::-1]
    assert len(names) == 21


def test_each_slice_has_the_cpu_time_that_the_database_took_during_it() -> None:
    log: list[tuple[str, Slice]] = []
    clock = itertools.count(step=7)
    done = time_cell(
        CELL,
        {arm: Scripted(arm, log) for arm in ARMS},
        books=1000,
        nanoseconds=SLICE,
        rounds=2,
        seeds=itertools.count(),
        dice=random.Random(1),
        server_cpu=lambda: next(clock),
    )
    assert {one.ran.server_cpu_ns for slices in done.values() for one in slices} == {7}


def test_the_order_of_the_rounds_is_left_to_chance_and_the_seed() -> None:
    orders = {tuple(mirrored(ARMS, random.Random(seed))[0]) for seed in range(50)}
    assert len(orders) == 6
    assert mirrored(ARMS, random.Random(7)) == mirrored(ARMS, random.Random(7))


def test_all_arms_get_the_same_inputs_and_none_gets_them_twice() -> None:
    log, _ = timed(rounds=3)
    by_seed = defaultdict(list)
    for name, command in log:
        by_seed[command.seed].append(name)
    assert all(sorted(names) == sorted(ARMS) for names in by_seed.values())
    assert len(by_seed) == 7


def test_the_warm_up_does_not_count() -> None:
    log, record = timed(rounds=2)
    [raw, *_] = record.measurements(database="sqlite", books=1000, stopped="time")
    assert len(raw.restarts[0]) == 4
    assert sum(ran.operations for ran in raw.restarts[0]) == 4 * SLICE // 10_000
    assert Counter(name for name, _ in log)["raw"] == 5


@pytest.mark.parametrize(("took", "affordable"), [(SLICE, 6), (5 * SLICE, 2), (20 * SLICE, 1)])
def test_the_longer_an_operation_takes_the_fewer_rounds_there_are(
    took: int, affordable: int
) -> None:
    # There are two tasks, so that the least a slice can take is two operations.
    log, _ = timed(rounds=6, took=took)
    assert Counter(name for name, _ in log)["raw"] == 1 + 2 * affordable


def test_a_task_that_starves_shows_in_the_fairness() -> None:
    _, record = timed()
    [raw, *_] = record.measurements(database="sqlite", books=1000, stopped="time")
    assert raw.fairness == pytest.approx(1 / 99)


def test_an_arm_that_was_not_in_a_restart_has_an_empty_one_there() -> None:
    _, record = timed()
    log: list[tuple[str, Slice]] = []
    record.add(
        time_cell(
            CELL,
            {arm: Scripted(arm, log) for arm in ("raw", "raw-twin")},
            books=1000,
            nanoseconds=SLICE,
            rounds=1,
            seeds=itertools.count(),
            dice=random.Random(1),
        )
    )
    found = {
        one.arm: one for one in record.measurements(database="sqlite", books=1, stopped="time")
    }
    assert [len(slices) for slices in found["sqlalchemy"].restarts] == [6, 0]
    assert [len(slices) for slices in found["raw"].restarts] == [6, 2]
    assert record.restarts == 1
