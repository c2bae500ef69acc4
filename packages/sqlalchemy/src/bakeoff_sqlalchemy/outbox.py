"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    CursorResult,
    Update,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import Contended, DuplicateKey, NotFound
from bakeoff_schemas.paging import keyset_after
from bakeoff_schemas.records import Message, NewMessage, Page, Window
from bakeoff_sqlalchemy.queries.pages import Segment, page
from bakeoff_sqlalchemy.tables import MessageRow

# Messages are changed by statements, of which an object that is still loaded knows nothing.
_MESSAGES = select(MessageRow).execution_options(populate_existing=True)
_PENDING = (MessageRow.handled_at.is_(None), MessageRow.failed_at.is_(None))


class Outbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, messages: Sequence[NewMessage]) -> None:
        """Not by `add_all`: a message with and one without `due_at` would be two statements."""
        rows = [
            {
                "id": message.id,
                "topic": message.topic,
                "payload": message.payload,
                "created_at": message.created_at,
                "attempts": 0,
                "due_at": message.due_at,
            }
            for message in messages
        ]
        if rows:
            options = {"render_nulls": True}
            await self._session.execute(insert(MessageRow), rows, execution_options=options)

    async def publish(self, *, limit: int) -> list[Message]:
        """Nobody waits for what another transaction has added, and not yet committed.

        Publishers at once have different messages, and all want the same positions: who comes
        second waits until they are taken.
        """
        oldest = await self._session.scalars(
            _MESSAGES.where(MessageRow.position.is_(None))
            # The position is null in all of them. PostgreSQL does not conclude that the index on
            # (position, created_at, id) has the order of the rest, and would sort.
            .order_by(MessageRow.position, MessageRow.created_at, MessageRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        messages = [row.to_record() for row in oldest]
        if not messages:
            return []
        for position, message in enumerate(messages, await self.last_position() + 1):
            message.position = position
        try:
            await self._session.execute(_publish(messages))
        except DuplicateKey:
            raise Contended("another publisher was faster") from None
        return messages

    async def since(self, position: int, *, limit: int) -> list[Message]:
        published = await self._session.scalars(
            _MESSAGES.where(MessageRow.position > position)
            .order_by(MessageRow.position)
            .limit(limit)
        )
        return [row.to_record() for row in published]

    async def last_position(self) -> int:
        return await self._session.scalar(select(func.max(MessageRow.position))) or 0

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        due = await self._session.scalars(
            _MESSAGES.where(MessageRow.topic.in_(topics), MessageRow.due_at <= at, *_PENDING)
            .order_by(MessageRow.due_at, MessageRow.created_at, MessageRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        messages = [row.to_record() for row in due]
        if not messages:
            return []
        for message in messages:
            message.due_at = until
            message.attempts += 1
        await self._session.execute(
            update(MessageRow)
            .where(MessageRow.id.in_([message.id for message in messages]))
            .values(due_at=until, attempts=MessageRow.attempts + 1)
        )
        return messages

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        return await self._changed(
            update(MessageRow)
            .where(MessageRow.id == message_id, MessageRow.handled_at.is_(None))
            .values(handled_at=at, due_at=None, failed_at=None)
        )

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        await self._changed(
            update(MessageRow)
            .where(MessageRow.id == message_id, *_PENDING)
            .values(due_at=due_at, error=error)
        )

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        await self._changed(
            update(MessageRow)
            .where(MessageRow.id == message_id, *_PENDING)
            .values(failed_at=at, due_at=None, error=error)
        )

    async def list_failed(self, *, window: Window) -> Page[Message]:
        failed = _MESSAGES.where(MessageRow.failed_at.is_not(None)).order_by(
            MessageRow.failed_at, MessageRow.id
        )
        part = failed
        if window.after is not None:
            part = failed.where(
                keyset_after(
                    MessageRow.failed_at, MessageRow.id, window.after.value, window.after.id
                )
            )
        return await page(
            self._session,
            [Segment.of(part)],
            lambda row: row.MessageRow.to_record(),
            window=window,
            total=failed,
        )

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        if not await self._changed(
            update(MessageRow)
            .where(MessageRow.id == message_id, MessageRow.failed_at.is_not(None))
            .values(failed_at=None, attempts=0, due_at=at)
        ):
            raise NotFound("dead letter", message_id)

    async def purge(self, *, before: datetime) -> int:
        """MySQL does not read the table that it deletes from, so the last position comes first."""
        last = await self.last_position()
        deleted = await self._session.execute(
            delete(MessageRow).where(
                MessageRow.created_at < before,
                MessageRow.due_at.is_(None),
                MessageRow.failed_at.is_(None),
                or_(MessageRow.position.is_(None), MessageRow.position < last),
            )
        )
        return cast("CursorResult[Any]", deleted).rowcount

    async def _changed(self, statement: Update) -> bool:
        """Whether the statement found its row."""
        changed = await self._session.execute(statement)
        return bool(cast("CursorResult[Any]", changed).rowcount)


def _publish(messages: Sequence[Message]) -> Update:
    """One UPDATE for all messages: the unit of work would send MySQL a statement for each."""
    positions = case(
        *(
            (MessageRow.id == message.id, literal(message.position, MessageRow.position.type))
            for message in messages
        )
    )
    return (
        update(MessageRow)
        .where(MessageRow.id.in_([message.id for message in messages]))
        .values(position=positions)
    )
