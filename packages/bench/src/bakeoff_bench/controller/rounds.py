"""Slices of all arms of a cell, close together in time and in mirrored order.

Whatever drifts during a round (temperature, neighbours, a growing table) then affects every arm
alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.controller.record import Timed
from bakeoff_bench.protocol import Slice, Sliced

WARM_UP = 2
"""Slices' worth of time that every arm works before its slices count."""
LONGEST_CELL = 4
"""Where slices take longer than planned, rounds are left out, so that the cell takes at most this
many times its planned time."""


class Slices(Protocol):
    """What a round needs of a worker."""

    def slice(self, command: Slice) -> Sliced: ...


def mirrored(arms: Sequence[str], dice: random.Random) -> tuple[list[str], list[str]]:
    """The arms in a random order, and in the opposite one."""
    order = dice.sample(arms, len(arms))
    return order, order[::-1]


def time_cell(
    cell: Cell,
    workers: Mapping[str, Slices],
    *,
    books: int,
    nanoseconds: int,
    rounds: int,
    seeds: Iterator[int],
    dice: random.Random,
    server_cpu: Callable[[], int | None] = lambda: None,
) -> dict[str, list[Timed]]:
    """Two slices for each round and arm of the cell that has a worker.

    `server_cpu` reads the CPU time that the database has taken, in nanoseconds.
    Within half a round every arm gets the same seed, so the same inputs; no seed is used again.
    """
    arms = [arm for arm in cell.arms if arm in workers]

    def timed(order: Sequence[str], lasting: int) -> dict[str, Timed]:
        command = Slice(
            scenario=cell.scenario,
            tasks=cell.tasks,
            nanoseconds=lasting,
            seed=next(seeds),
            books=books,
        )
        slices = {}
        for arm in order:
            before = server_cpu()
            done = workers[arm].slice(command)
            after = server_cpu()
            taken = None if before is None or after is None else after - before
            slices[arm] = Timed.of(done, server_cpu_ns=taken)
        return slices

    warming = timed(arms, WARM_UP * nanoseconds)
    average = sum(slice_.ran.nanoseconds for slice_ in warming.values()) / len(arms)
    affordable = max(1, int(rounds * LONGEST_CELL * nanoseconds / average))
    done: dict[str, list[Timed]] = {arm: [] for arm in arms}
    for _ in range(min(rounds, affordable)):
        for half in mirrored(arms, dice):
            for arm, slice_ in timed(half, nanoseconds).items():
                done[arm].append(slice_)
    return done
