"""The timed loop: so many tasks take inputs from one list until time is up or the list is empty."""

from __future__ import annotations

import gc
from asyncio import TaskGroup
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from time import perf_counter_ns, process_time_ns
from typing import Any

from bakeoff_bench.arms.arm import Operation
from bakeoff_bench.protocol import Sliced


@contextmanager
def first_failure() -> Iterator[None]:
    """Let the first of several exceptions through in place of their group.

    :raises Exception: that one.
    """
    try:
        yield
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


class Timing:
    """Adds up what one slice takes, in one run or several."""

    def __init__(self, operation: Operation, *, tasks: int) -> None:
        """`tasks` is how many do the operation at once."""
        self._operation = operation
        self.nanoseconds = 0
        self._cpu_ns = 0
        self.latencies: list[int] = []
        self._per_task = [0] * tasks

    async def run(self, inputs: Sequence[Any], *, nanoseconds: int) -> None:
        """Work for so long, and not longer than the inputs last; every task does one at least.

        :raises Exception: the first that an operation raised; the other tasks are cancelled.
        """
        operation, latencies, per_task = self._operation, self.latencies, self._per_task
        tasks = len(per_task)
        # One for each task is put aside: an arm that never waits would leave the others none.
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

        # What was made before the slice is not to be collected at its expense.
        gc.collect()
        with first_failure():
            async with TaskGroup() as group:
                for task in range(tasks):
                    group.create_task(work(task))
                cpu_began, began = process_time_ns(), perf_counter_ns()
                deadline = began + nanoseconds
        self.nanoseconds += perf_counter_ns() - began
        self._cpu_ns += process_time_ns() - cpu_began

    def sliced(self) -> Sliced:
        """What came of it."""
        return Sliced(
            operations=len(self.latencies),
            nanoseconds=self.nanoseconds,
            cpu_ns=self._cpu_ns,
            latencies=self.latencies,
            per_task=self._per_task,
        )
