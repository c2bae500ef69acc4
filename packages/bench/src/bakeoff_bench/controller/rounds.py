"""Slices of all arms of a cell, close together in time and in mirrored order.

Whatever drifts while a round lasts (temperature, neighbours, a growing table) then weighs on every
arm alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.protocol import Slice, Sliced

WARM_UP = 2
"""Slices' worth of time that every arm works before its slices count."""
LONG = 4
"""Where slices take longer than asked, rounds are left out for the cell to take no longer than so
many times what was asked."""


class Asked(Protocol):
    """What a round needs of a worker."""

    def slice(self, command: Slice) -> Sliced:
        """Do the slice and tell what was done."""


def mirrored(arms: Sequence[str], dice: random.Random) -> tuple[list[str], list[str]]:
    """The arms in an order by chance, and in the opposite one."""
    order = dice.sample(arms, len(arms))
    return order, order[::-1]


def time_cell(
    cell: Cell,
    workers: Mapping[str, Asked],
    *,
    books: int,
    nanoseconds: int,
    rounds: int,
    seeds: Iterator[int],
    dice: random.Random,
) -> dict[str, list[Sliced]]:
    """Two slices an arm and round, of those arms of the cell that there are workers of.

    Within half a round every arm gets the same seed, so the same inputs; it never gets it again.
    """
    arms = [arm for arm in cell.arms if arm in workers]

    def timed(order: Sequence[str], lasting: int) -> dict[str, Sliced]:
        command = Slice(
            scenario=cell.scenario,
            tasks=cell.tasks,
            nanoseconds=lasting,
            seed=next(seeds),
            books=books,
        )
        return {arm: workers[arm].slice(command) for arm in order}

    warming = timed(arms, WARM_UP * nanoseconds)
    average = sum(slice_.nanoseconds for slice_ in warming.values()) / len(arms)
    affordable = max(1, int(rounds * LONG * nanoseconds / average))
    done: dict[str, list[Sliced]] = {arm: [] for arm in arms}
    for _ in range(min(rounds, affordable)):
        for half in mirrored(arms, dice):
            for arm, slice_ in timed(half, nanoseconds).items():
                done[arm].append(slice_)
    return done
