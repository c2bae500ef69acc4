from __future__ import annotations

import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bakeoff.outbox.announcing import AnnouncingWork
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_schemas import timestamps
from bakeoff_schemas.api import BookBody
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import AuthorData, BookData, Message


class Shop:
    """The reference layer, with an author, and short ways to change and look."""

    def __init__(self, layer: Layer | None = None) -> None:
        self.layer = layer or Layer(LayerConfig())
        self.plain = UnitOfWork(self.layer, contention_retries=5)
        self.committed = 0
        self.work = AnnouncingWork(self.plain, committed=self._count)

    def _count(self) -> None:
        self.committed += 1

    def book(self, **fields: Any) -> BookData:
        return BookBody(title="t", author_id=1, price=Decimal(1), **fields).data()

    async def author(self) -> None:
        at = timestamps.now()
        await self.plain.write(lambda store: store.authors.create(AuthorData(name="Ged"), at=at))

    async def add_books(self, count: int) -> None:
        """So many books, one transaction each, and all published."""
        for _ in range(count):
            await self.work.write(
                lambda store: store.books.create(self.book(), at=timestamps.now())
            )
        await self.publish()

    async def publish(self) -> list[Message]:
        return await self.plain.write(lambda store: store.outbox.publish(limit=10_000))

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything that was added, oldest first."""
        await self.publish()
        messages = await self.plain.read(lambda store: store.outbox.since(0, limit=10_000))
        return [(message.topic, message.payload) for message in messages]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def shop_over() -> Callable[[Layer], Shop]:
    """A shop over a layer of the test's own."""
    return Shop


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Settings of a test's own, with pauses that are short."""

    def make(**values: Any) -> Settings:
        quick = {"backend": "memory", "outbox": "on", "outbox_backoff": 0.01, "outbox_poll": 0.05}
        return Settings(_env_file=None, **(quick | values))  # type: ignore[call-arg]

    return make


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
