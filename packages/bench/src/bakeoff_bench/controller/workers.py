"""A set of workers with open arms, started together and ended together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.processes import Worker
from bakeoff_bench.protocol import (
    Allocate,
    Allocated,
    Check,
    Checked,
    Measure,
    Measured,
    Open,
    Opened,
    Slice,
    Sliced,
)

TO_OPEN = 60.0
_TO_MEASURE = 10.0
_TIMEOUT, _TIMEOUT_PER_BOOK = 120.0, 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWorker:
    """A worker whose arm is open; its timeouts grow with the data set."""

    worker: Worker
    opened: Opened
    books: int

    def check(self, scenario: str, *, seed: int) -> Checked:
        command = Check(scenario=scenario, seed=seed, books=self.books)
        return self.worker.ask(command, Checked, seconds=self._timeout)

    def slice(self, command: Slice) -> Sliced:
        seconds = command.nanoseconds / 1e9 + self._timeout
        return self.worker.ask(command, Sliced, seconds=seconds)

    def allocate(self, scenarios: Sequence[str], *, seed: int) -> dict[str, float]:
        command = Allocate(scenarios=[*scenarios], seed=seed, books=self.books)
        return self.worker.ask(command, Allocated, seconds=self._timeout).bytes

    def measure(self) -> Measured:
        return self.worker.ask(Measure(), Measured, seconds=_TO_MEASURE)

    @property
    def _timeout(self) -> float:
        return _TIMEOUT + self.books * _TIMEOUT_PER_BOOK


@contextmanager
def open_workers(
    arms: Sequence[str],
    *,
    data: DataSet,
    options: Options,
    pinning: Pinning,
    pool: int | None = None,
) -> Iterator[dict[str, OpenWorker]]:
    """Workers by arm, each with its pool open, on the workers' CPU.

    They import and connect at the same time on all CPUs, and are pinned after that.
    """
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for arm in arms:
            python = options.workers[BY_NAME[arm].backend]
            workers[arm] = stack.enter_context(Worker(arm, python=python, url=data.url))
            workers[arm].send(Open(arm=arm, url=data.url.render(), pool=pool or options.pool))
        made = {}
        for arm, worker in workers.items():
            opened = worker.receive(Opened, doing="open", seconds=TO_OPEN)
            pinning.hold_worker(worker.pid)
            made[arm] = OpenWorker(worker=worker, opened=opened, books=data.books)
        yield made
