"""The layer: one writer at a time on a draft; readers see committed rows.

Records are copied in and out: a caller may change a record without changing the tables. Everything
belongs to one event loop, and no method of a store awaits.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import ClassVar

from bakeoff_memory.authors import Authors
from bakeoff_memory.books import Books
from bakeoff_memory.orders import Orders
from bakeoff_memory.outbox import Outbox
from bakeoff_memory.reports import Reports
from bakeoff_memory.tables import Tables
from bakeoff_memory.tokens import Tokens
from bakeoff_memory.users import Users
from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections, LayerInfo


class Store:
    def __init__(self, tables: Tables) -> None:
        self.authors: ports.Authors = Authors(tables)
        self.books: ports.Books = Books(tables)
        self.users: ports.Users = Users(tables)
        self.tokens: ports.Tokens = Tokens(tables)
        self.orders: ports.Orders = Orders(tables)
        self.reports: ports.Reports = Reports(tables)
        self.outbox: ports.Outbox = Outbox(tables)


class Layer:
    """The data lives as long as the object; closing and opening it keeps the data."""

    uses_database: ClassVar[bool] = False

    def __init__(self, config: LayerConfig) -> None:
        """Every setting is about a database, so none applies."""
        self._tables = Tables.empty()
        self._reading: AbstractAsyncContextManager[ports.Store] = nullcontext(Store(self._tables))
        self._writer = asyncio.Lock()

    async def open(self) -> None:
        """Nothing: there is no database."""

    async def close(self) -> None:
        """Nothing: there is no database."""

    async def ping(self) -> None:
        """Nothing: there is no database."""

    async def describe(self) -> LayerInfo:
        return LayerInfo(
            backend="memory",
            layer="plain Python",
            layer_version=platform.python_version(),
            driver=None,
            driver_version=None,
            database="memory",
            server_version=None,
        )

    def reading(self) -> AbstractAsyncContextManager[ports.Store]:
        """The same store for every reader; readers never wait."""
        return self._reading

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        """A draft of the tables; an exception or a cancellation in the block drops it.

        `asyncio.Lock` is first come, first served.
        """
        async with self._writer:
            tables = self._tables.draft()
            yield Store(tables)
            tables.commit()

    def connections(self) -> Connections:
        """A writer counts as a connection; readers need none."""
        writing = int(self._writer.locked())
        return Connections(size=writing, in_use=writing, in_transaction=writing)
