"""Layers that are wrong in one way each, on top of one that is right."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any

from bakeoff_raw.layer import Layer

_MINE: ContextVar[Any] = ContextVar("mine", default=None)


class KeepsWhatFailed(Layer):
    """Commits although the block failed."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        failed: Exception | None = None
        async with super().writing() as store:
            try:
                yield store
            except Exception as error:
                failed = error
        if failed is not None:
            raise failed


class KeepsWhatWasCancelled(Layer):
    """Commits what there was when the cancellation came."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        cancelled: BaseException | None = None
        async with super().writing() as store:
            try:
                yield store
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled


class SwallowsCancellations(Layer):
    """Rolls back, and lets the task go on."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        try:
            async with super().reading() as store:
                yield store
        except asyncio.CancelledError:
            return


class SharesWithChildren(Layer):
    """Gives a task the store of the task that began it, as context variables will have it."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        if _MINE.get() is not None:
            yield _MINE.get()
        else:
            async with super().reading() as store:
                yield store

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with super().writing() as store:
            token = _MINE.set(store)
            try:
                yield store
            finally:
                _MINE.reset(token)


class ReadsInATransaction(Layer):
    """Sees the database as it was at the first read."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with super().reading() as store:
            await store._connection._raw.execute("BEGIN")
            try:
                yield store
            finally:
                await store._connection._raw.execute("ROLLBACK")


class ServesTheLastFirst(Layer):
    """Lets those in first who came last."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._waiting: list[asyncio.Future[None]] = []
        self._free = config.pool_max

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        if self._free == 0:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        else:
            self._free -= 1
        async with super().reading() as store:
            yield store
        if self._waiting:
            self._waiting.pop().set_result(None)
        else:
            self._free += 1


class Leaks(Layer):
    """Never gives back its first connection."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._kept = AsyncExitStack()

    async def open(self) -> None:
        await super().open()
        await self._kept.enter_async_context(super().reading())

    async def close(self) -> None:
        await self._kept.aclose()
        await super().close()


class TellsParameters(Layer):
    """Logs what it is given."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with super().writing() as store:
            authors = store.authors

            async def create(data: Any, **others: Any) -> Any:
                logging.getLogger("broken").info("INSERT INTO authors: %s", data)
                return await authors.create(data, **others)

            yield _Instead(store, authors=_Instead(authors, create=create))


class IsInAnotherZone(Layer):
    """Takes the clock of the machine for UTC."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with super().writing() as store:
            authors = store.authors

            async def create(data: Any, *, at: datetime) -> Any:
                local = at.astimezone().replace(tzinfo=at.tzinfo)
                made = await authors.create(data, at=local)
                return replace(made, created_at=at)

            yield _Instead(store, authors=_Instead(authors, create=create))


class _Instead:
    """Something else, but for a few attributes."""

    def __init__(self, what: Any, **others: Any) -> None:
        self._what = what
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._what, name)
