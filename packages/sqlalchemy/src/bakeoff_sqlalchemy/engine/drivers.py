"""What the engine must know about a driver: how to connect, and the state of a connection."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed
from bakeoff_sqlalchemy.errors import NATIVE, translate


class Driver(ABC):
    """A driver and its settings; `connection` is always the driver's own, not SQLAlchemy's."""

    # The distributions that may be chosen; the first is the usual one.
    names: ClassVar[tuple[str, ...]]
    # The execution options of the engine for writing.
    writing_options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, config: LayerConfig) -> None:
        """Choose the driver, without connecting.

        :raises ValueError: there is no such driver for this database.
        """
        self.config = config
        self.database = config.database()
        self.name = config.driver or self.names[0]
        if self.name not in self.names:
            raise ValueError(
                f"BAKEOFF_DRIVER must be {' or '.join(self.names)} for a {self.database.scheme} URL"
            )

    @property
    def connect_args(self) -> dict[str, Any]:
        return {"async_creator_fn": self.connect}

    async def connect(self, *_: Any, **options: Any) -> Any:
        """A new connection, with the options of SQLAlchemy's dialect; the address is ours.

        :raises Unavailable: there is no connecting to the database.
        """
        location = self.database.location
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                return await self._connect(**options)
        except NATIVE as error:
            known = translate(error, location=location)
            raise connecting_failed(error, known, location=location) from error

    @abstractmethod
    async def _connect(self, **options: Any) -> Any: ...

    @abstractmethod
    def is_alive(self, connection: Any) -> bool:
        """Whether it is usable, as far as the driver knows without a round trip."""

    @abstractmethod
    def in_transaction(self, connection: Any) -> bool: ...

    @abstractmethod
    def set_up(self, reading: Engine, writing: Engine) -> None:
        """Have a transaction begin as soon as a unit of work does, on the engine for writing."""

    async def kill_remote(self, connection: Any) -> None:  # noqa: B027 - asyncpg does it by itself
        """End what a cancelled task left running on a connection that is closed next."""


def begin_with(writing: Engine, statement: str) -> None:
    """Send this statement at the begin of a transaction, where the dialect sends none."""

    @event.listens_for(writing, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)
