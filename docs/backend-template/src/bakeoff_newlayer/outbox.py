"""The outbox: messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import Message, NewMessage, Page, Window


class Outbox:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, messages: Sequence[NewMessage]) -> None:
        raise NotImplementedError

    async def publish(self, *, limit: int) -> list[Message]:
        raise NotImplementedError

    async def since(self, position: int, *, limit: int) -> list[Message]:
        raise NotImplementedError

    async def last_position(self) -> int:
        raise NotImplementedError

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        raise NotImplementedError

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        raise NotImplementedError

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        raise NotImplementedError

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        raise NotImplementedError

    async def list_failed(self, *, window: Window) -> Page[Message]:
        raise NotImplementedError

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        raise NotImplementedError

    async def purge(self, *, before: datetime) -> int:
        raise NotImplementedError
