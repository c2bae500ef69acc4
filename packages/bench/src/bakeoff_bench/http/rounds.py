"""Loads on all arms of a cell, close together in time and in mirrored order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Protocol

from bakeoff_bench.controller.rounds import mirrored
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.records import Cell, Run


class Served(Protocol):
    """What a round needs of a server process."""

    @property
    def origin(self) -> str:
        """Where it serves."""

    def cpu_ns(self) -> int:
        """CPU time of the process so far."""


def time_cell(
    cell: Cell, servers: Mapping[str, Served], dice: random.Random
) -> dict[str, list[Run]]:
    """Two runs an arm and round, after one that does not count; one server at a time is loaded.

    :raises BenchError: a request failed, or the load generator did; the message names the arm.
    """
    done: dict[str, list[Run]] = {arm: [] for arm in cell.arms}
    for arm in cell.arms:
        _run(cell, servers[arm], arm=arm)
    for _ in range(cell.rounds):
        for half in mirrored(cell.arms, dice):
            for arm in half:
                done[arm].append(_run(cell, servers[arm], arm=arm))
    return done


def _run(cell: Cell, server: Served, *, arm: str) -> Run:
    before = server.cpu_ns()
    try:
        load = cell.drive(server.origin, connections=cell.connections)
    except BenchError as error:
        raise BenchError(f"{cell.scenario} over HTTP on {arm}: {error}") from error
    return Run(load=load, cpu_ns=server.cpu_ns() - before)
