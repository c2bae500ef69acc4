"""Reads through the entries in Redis, and ends them when the data changes.

What it promises, and why that holds, is in docs/cache.md.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bakeoff.cache.entries import Absence, Entries
from bakeoff.cache.errors import CacheError
from bakeoff.cache.metrics import CacheMetrics, Kind, Operation

Load = Callable[[], Awaitable[bytes]]

_JITTER = 0.1
# How long reads do without Redis after it has failed.
_PAUSE = 1.0
# Between two attempts of a write to end entries.
_RETRY = 0.2
# How much longer than an entry lasts a write waits for its end: clocks differ a little.
_MARGIN = 1.0
# For what is still being forgotten at the end, on behalf of requests that have ended.
_LAST = 1.0

log = logging.getLogger("bakeoff")


@dataclass(slots=True)
class _Readers:
    """Those in this process who read one name now.

    `filling` is set while one of them loads, and `filled` counts how often one has.
    """

    count: int = 0
    filling: asyncio.Event | None = None
    filled: int = 0


class Cache:
    """One cache of one process, over the Redis that all processes share."""

    def __init__(self, entries: Entries, *, ttl: float, metrics: CacheMetrics) -> None:
        """An entry lasts `ttl` seconds, with a jitter of ±10 %."""
        self._entries = entries
        self._ttl = ttl
        self._metrics = metrics
        self._readers: dict[str, _Readers] = {}
        self._forgetting: set[asyncio.Task[None]] = set()
        self._again_at = 0.0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Say whether Redis answers, and close the connections at the end."""
        try:
            await self._entries.ping()
        except CacheError as error:
            self._failed(error)
        try:
            yield
        finally:
            if self._forgetting:
                await asyncio.wait(self._forgetting, timeout=_LAST)
            for task in self._forgetting:
                task.cancel()
            try:
                await self._entries.close()
            except CacheError as error:
                log.warning("the connections to Redis could not be closed: %s", error)

    async def through(self, kind: Kind, name: str, fences: Sequence[str], load: Load) -> bytes:
        """What is kept under the name, or else what `load` answers, which is then kept.

        In one process, one reader at a time loads a name. The others wait for it, once, and look
        again; they do not take its answer, which may be older than a write that they know of.
        """
        readers = self._readers.setdefault(name, _Readers())
        readers.count += 1
        try:
            filled = readers.filled
            found = await self._look(name, fences)
            if isinstance(found, Absence) and (readers.filling or readers.filled != filled):
                if readers.filling:
                    await readers.filling.wait()
                found = await self._look(name, fences)
            if isinstance(found, bytes):
                self._metrics.reads[kind, "hit"].inc()
                return found
            if found is None:
                self._metrics.reads[kind, "unavailable"].inc()
                return await load()
            self._metrics.reads[kind, "miss"].inc()
            if readers.filling:
                return await load()
            return await self._fill(name, found, load, readers)
        finally:
            readers.count -= 1
            if not readers.count:
                del self._readers[name]

    async def forget(self, fences: Sequence[str]) -> None:
        """Return when no entry from before can be served any more, by whatever process.

        That is when the entries have been ended, or else their server has, or else their time. A
        cancelled caller does not stop it.
        """
        task = asyncio.create_task(self._forget(fences))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)
        await asyncio.shield(task)

    async def _look(self, name: str, fences: Sequence[str]) -> bytes | Absence | None:
        """What is there; None if Redis did not answer, or is left alone because it did not."""
        if self._again_at:
            now = time.monotonic()
            if now < self._again_at:
                return None
            # One reader tries; the others do without until it knows.
            self._again_at = now + _PAUSE
        try:
            found = await self._entries.look(name, fences)
        except CacheError as error:
            self._failed(error, "look")
            return None
        self._works()
        return found

    async def _fill(self, name: str, absence: Absence, load: Load, readers: _Readers) -> bytes:
        readers.filling = ended = asyncio.Event()
        try:
            value = await load()
            seconds = self._ttl * random.uniform(1 - _JITTER, 1 + _JITTER)
            try:
                await self._entries.save(name, value, absence=absence, seconds=seconds)
            except CacheError as error:
                self._failed(error, "save")
            return value
        finally:
            readers.filling = None
            readers.filled += 1
            ended.set()

    async def _forget(self, fences: Sequence[str]) -> None:
        expired = time.monotonic() + self._ttl * (1 + _JITTER) + _MARGIN
        while True:
            try:
                await self._entries.forget(fences)
            except CacheError as error:
                self._failed(error, "forget")
            else:
                self._works()
                return
            if await self._entries.has_ended():
                return
            left = expired - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, _RETRY))

    def _failed(self, error: CacheError, operation: Operation | None = None) -> None:
        if operation is not None:
            self._metrics.failures[operation].inc()
        if not self._again_at:
            log.warning("the cache is not used, Redis does not answer: %s", error)
        self._again_at = time.monotonic() + _PAUSE

    def _works(self) -> None:
        if self._again_at:
            log.info("the cache is used again, Redis answers")
            self._again_at = 0.0
