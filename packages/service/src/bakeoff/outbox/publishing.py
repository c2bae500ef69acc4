"""Gives messages their positions, and removes old ones."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import timedelta

from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import Contended

_BATCH = 500
_LONGEST_BETWEEN_PURGES = 3600.0
_LONGEST_PAUSE = 0.2


class Publisher:
    """Publishes what was committed; any number of processes may do so at once."""

    def __init__(
        self, work: UnitOfWork, *, keep: float, published: Callable[[], None] = lambda: None
    ) -> None:
        """Messages are removed after `keep` seconds; `published` is called after each batch."""
        self._work = work
        self._keep = keep
        self._published = published
        self._next_purge = 0.0

    async def step(self) -> None:
        """Publish, and now and then remove what is old."""
        while True:
            try:
                await self.publish()
                break
            except Contended:
                # Others publish, but may have looked before the last message was committed.
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))
        if time.monotonic() >= self._next_purge:
            await self.purge()
            pause = min(_LONGEST_BETWEEN_PURGES, self._keep / 2)
            self._next_purge = time.monotonic() + pause

    async def publish(self) -> int:
        """Publish everything there is; returns how many messages.

        :raises Contended: others publish all the time.
        """
        total = 0
        while True:
            batch = await self._work.write(lambda store: store.outbox.publish(limit=_BATCH))
            total += len(batch)
            if batch:
                self._published()
            if len(batch) < _BATCH:
                return total

    async def purge(self) -> int:
        """Remove messages that are old and done with; returns how many."""
        before = timestamps.now() - timedelta(seconds=self._keep)
        return await self._work.write(lambda store: store.outbox.purge(before=before))
