"""The changes as they are published: one reader for all clients of a process."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from bakeoff.outbox import messages
from bakeoff.problems import Overloaded
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import Message

log = logging.getLogger("bakeoff.outbox")

RESET = "reset"
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What clients are told: a message, or a reset: that some are not there any more.

    `data` is JSON, encoded once for all clients.
    """

    position: int
    topic: str
    data: str

    @classmethod
    def of(cls, message: Message) -> Change:
        """The change that a published message tells of."""
        assert message.position is not None, "it is published"
        data = json.dumps(message.payload, separators=(",", ":"))
        return cls(position=message.position, topic=message.topic, data=data)

    @classmethod
    def reset(cls, position: int) -> Change:
        """Changes were missed; those after this position follow."""
        return cls(position=position, topic=RESET, data=f'{{"position":{position}}}')

    @property
    def is_public(self) -> bool:
        """Whether clients are told; other messages only take up a position."""
        return self.topic == RESET or self.topic in messages.PUBLIC


class Feed:
    """Reads what was published since the last time, and hands it to every client.

    Each client has a queue of its own. A full one ends: who reads too slowly may come again, and
    resumes after the last change that arrived.
    """

    def __init__(
        self,
        work: UnitOfWork,
        *,
        most_clients: int,
        queue: int,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """So many clients at once, with so many changes in the queue of each.

        `wake` asks whoever calls `step` to do it soon.
        """
        self._work = work
        self._most_clients = most_clients
        self._queue_size = queue
        self._wake = wake
        # Of the last message that the reader has seen; None while there is no client to read for.
        self._position: int | None = None
        self._beginning = asyncio.Lock()
        self._following: set[Listener] = set()
        self.ended = False
        self.clients = 0
        self.told = 0
        self.dropped = 0

    @property
    def position(self) -> int:
        """Of the last message that was handed to the queues; there must be a client."""
        assert self._position is not None
        return self._position

    async def step(self) -> None:
        """Tell all clients what was published since the last time.

        :raises Unavailable: the database cannot be reached.
        """
        while (position := self._position) is not None:
            batch = await self._published(after=position)
            if self._position != position:
                # The last client left meanwhile, and perhaps another came.
                continue
            if not batch:
                return
            last = batch[-1].position
            for change in batch if _complete(position, batch) else [Change.reset(last)]:
                self._tell(change)
            self._position = last
            # A layer that never waits would fill the queues before a client can empty its own.
            await asyncio.sleep(0)

    @asynccontextmanager
    async def listener(self, after: int | None) -> AsyncIterator[Listener]:
        """A client, as long as the block lasts.

        It resumes after the position `after`, or begins with what is published from now on.

        :raises Overloaded: there are as many clients as there may be, or this process is ending.
        :raises Unavailable: the database cannot be reached.
        """
        if self.ended:
            raise Overloaded("The service is ending.")
        if self.clients >= self._most_clients:
            raise Overloaded("As many clients follow the changes as may (BAKEOFF_LIVE_CLIENTS).")
        self.clients += 1
        try:
            position = await self._begin()
            missed = False
            if after is not None:
                # Another process may have told of more than this one has read by now.
                missed = after > position and after > await self._last_position()
                position = position if missed else after
            listener = Listener(self, position, missed=missed, queue=self._queue_size)
            try:
                yield listener
            finally:
                self._following.discard(listener)
                listener.close()
        finally:
            self.clients -= 1
            if not self.clients:
                self._position = None

    def follow(self, listener: Listener) -> None:
        """Hand it every change after `position`, until it is full or the feed ends."""
        if self.ended:
            listener.end()
        else:
            self._following.add(listener)

    def end(self) -> None:
        """End what all clients follow, after what is in their queues, and admit no others."""
        self.ended = True
        for listener in self._following:
            listener.end()
        self._following.clear()

    async def after(self, position: int) -> list[Change] | None:
        """The next changes for a client that lags behind; None if some are not there any more.

        :raises Unavailable: the database cannot be reached.
        """
        batch = await self._published(after=position)
        return batch if batch and _complete(position, batch) else None

    async def _published(self, *, after: int) -> list[Change]:
        batch = await self._work.read(lambda store: store.outbox.since(after, limit=_BATCH))
        return [Change.of(message) for message in batch]

    async def _last_position(self) -> int:
        return await self._work.read(lambda store: store.outbox.last_position())

    async def _begin(self) -> int:
        async with self._beginning:
            if self._position is None:
                self._position = await self._last_position()
                # For what was published while this was asked: whoever did that woke nobody.
                self._wake()
            return self._position

    def _tell(self, change: Change) -> None:
        if not change.is_public:
            return
        for listener in [*self._following]:
            if listener.put(change):
                self.told += 1
            else:
                self.dropped += 1
                self._following.discard(listener)
                listener.end()


class Listener:
    """One client that follows the changes."""

    def __init__(self, feed: Feed, position: int, *, missed: bool, queue: int) -> None:
        """It follows from `position` on; `missed` says that it wanted to resume elsewhere."""
        self._feed = feed
        self._missed = missed
        self.position = position
        self._outlet, self._queue = anyio.create_memory_object_stream[Change](queue)

    async def changes(self) -> AsyncIterator[Change]:
        """The changes in the order of their positions, until the feed ends or this is too slow."""
        try:
            async for change in self._all():
                # What was read for this client may also stand in its queue.
                if change.topic == RESET or change.position > self.position:
                    self.position = change.position
                    if change.is_public:
                        yield change
        except Unavailable as error:
            # The client comes again, and resumes then.
            log.warning("a client that follows the changes was sent away: %s", error)

    async def _all(self) -> AsyncIterator[Change]:
        if self._missed:
            yield Change.reset(self.position)
        # At its own pace: only who has caught up gets a queue.
        while self.position < self._feed.position and not self._feed.ended:
            batch = await self._feed.after(self.position)
            for change in [Change.reset(self._feed.position)] if batch is None else batch:
                yield change
        # Nothing is awaited in between, so that nothing is missed.
        self._feed.follow(self)
        async for change in self._queue:
            yield change

    def put(self, change: Change) -> bool:
        """Add to the queue; False if it is full."""
        try:
            self._outlet.send_nowait(change)
        except anyio.WouldBlock:
            return False
        return True

    def end(self) -> None:
        """Nothing follows what is in the queue."""
        self._outlet.close()

    def close(self) -> None:
        """Forget the queue."""
        self._outlet.close()
        self._queue.close()


def _complete(position: int, batch: Sequence[Change]) -> bool:
    """Whether no message between the position and the end of the batch was removed.

    Positions have no gaps, so that counting is enough.
    """
    return batch[-1].position - position == len(batch)
