"""Performs scenarios on an open arm: to compare answers, to time slices, to measure memory."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from math import ceil
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import Any

from bakeoff_bench.arms.arm import Arm, Operation
from bakeoff_bench.inputs import draw, fresh_isbns, stream
from bakeoff_bench.protocol import Allocate, Allocated, Check, Checked, Slice, Sliced
from bakeoff_bench.scenarios import BY_NAME, Scenario

_PREPARED_AT_ONCE = 8
_FIRST_INPUTS = 2
"""Inputs for each task while the rate is unknown."""
_INPUT_RESERVE = 1.25
_ALLOCATION_WARM_UP, _ALLOCATION_TIMES = 5, 15


class UnknownScenarioError(LookupError):
    """There is no scenario of this name, or this arm does not do it."""


class Performer:
    """An open arm, with its rates so far and the ISBNs that it has used."""

    def __init__(self, arm: Arm, *, name: str) -> None:
        self._arm = arm
        self._isbns = fresh_isbns(name)
        self._rates: dict[tuple[str, int], float] = {}

    async def check(self, command: Check) -> Checked:
        """Do a few inputs one after the other, and report the answers.

        :raises UnknownScenarioError: the arm does not do it.
        """
        scenario, operation = self._find(command.scenario)
        drawn = self._stream(command, touched=None)
        inputs = await self._prepared(scenario, list(islice(drawn, scenario.checks)))
        return Checked(answers=[scenario.comparable(await operation(one)) for one in inputs])

    async def slice(self, command: Slice) -> Sliced:
        """Keep the arm busy for so long.

        Inputs are prepared before the clock starts, as many as the rate of the slice before
        suggests. If they run out, the clock stops until there are more.

        :raises UnknownScenarioError: the arm does not do it.
        """
        scenario, operation = self._find(command.scenario)
        timing = Timing(operation, tasks=command.tasks)
        drawn = self._stream(command, touched=command.touched)
        key = (command.scenario, command.tasks)
        while (left := command.nanoseconds - timing.nanoseconds) > 0:
            count = command.tasks * _FIRST_INPUTS
            if key in self._rates:
                count = max(command.tasks, ceil(self._rates[key] * left * _INPUT_RESERVE))
            inputs = await self._prepared(scenario, list(islice(drawn, count)))
            await timing.run(inputs, nanoseconds=left)
            self._rates[key] = len(timing.latencies) / timing.nanoseconds
        return timing.sliced()

    async def allocate(self, command: Allocate) -> Allocated:
        """The median, over a few operations one at a time, of what Python holds at the peak.

        Python does not count allocations. tracemalloc knows the peak, but not what native code
        allocates by itself. It slows everything down, so nothing is timed here.
        """
        held = {}
        count = _ALLOCATION_WARM_UP + _ALLOCATION_TIMES
        for name in command.scenarios:
            operation = self._arm.operation(name)
            if operation is not None:
                inputs = draw(
                    name, seed=command.seed, count=count, books=command.books, isbns=self._isbns
                )
                held[name] = await _held(operation, inputs)
        return Allocated(bytes=held)

    def _stream(self, command: Check | Slice, *, touched: int | None) -> Iterator[Any]:
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

        with _first_failure():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(prepared(one)) for one in drawn]
        return [task.result() for task in tasks]

    async def _do(self, name: str, drawn: Any) -> Any:
        _, operation = self._find(name)
        return await operation(drawn)


class Timing:
    """The timed loop: tasks take inputs from one list until time is up or the list is empty.

    It adds up the figures of one slice, over one run or several.
    """

    def __init__(self, operation: Operation, *, tasks: int) -> None:
        self._operation = operation
        self.nanoseconds = 0
        self._cpu_ns = 0
        self.latencies: list[int] = []
        self._per_task = [0] * tasks

    async def run(self, inputs: Sequence[Any], *, nanoseconds: int) -> None:
        """Work for so long, or until the inputs run out; every task does one at least."""
        operation, latencies, per_task = self._operation, self.latencies, self._per_task
        tasks = len(per_task)
        # One for each task is set aside: an arm that never waits would leave the others none.
        others = iter(inputs[tasks:])
        deadline = 0

        async def work(task: int) -> None:
            done = 0
            for one in chain(inputs[task : task + 1], others):
                started = perf_counter_ns()
                await operation(one)
                ended = perf_counter_ns()
                latencies.append(ended - started)
                done += 1
                if ended >= deadline:
                    break
            per_task[task] += done

        # Garbage from before the slice must not be collected within it.
        gc.collect()
        with _first_failure():
            async with asyncio.TaskGroup() as group:
                for task in range(tasks):
                    group.create_task(work(task))
                cpu_began, began = process_time_ns(), perf_counter_ns()
                deadline = began + nanoseconds
        self.nanoseconds += perf_counter_ns() - began
        self._cpu_ns += process_time_ns() - cpu_began

    def sliced(self) -> Sliced:
        return Sliced(
            operations=len(self.latencies),
            nanoseconds=self.nanoseconds,
            cpu_ns=self._cpu_ns,
            latencies=self.latencies,
            per_task=self._per_task,
        )


async def _held(operation: Operation, inputs: Sequence[Any]) -> float:
    for one in inputs[:_ALLOCATION_WARM_UP]:
        await operation(one)
    gc.collect()
    tracemalloc.start()
    try:
        return median([await _peak(operation, one) for one in inputs[_ALLOCATION_WARM_UP:]])
    finally:
        tracemalloc.stop()


async def _peak(operation: Operation, one: Any) -> int:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    await operation(one)
    _, peak = tracemalloc.get_traced_memory()
    return peak - before


@contextmanager
def _first_failure() -> Iterator[None]:
    """Raise the first of several exceptions in place of their group."""
    try:
        yield
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
