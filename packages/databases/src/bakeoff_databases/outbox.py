"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, case, cast, delete, func, null, or_, select, update

from bakeoff_databases.engine.inserts import insert_rows
from bakeoff_databases.engine.pages import LIMIT, Segment, after_keyset, count, page
from bakeoff_databases.engine.prepared import (
    Change,
    Prepared,
    among,
    new,
    places_for,
    to_new,
    to_places,
)
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import OUTBOX, to_message
from bakeoff_schemas.errors import Contended, DuplicateKey, NotFound
from bakeoff_schemas.records import Message, NewMessage, Page, Window

_ID = OUTBOX.c.id == bindparam("message_id")
_PENDING = (OUTBOX.c.handled_at.is_(None), OUTBOX.c.failed_at.is_(None))
_UNPUBLISHED = Prepared(
    select(OUTBOX)
    .where(OUTBOX.c.position.is_(None))
    # The position is null in all of them. PostgreSQL does not conclude that the index on (position,
    # created_at, id) has the order of the rest, and would sort.
    .order_by(OUTBOX.c.position, OUTBOX.c.created_at, OUTBOX.c.id)
    .limit(LIMIT)
    .with_for_update(skip_locked=True)
)
_SINCE = Prepared(
    select(OUTBOX)
    .where(OUTBOX.c.position > bindparam("after"))
    .order_by(OUTBOX.c.position)
    .limit(LIMIT)
)
_LAST_POSITION = Prepared(select(func.max(OUTBOX.c.position).label("last")))
_FINISH = Change(
    update(OUTBOX)
    .where(_ID, OUTBOX.c.handled_at.is_(None))
    .values({**new(OUTBOX, ["handled_at"]), "due_at": null(), "failed_at": null()})
)
_RETRY = Prepared(update(OUTBOX).where(_ID, *_PENDING).values(new(OUTBOX, ["due_at", "error"])))
_BURY = Prepared(
    update(OUTBOX)
    .where(_ID, *_PENDING)
    .values({**new(OUTBOX, ["failed_at", "error"]), "due_at": null()})
)
_FAILED = (
    select(OUTBOX).where(OUTBOX.c.failed_at.is_not(None)).order_by(OUTBOX.c.failed_at, OUTBOX.c.id)
)
_FIRST = [Segment.of(_FAILED)]
_AFTER = [Segment.of(_FAILED.where(after_keyset(OUTBOX.c.failed_at, OUTBOX.c.id)))]
_TOTAL = count(_FAILED)
_REPLAY = Change(
    update(OUTBOX)
    .where(_ID, OUTBOX.c.failed_at.is_not(None))
    .values({**new(OUTBOX, ["attempts", "due_at"]), "failed_at": null()})
)
_PURGE = Change(
    delete(OUTBOX).where(
        OUTBOX.c.created_at < bindparam("before"),
        OUTBOX.c.due_at.is_(None),
        OUTBOX.c.failed_at.is_(None),
        or_(OUTBOX.c.position.is_(None), OUTBOX.c.position < bindparam("last")),
    )
)


class Outbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, messages: Sequence[NewMessage]) -> None:
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
        await insert_rows(self._session, OUTBOX, rows)

    async def publish(self, *, limit: int) -> list[Message]:
        """Nobody waits for what another transaction has added, and not yet committed.

        Publishers at once have different messages, and all want the same positions: who comes
        second waits until they are taken.
        """
        rows = await self._session.fetch_all(_UNPUBLISHED, {"limit": limit})
        if not rows:
            return []
        messages = [to_message(row) for row in rows]
        for position, message in enumerate(messages, await self.last_position() + 1):
            message.position = position
        positions = {f"to_{place}": message.position for place, message in enumerate(messages)}
        ids = {f"message_{place}": message.id for place, message in enumerate(messages)}
        try:
            await self._session.execute(_publish(len(messages)), {**ids, **positions})
        except DuplicateKey:
            raise Contended("another publisher was faster") from None
        return messages

    async def since(self, position: int, *, limit: int) -> list[Message]:
        rows = await self._session.fetch_all(_SINCE, {"after": position, "limit": limit})
        return [to_message(row) for row in rows]

    async def last_position(self) -> int:
        return await self._session.fetch_val(_LAST_POSITION) or 0

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        due = {**to_places(topics), "at": at, "limit": limit}
        rows = await self._session.fetch_all(_due(places_for(topics)), due)
        if not rows:
            return []
        messages = [to_message(row) for row in rows]
        for message in messages:
            message.due_at = until
            message.attempts += 1
        ids = [message.id for message in messages]
        values = {**to_places(ids), **to_new({"due_at": until})}
        await self._session.execute(_lease(places_for(ids)), values)
        return messages

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        values = {"message_id": message_id, **to_new({"handled_at": at})}
        return bool(await _FINISH.run(self._session, values))

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        values = {"message_id": message_id, **to_new({"due_at": due_at, "error": error})}
        await self._session.execute(_RETRY, values)

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        values = {"message_id": message_id, **to_new({"failed_at": at, "error": error})}
        await self._session.execute(_BURY, values)

    async def list_failed(self, *, window: Window) -> Page[Message]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._session, segments, to_message, window=window, total=_TOTAL)

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        values = {"message_id": message_id, **to_new({"attempts": 0, "due_at": at})}
        if not await _REPLAY.run(self._session, values):
            raise NotFound("dead letter", message_id)

    async def purge(self, *, before: datetime) -> int:
        """MySQL does not read the table that it deletes from, so the last position comes first."""
        last = await self.last_position()
        return await _PURGE.run(self._session, {"before": before, "last": last})


@lru_cache
def _publish(messages: int) -> Prepared:
    # PostgreSQL takes a bare parameter in a CASE for text.
    positions: list[tuple[Any, Any]] = [
        (
            OUTBOX.c.id == bindparam(f"message_{place}"),
            cast(bindparam(f"to_{place}", type_=BigInteger), BigInteger),
        )
        for place in range(messages)
    ]
    return Prepared(
        update(OUTBOX)
        .where(among(OUTBOX.c.id, messages, name="message"))
        .values({"position": case(*positions)})
    )


@lru_cache
def _due(places: int) -> Prepared:
    return Prepared(
        select(OUTBOX)
        .where(among(OUTBOX.c.topic, places), OUTBOX.c.due_at <= bindparam("at"), *_PENDING)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.created_at, OUTBOX.c.id)
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
    )


@lru_cache
def _lease(places: int) -> Prepared:
    return Prepared(
        update(OUTBOX)
        .where(among(OUTBOX.c.id, places))
        .values({**new(OUTBOX, ["due_at"]), "attempts": OUTBOX.c.attempts + 1})
    )
