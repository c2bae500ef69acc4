"""Background work: a worker with what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bakeoff.outbox.confirming import Confirmations
from bakeoff.outbox.repeating import Repeating, beside
from bakeoff.outbox.working import Worker
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork


class Working:
    """A worker with what it needs, in a process that serves or in one of its own."""

    def __init__(self, settings: Settings, work: UnitOfWork) -> None:
        """Nothing runs before `running`."""
        self._confirmations = Confirmations(settings)
        self.worker = Worker(work, self._confirmations.send, settings)
        self._repeating = Repeating("the worker", self.worker.step, every=settings.outbox_poll)
        self.wake = self._repeating.wake

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work beside the block. Its end waits for the messages at hand."""
        async with self._confirmations.running(), beside(self._repeating.run()):
            yield
