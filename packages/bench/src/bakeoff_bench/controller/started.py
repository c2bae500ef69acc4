"""A set of workers, started together and ended together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.processes import Worker
from bakeoff_bench.protocol import Check, Checked, Open, Opened, Slice, Sliced

TO_OPEN = 60.0
_PATIENCE = 120.0
_PATIENCE_A_BOOK = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A worker whose arm is open; what it is asked may take as long as the data set is large."""

    worker: Worker
    opened: Opened
    books: int

    def check(self, scenario: str, *, seed: int) -> Checked:
        """Do the scenario's check and tell the answers."""
        command = Check(scenario=scenario, seed=seed, books=self.books)
        return self.worker.ask(command, Checked, seconds=self._patience)

    def slice(self, command: Slice) -> Sliced:
        """Do the slice and tell what was done."""
        seconds = command.nanoseconds / 1e9 + self._patience
        return self.worker.ask(command, Sliced, seconds=seconds)

    @property
    def _patience(self) -> float:
        return _PATIENCE + self.books * _PATIENCE_A_BOOK


@contextmanager
def started(
    arms: Sequence[str], *, data: DataSet, options: Options, pinning: Pinning
) -> Iterator[dict[str, Started]]:
    """Workers by arm, each with its pool open, on the workers' CPU.

    They import and connect at the same time on all CPUs, and are held only then.

    :raises ArmFailed: one of them does not open.
    """
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for arm in arms:
            python = options.workers[BY_NAME[arm].backend]
            workers[arm] = stack.enter_context(Worker(arm, python=python, url=data.url))
            workers[arm].send(Open(arm=arm, url=data.url.render(), pool=options.pool))
        made = {}
        for arm, worker in workers.items():
            opened = worker.receive(Opened, doing="open", seconds=TO_OPEN)
            pinning.hold_worker(worker.pid)
            made[arm] = Started(worker=worker, opened=opened, books=data.books)
        yield made
