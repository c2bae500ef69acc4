"""The layer: units of work over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from bakeoff_newlayer.authors import Authors
from bakeoff_newlayer.books import Books
from bakeoff_newlayer.orders import Orders
from bakeoff_newlayer.outbox import Outbox
from bakeoff_newlayer.reports import Reports
from bakeoff_newlayer.tables import Tables
from bakeoff_newlayer.tokens import Tokens
from bakeoff_newlayer.users import Users
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
    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        self._config = config

    async def open(self) -> None:
        """Connects to nothing yet."""

    async def close(self) -> None:
        """Has nothing to give back yet."""

    async def ping(self) -> None:
        """Asks nobody yet."""

    async def describe(self) -> LayerInfo:
        return LayerInfo(
            backend="newlayer",
            layer="newlayer",
            layer_version="0.1.0",
            driver=None,
            driver_version=None,
            database="memory",
            server_version=None,
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        yield Store(Tables())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        yield Store(Tables())

    def connections(self) -> Connections:
        return Connections(size=0, in_use=0, in_transaction=0)
