"""Performs scenarios on an open arm: once to compare the answers, and by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from math import ceil
from typing import Any

from bakeoff_bench.arms.arm import Arm, Operation
from bakeoff_bench.draws import fresh_isbns, stream
from bakeoff_bench.protocol import Check, Checked, Slice, Sliced
from bakeoff_bench.scenarios import BY_NAME, Scenario
from bakeoff_bench.worker.timing import Timing, first_failure

_PREPARED_AT_ONCE = 8
_FIRST = 2
"""Inputs for each task, as long as it is not known how fast they are used up."""
_MORE_THAN_ENOUGH = 1.25


class UnknownScenarioError(LookupError):
    """There is no scenario of this name, or this arm does not do it."""


class Performer:
    """An open arm with what is remembered about it: its rates, and how many ISBNs it has used."""

    def __init__(self, arm: Arm, *, name: str) -> None:
        """`name` is that of the arm in the catalogue."""
        self._arm = arm
        self._isbns = fresh_isbns(name)
        self._rates: dict[tuple[str, int], float] = {}

    async def check(self, command: Check) -> Checked:
        """Do a few inputs one after the other, and answer what came out.

        :raises UnknownScenarioError: the arm does not do it.
        :raises Exception: whatever the arm raises.
        """
        scenario, operation = self._find(command.scenario)
        drawn = self._drawn(command)
        inputs = await self._prepared(scenario, list(islice(drawn, scenario.checks)))
        return Checked(answers=[scenario.comparable(await operation(one)) for one in inputs])

    async def slice(self, command: Slice) -> Sliced:
        """Keep the arm busy for as long as told.

        What the operations need is made ready before the clock starts, by the rate of the slice
        before. If that was not enough, the clock stands still until there is more.

        :raises UnknownScenarioError: the arm does not do it.
        :raises Exception: whatever the arm raises; the other tasks are cancelled then.
        """
        scenario, operation = self._find(command.scenario)
        timing = Timing(operation, tasks=command.tasks)
        drawn = self._drawn(command)
        place = (command.scenario, command.tasks)
        while (left := command.nanoseconds - timing.nanoseconds) > 0:
            count = self._enough(place, nanoseconds=left)
            inputs = await self._prepared(scenario, list(islice(drawn, count)))
            await timing.run(inputs, nanoseconds=left)
            self._rates[place] = len(timing.latencies) / timing.nanoseconds
        return timing.sliced()

    def _enough(self, place: tuple[str, int], *, nanoseconds: int) -> int:
        _, tasks = place
        if place not in self._rates:
            return tasks * _FIRST
        return max(tasks, ceil(self._rates[place] * nanoseconds * _MORE_THAN_ENOUGH))

    def _drawn(self, command: Check | Slice) -> Iterator[Any]:
        touched = command.touched if isinstance(command, Slice) else None
        return stream(
            command.scenario,
            seed=command.seed,
            books=command.books,
            isbns=self._isbns,
            touched=touched,
        )

    def _find(self, name: str) -> tuple[Scenario, Operation]:
        scenario = BY_NAME.get(name)
        if scenario is None:
            raise UnknownScenarioError(f"there is no scenario {name!r}")
        operation = self._arm.operation(name)
        if operation is None:
            raise UnknownScenarioError(f"this arm does not do {name}")
        return scenario, operation

    async def _prepared(self, scenario: Scenario, drawn: Sequence[Any]) -> Sequence[Any]:
        prepare = scenario.prepare
        if prepare is None:
            return drawn
        gate = asyncio.Semaphore(_PREPARED_AT_ONCE)

        async def prepared(one: Any) -> Any:
            async with gate:
                return await prepare(self._do, one)

        with first_failure():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(prepared(one)) for one in drawn]
        return [task.result() for task in tasks]

    async def _do(self, name: str, drawn: Any) -> Any:
        _, operation = self._find(name)
        return await operation(drawn)
