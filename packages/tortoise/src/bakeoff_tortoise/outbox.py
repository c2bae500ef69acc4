"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from bakeoff_schemas.errors import Contended, DuplicateKey, NotFound
from bakeoff_schemas.records import Message, NewMessage, Page, Window
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.pages import after_keyset, page
from bakeoff_tortoise.tables import MessageRow, to_message


class Outbox:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, messages: Sequence[NewMessage]) -> None:
        rows = [
            MessageRow(
                id=message.id,
                topic=message.topic,
                payload=message.payload,
                created_at=message.created_at,
                attempts=0,
                due_at=message.due_at,
            )
            for message in messages
        ]
        if rows:
            await MessageRow.bulk_create(rows, using_db=self._unit)

    async def publish(self, *, limit: int) -> list[Message]:
        """Nobody waits for what another transaction has added, and not yet committed.

        Publishers at once have different messages, and all want the same positions: who comes
        second waits until they are taken.
        """
        rows = await (
            MessageRow.filter(position__isnull=True)
            .using_db(self._unit)
            # The position is null in all of them. PostgreSQL does not conclude that the index on
            # (position, created_at, id) has the order of the rest, and would sort.
            .order_by("position", "created_at", "id")
            .limit(limit)
            .select_for_update(skip_locked=True)
        )
        if not rows:
            return []
        for position, row in enumerate(rows, await self.last_position() + 1):
            row.position = position
        try:
            await MessageRow.bulk_update(rows, fields=["position"], using_db=self._unit)
        except DuplicateKey:
            raise Contended("another publisher was faster") from None
        return [to_message(row) for row in rows]

    async def since(self, position: int, *, limit: int) -> list[Message]:
        published = MessageRow.filter(position__gt=position).using_db(self._unit)
        return [to_message(row) for row in await published.order_by("position").limit(limit)]

    async def last_position(self) -> int:
        published = MessageRow.filter(position__not_isnull=True).using_db(self._unit)
        found = await published.order_by("-position").limit(1).values_list("position")
        return next((position for (position,) in found), 0)

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        rows = await (
            _pending(MessageRow.filter(topic__in=[*topics], due_at__lte=at))
            .using_db(self._unit)
            .order_by("due_at", "created_at", "id")
            .limit(limit)
            .select_for_update(skip_locked=True)
        )
        if not rows:
            return []
        for row in rows:
            row.due_at = until
            row.attempts += 1
        claimed = MessageRow.filter(id__in=[row.id for row in rows]).using_db(self._unit)
        await claimed.update(due_at=until, attempts=F("attempts") + 1)
        return [to_message(row) for row in rows]

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        message = self._one(message_id).filter(handled_at__isnull=True)
        return bool(await message.update(handled_at=at, due_at=None, failed_at=None))

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        await _pending(self._one(message_id)).update(due_at=due_at, error=error)

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        await _pending(self._one(message_id)).update(failed_at=at, due_at=None, error=error)

    async def list_failed(self, *, window: Window) -> Page[Message]:
        failed = MessageRow.filter(failed_at__not_isnull=True).using_db(self._unit)
        ordered = failed.order_by("failed_at", "id")
        if window.after is not None:
            ordered = ordered.filter(after_keyset("failed_at", window.after))
        return await page([ordered], to_message, window=window, matching=failed)

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        letter = self._one(message_id).filter(failed_at__not_isnull=True)
        if not await letter.update(failed_at=None, attempts=0, due_at=at):
            raise NotFound("dead letter", message_id)

    async def purge(self, *, before: datetime) -> int:
        """MySQL does not read the table that it deletes from, so the last position comes first."""
        last = await self.last_position()
        settled = MessageRow.filter(
            Q(position__isnull=True) | Q(position__lt=last),
            created_at__lt=before,
            due_at__isnull=True,
            failed_at__isnull=True,
        )
        return await settled.using_db(self._unit).delete()

    def _one(self, message_id: UUID) -> QuerySet[MessageRow]:
        return MessageRow.filter(id=message_id).using_db(self._unit)


def _pending(messages: QuerySet[MessageRow]) -> QuerySet[MessageRow]:
    """Those that were neither handled nor given up."""
    return messages.filter(handled_at__isnull=True, failed_at__isnull=True)
