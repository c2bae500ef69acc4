"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, case, cast, func, null, or_, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_plain
from bakeoff_gino.engine.pages import LIMIT, Segment, after_keyset, count, page
from bakeoff_gino.tables import MessageRow, to_message
from bakeoff_schemas.errors import Contended, DuplicateKey, NotFound
from bakeoff_schemas.records import Message, NewMessage, Page, Window

_ONE = MessageRow.id == bindparam("message")
_PENDING = and_(MessageRow.handled_at.is_(None), MessageRow.failed_at.is_(None))
_AT = bindparam("at", type_=MessageRow.due_at.type)
_ERROR = bindparam("reason", type_=MessageRow.error.type)
_UNPUBLISHED = once(
    MessageRow.query.where(MessageRow.position.is_(None))
    # The position is null in all of them. PostgreSQL does not conclude that the index on (position,
    # created_at, id) has the order of the rest, and would sort.
    .order_by(MessageRow.position, MessageRow.created_at, MessageRow.id)
    .limit(LIMIT)
    .with_for_update(skip_locked=True)
)
_SINCE = once(
    MessageRow.query.where(MessageRow.position > bindparam("after"))
    .order_by(MessageRow.position)
    .limit(LIMIT)
)
_LAST_POSITION = once(select([func.max(MessageRow.position)]))
_FINISH = once(
    MessageRow.update.where(and_(_ONE, MessageRow.handled_at.is_(None))).values(
        handled_at=_AT, due_at=null(), failed_at=null()
    )
)
_RETRY = once(MessageRow.update.where(and_(_ONE, _PENDING)).values(due_at=_AT, error=_ERROR))
_BURY = once(
    MessageRow.update.where(and_(_ONE, _PENDING)).values(failed_at=_AT, due_at=null(), error=_ERROR)
)
_FAILED = MessageRow.query.where(MessageRow.failed_at.isnot(None)).order_by(
    MessageRow.failed_at, MessageRow.id
)
_FIRST = [Segment[MessageRow].of(_FAILED)]
_AFTER = [Segment[MessageRow].of(_FAILED.where(after_keyset(MessageRow.failed_at, MessageRow.id)))]
_TOTAL = count(_FAILED)
_REPLAY = once(
    MessageRow.update.where(and_(_ONE, MessageRow.failed_at.isnot(None))).values(
        failed_at=null(), attempts=0, due_at=_AT
    )
)
_PURGE = once(
    MessageRow.delete.where(
        and_(
            MessageRow.created_at < bindparam("before"),
            MessageRow.due_at.is_(None),
            MessageRow.failed_at.is_(None),
            or_(MessageRow.position.is_(None), MessageRow.position < bindparam("last")),
        )
    )
)


class Outbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, messages: Sequence[NewMessage]) -> None:
        """Not by `MessageRow.create`, which would read each row back."""
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
        await insert_plain(self._connection, MessageRow.__table__, rows)

    async def publish(self, *, limit: int) -> list[Message]:
        """Nobody waits for what another transaction has added, and not yet committed.

        Publishers at once have different messages, and all want the same positions: who comes
        second waits until they are taken.
        """
        rows = await self._connection.all(_UNPUBLISHED, limit=limit)
        if not rows:
            return []
        messages = [to_message(row) for row in rows]
        for position, message in enumerate(messages, await self.last_position() + 1):
            message.position = position
        positions = {f"to_{place}": message.position for place, message in enumerate(messages)}
        values = {**_keys(messages), **positions}
        try:
            await apply(self._connection, _publish(len(messages)), values)
        except DuplicateKey:
            raise Contended("another publisher was faster") from None
        return messages

    async def since(self, position: int, *, limit: int) -> list[Message]:
        rows = await self._connection.all(_SINCE, after=position, limit=limit)
        return [to_message(row) for row in rows]

    async def last_position(self) -> int:
        return await self._connection.scalar(_LAST_POSITION) or 0

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        if not topics:
            return []
        wanted = {f"topic_{place}": topic for place, topic in enumerate(topics)}
        due = {**wanted, "at": at, "limit": limit}
        messages = [to_message(row) for row in await self._connection.all(_due(len(topics)), due)]
        if not messages:
            return []
        for message in messages:
            message.due_at = until
            message.attempts += 1
        values = {**_keys(messages), "until": until}
        await apply(self._connection, _lease(len(messages)), values)
        return messages

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        return bool(await apply(self._connection, _FINISH, {"message": message_id, "at": at}))

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        values = {"message": message_id, "at": due_at, "reason": error}
        await apply(self._connection, _RETRY, values)

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        values = {"message": message_id, "at": at, "reason": error}
        await apply(self._connection, _BURY, values)

    async def list_failed(self, *, window: Window) -> Page[Message]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._connection, segments, to_message, window=window, total=_TOTAL)

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        if not await apply(self._connection, _REPLAY, {"message": message_id, "at": at}):
            raise NotFound("dead letter", message_id)

    async def purge(self, *, before: datetime) -> int:
        """MySQL does not read the table that it deletes from, so the last position comes first."""
        last = await self.last_position()
        return await apply(self._connection, _PURGE, {"before": before, "last": last})


@lru_cache
def _publish(messages: int) -> Any:
    ids = _ids(messages)
    # By itself, PostgreSQL would take the numbers of a CASE for text.
    positions = [
        cast(bindparam(f"to_{place}", type_=BigInteger), BigInteger) for place in range(messages)
    ]
    return once(
        MessageRow.update.where(MessageRow.id.in_(ids)).values(
            position=case(zip(ids, positions, strict=True), value=MessageRow.id)
        )
    )


@lru_cache
def _due(topics: int) -> Any:
    places = [bindparam(f"topic_{place}", type_=MessageRow.topic.type) for place in range(topics)]
    return once(
        MessageRow.query.where(
            and_(MessageRow.topic.in_(places), MessageRow.due_at <= _AT, _PENDING)
        )
        .order_by(MessageRow.due_at, MessageRow.created_at, MessageRow.id)
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
    )


@lru_cache
def _lease(messages: int) -> Any:
    return once(
        MessageRow.update.where(MessageRow.id.in_(_ids(messages))).values(
            due_at=bindparam("until", type_=MessageRow.due_at.type),
            attempts=MessageRow.attempts + 1,
        )
    )


def _ids(places: int) -> Sequence[Any]:
    return [bindparam(f"message_{place}", type_=MessageRow.id.type) for place in range(places)]


def _keys(messages: Sequence[Message]) -> dict[str, Any]:
    """The values for them."""
    return {f"message_{place}": message.id for place, message in enumerate(messages)}
