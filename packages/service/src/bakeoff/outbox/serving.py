"""Live updates and background work in a process that serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from bakeoff.metrics import Metrics
from bakeoff.outbox.announcing import AnnouncingWork
from bakeoff.outbox.background import Working
from bakeoff.outbox.feed import Feed
from bakeoff.outbox.metrics import FeedMetrics, WorkerMetrics
from bakeoff.outbox.publishing import Publisher
from bakeoff.outbox.repeating import Repeating, beside
from bakeoff.outbox.stopping import on_stop
from bakeoff.outbox.waking import redis_bell
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.errors import ContractError


class Outbox:
    """The outbox of a process that serves: `work` is for its routes, `feed` for its clients."""

    def __init__(self, settings: Settings, work: UnitOfWork, metrics: Metrics) -> None:
        """Nothing runs before `running`."""
        every = settings.outbox_poll
        self._publisher = Publisher(work, keep=settings.outbox_keep, published=self._tell)
        self._publishing = Repeating("the publisher", self._publisher.step, every=every)
        self.work = AnnouncingWork(work, committed=self._publishing.wake)
        self.feed = Feed(
            work,
            most_clients=settings.live_clients,
            queue=settings.live_queue,
            wake=lambda: self._reading.wake(),
        )
        self._reading = Repeating("the feed", self.feed.step, every=every)
        metrics.registry.register(FeedMetrics(self.feed))
        self._working: Working | None = None
        if settings.worker == "on":
            self._working = Working(settings, work)
            metrics.registry.register(WorkerMetrics(self._working.worker))
        self._bell = redis_bell(settings, self._hear)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Publish, tell and work beside the block. Its end waits for the messages at hand."""
        tasks = [self._publishing.run(), self._reading.run()]
        if self._bell is not None:
            tasks.append(self._bell.run())
        async with AsyncExitStack() as stack:
            if self._working is not None:
                await stack.enter_async_context(self._working.running())
            stack.push_async_callback(self._publish_the_rest)
            await stack.enter_async_context(beside(*tasks))
            stack.callback(self.feed.end)
            # Earlier if a signal comes: the server waits for streams before it gets here.
            stack.enter_context(on_stop(self.feed.end))
            yield

    async def _publish_the_rest(self) -> None:
        """So that what was committed last need not wait for another process to look for it."""
        with suppress(ContractError):
            await self._publisher.publish()

    def _tell(self) -> None:
        """This process published something."""
        self._hear()
        if self._bell is not None:
            self._bell.ring()

    def _hear(self) -> None:
        """Some process published something."""
        self._reading.wake()
        if self._working is not None:
            self._working.wake()
