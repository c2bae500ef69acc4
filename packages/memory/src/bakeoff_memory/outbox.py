"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bakeoff_memory.engine.pages import page
from bakeoff_memory.tables import MessageRow, Tables
from bakeoff_schemas import attributes
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.records import Message, NewMessage, Page, Window


class Outbox:
    """No locks: there is one writer at a time."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, messages: Sequence[NewMessage]) -> None:
        for message in messages:
            row = MessageRow(
                id=message.id,
                topic=message.topic,
                payload=attributes.dumps(message.payload),
                created_at=message.created_at,
                position=None,
                attempts=0,
                due_at=message.due_at,
                handled_at=None,
                failed_at=None,
                error=None,
            )
            self._tables.outbox.put(row.id, row)

    async def publish(self, *, limit: int) -> list[Message]:
        first = await self.last_position() + 1
        oldest = page(
            self._tables.outbox, index="unpublished", within=(True,), window=Window(limit=limit)
        )
        published = [
            replace(row, position=position) for position, row in enumerate(oldest.items, first)
        ]
        for row in published:
            self._tables.outbox.put(row.id, row)
        return [_record(row) for row in published]

    async def since(self, position: int, *, limit: int) -> list[Message]:
        # An entry also has an id, by which it is greater than the number of its position alone.
        rows = page(
            self._tables.outbox,
            index="position",
            within=(True,),
            after=(position + 1,),
            window=Window(limit=limit),
        )
        return [_record(row) for row in rows.items]

    async def last_position(self) -> int:
        last = page(
            self._tables.outbox,
            index="position",
            within=(True,),
            window=Window(limit=1),
            descending=True,
        )
        return (last.items[0].position or 0) if last.items else 0

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        due = page(
            self._tables.outbox,
            index="due_at",
            within=(True,),
            window=Window(limit=limit),
            keep=lambda row: row.topic in topics and row.due_at is not None and row.due_at <= at,
        )
        claimed = [replace(row, due_at=until, attempts=row.attempts + 1) for row in due.items]
        for row in claimed:
            self._tables.outbox.put(row.id, row)
        return [_record(row) for row in claimed]

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        row = self._tables.outbox.get(message_id)
        if row is None or row.handled_at is not None:
            return False
        handled = replace(row, handled_at=at, due_at=None, failed_at=None)
        self._tables.outbox.put(message_id, handled)
        return True

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        row = self._pending(message_id)
        if row is not None:
            self._tables.outbox.put(message_id, replace(row, due_at=due_at, error=error))

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        row = self._pending(message_id)
        if row is not None:
            dead = replace(row, failed_at=at, due_at=None, error=error)
            self._tables.outbox.put(message_id, dead)

    async def list_failed(self, *, window: Window) -> Page[Message]:
        after = None if window.after is None else (window.after.value, window.after.id)
        rows = page(
            self._tables.outbox, index="failed_at", within=(True,), window=window, after=after
        )
        return Page(items=[_record(row) for row in rows.items], more=rows.more, total=rows.total)

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        row = self._tables.outbox.get(message_id)
        if row is None or row.failed_at is None:
            raise NotFound("dead letter", message_id)
        self._tables.outbox.put(message_id, replace(row, failed_at=None, attempts=0, due_at=at))

    async def purge(self, *, before: datetime) -> int:
        last = await self.last_position()
        settled = [
            row.id
            for row in self._tables.outbox.values()
            if row.created_at < before
            and row.due_at is None
            and row.failed_at is None
            and row.position != last
        ]
        for message_id in settled:
            self._tables.outbox.remove(message_id)
        return len(settled)

    def _pending(self, message_id: UUID) -> MessageRow | None:
        """The message, if it was neither handled nor given up."""
        row = self._tables.outbox.get(message_id)
        if row is None or row.handled_at is not None or row.failed_at is not None:
            return None
        return row


def _record(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        topic=row.topic,
        payload=attributes.loads(row.payload),
        created_at=row.created_at,
        position=row.position,
        attempts=row.attempts,
        due_at=row.due_at,
        handled_at=row.handled_at,
        failed_at=row.failed_at,
        error=row.error,
    )
