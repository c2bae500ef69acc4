"""The connections that wait for the next unit of work.

workaround(tortoise-sqlite-one-connection): Tortoise leaves pools to the drivers, and has a single
connection for SQLite, where a reader then waits for a writer.

workaround(tortoise-cancelled-begin): a task that is cancelled in BEGIN never gives its connection
back.

The pool of asyncpg would send a reset with every release, which takes as long as a point read, and
that of aiomysql leaves a cancelled statement, and its locks, to the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import Connections
from bakeoff_tortoise.engine.cancellation import uninterrupted
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.errors import NATIVE


class Pool:
    """The one that was used last is used next; a turnstile outside decides who may come in."""

    def __init__(self, config: LayerConfig) -> None:
        """Nothing connects yet."""
        self._minimum = max(config.pool_min, 1)
        self._patience = config.connect_timeout
        self._client: Client | None = None
        self._idle: list[Any] = []
        self._in_use: set[Any] = set()
        self._closed = True

    async def open(self, client: Client) -> None:
        """Make the first connections by this client.

        :raises Unavailable: the database cannot be reached.
        """
        self._client = client
        self._closed = False
        try:
            for _ in range(self._minimum):
                self._idle.append(await client.connect())
        except BaseException:
            await uninterrupted(self.close())
            raise

    async def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        self._closed = True
        while self._idle:
            await self._hang_up(self._idle.pop())

    def connections(self) -> Connections:
        """What the pool holds at this moment."""
        return Connections(
            size=len(self._idle) + len(self._in_use),
            in_use=len(self._in_use),
            in_transaction=sum(self.client.in_transaction(each) for each in self._in_use),
        )

    @property
    def client(self) -> Client:
        """Tortoise's client for the database; there is none before the pool is open."""
        assert self._client is not None, "the layer has not been opened"
        return self._client

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """A connection on which every statement stands for itself."""
        unit = await self._take()
        try:
            yield unit
        finally:
            await self._give_back(unit)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Unit]:
        """A connection in a transaction; begun here, so that a dead one shows before any work."""
        unit = await self._take()
        try:
            await unit.begin()
            yield unit
            await unit.commit()
        finally:
            await self._give_back(unit)

    async def _take(self) -> Unit:
        """Heals the pool after the server went away, without a ping for every use."""
        client = self.client
        while self._idle:
            connection = self._idle.pop()
            if not client.is_lost(connection):
                break
            client.drop(connection)
        else:
            connection = await client.connect()
        self._in_use.add(connection)
        return client.unit_class(client, connection)

    async def _give_back(self, unit: Unit) -> None:
        connection = unit.connection
        try:
            if unit.interrupted or self.client.in_transaction(connection):
                await uninterrupted(self._restore(unit))
            elif self.client.is_lost(connection):
                self.client.drop(connection)
            elif self._closed:
                await uninterrupted(self._hang_up(connection))
            else:
                self._idle.append(connection)
        finally:
            self._in_use.discard(connection)

    async def _restore(self, unit: Unit) -> None:
        try:
            async with asyncio.timeout(self._patience):
                usable = await self.client.settle(unit)
        except NATIVE:
            usable = False
        except Unavailable:
            usable = False
        if not usable:
            self.client.drop(unit.connection)
        elif self._closed:
            await self._hang_up(unit.connection)
        else:
            self._idle.append(unit.connection)

    async def _hang_up(self, connection: Any) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self.client.hang_up(connection)
        except NATIVE:
            self.client.drop(connection)
