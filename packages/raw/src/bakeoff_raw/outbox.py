"""Messages that tell of changes, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.bulk import bulk
from bakeoff_raw.sql.pages import Listing, page_of, page_sql
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import MESSAGE, Codec
from bakeoff_schemas import attributes
from bakeoff_schemas.errors import Contended, DuplicateKey, NotFound
from bakeoff_schemas.records import Message, NewMessage, Page, Window

ADD = bulk(
    "outbox",
    {
        "id": "uuid",
        "topic": "text",
        "payload": "jsonb",
        "created_at": "timestamptz",
        "attempts": "integer",
        "due_at": "timestamptz",
    },
)
# The position is null in all of them. PostgreSQL does not conclude that the index on (position,
# created_at, id) has the order of the rest, and would sort.
_UNPUBLISHED = f"""
    SELECT {MESSAGE} FROM outbox WHERE position IS NULL
    ORDER BY position, created_at, id LIMIT :limit
"""
# The transaction has locked the whole of SQLite's database.
UNPUBLISHED = statement(f"{_UNPUBLISHED} FOR UPDATE SKIP LOCKED", sqlite=_UNPUBLISHED)
_NUMBERED = """
    (SELECT id, row_number() OVER (ORDER BY created_at, id) AS place
     FROM outbox WHERE id IN :ids) AS numbered
"""
PUBLISH = statement(
    f"""
        UPDATE outbox SET position = :last + numbered.place
        FROM {_NUMBERED} WHERE outbox.id = numbered.id
    """,
    mysql=f"""
        UPDATE {_NUMBERED} STRAIGHT_JOIN outbox ON outbox.id = numbered.id
        SET outbox.position = :last + numbered.place
    """,
)
SINCE = statement(
    f"SELECT {MESSAGE} FROM outbox WHERE position > :position ORDER BY position LIMIT :limit"
)
LAST_POSITION = statement("SELECT coalesce(max(position), 0) FROM outbox")
_PENDING = "handled_at IS NULL AND failed_at IS NULL"
_DUE = f"""
    SELECT {MESSAGE} FROM outbox WHERE topic IN :topics AND due_at <= :at AND {_PENDING}
    ORDER BY due_at, created_at, id LIMIT :limit
"""
DUE = statement(f"{_DUE} FOR UPDATE SKIP LOCKED", sqlite=_DUE)
LEASE = statement("UPDATE outbox SET due_at = :until, attempts = attempts + 1 WHERE id IN :ids")
FINISH = statement("""
    UPDATE outbox SET handled_at = :at, due_at = NULL, failed_at = NULL
    WHERE id = :id AND handled_at IS NULL
""")
RETRY = statement(
    f"UPDATE outbox SET due_at = :due_at, error = :error WHERE id = :id AND {_PENDING}"
)
BURY = statement(f"""
    UPDATE outbox SET failed_at = :at, due_at = NULL, error = :error WHERE id = :id AND {_PENDING}
""")
FAILED = Listing(table="outbox", columns=MESSAGE)
REPLAY = statement("""
    UPDATE outbox SET failed_at = NULL, attempts = 0, due_at = :at
    WHERE id = :id AND failed_at IS NOT NULL
""")
# MySQL reads the table that it deletes from in a derived table alone.
PURGE = statement("""
    DELETE FROM outbox WHERE created_at < :before AND due_at IS NULL AND failed_at IS NULL
    AND (position IS NULL OR position < (
        SELECT newest.position FROM (SELECT max(position) AS position FROM outbox) AS newest
    ))
""")


class Outbox:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def add(self, messages: Sequence[NewMessage]) -> None:
        rows = [
            (
                self._codec.key(message.id),
                message.topic,
                attributes.dumps(message.payload),
                self._codec.instant(message.created_at),
                0,
                None if message.due_at is None else self._codec.instant(message.due_at),
            )
            for message in messages
        ]
        if rows:
            await self._connection.insert_many(ADD, rows)

    async def publish(self, *, limit: int) -> list[Message]:
        """Nobody waits for what another transaction has added, and not yet committed.

        Publishers at once have different messages, and all want the same positions: who comes
        second waits until they are taken.
        """
        rows = await self._connection.fetch_all(UNPUBLISHED, limit=limit)
        if not rows:
            return []
        last = await self.last_position()
        messages = [self._codec.message(row) for row in rows]
        for position, message in enumerate(messages, last + 1):
            message.position = position
        try:
            await self._connection.execute(PUBLISH, ids=self._keys(messages), last=last)
        except DuplicateKey:
            raise Contended("another publisher was faster") from None
        return messages

    async def since(self, position: int, *, limit: int) -> list[Message]:
        rows = await self._connection.fetch_all(SINCE, position=position, limit=limit)
        return [self._codec.message(row) for row in rows]

    async def last_position(self) -> int:
        row = await self._connection.fetch_one(LAST_POSITION)
        assert row is not None
        last: int = row[0]
        return last

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        rows = await self._connection.fetch_all(
            DUE, topics=self._codec.many(topics), at=self._codec.instant(at), limit=limit
        )
        if not rows:
            return []
        messages = [self._codec.message(row) for row in rows]
        for message in messages:
            message.due_at = until
            message.attempts += 1
        await self._connection.execute(
            LEASE, ids=self._keys(messages), until=self._codec.instant(until)
        )
        return messages

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        key = self._codec.key(message_id)
        return await self._connection.execute(FINISH, id=key, at=self._codec.instant(at)) > 0

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        key = self._codec.key(message_id)
        await self._connection.execute(
            RETRY, id=key, due_at=self._codec.instant(due_at), error=error
        )

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        key = self._codec.key(message_id)
        await self._connection.execute(BURY, id=key, at=self._codec.instant(at), error=error)

    async def list_failed(self, *, window: Window) -> Page[Message]:
        parameters: dict[str, Any] = {"limit": window.limit + 1, "offset": window.offset}
        after = []
        if window.after is not None:
            after.append(
                "outbox.failed_at >= :after_value "
                "AND (outbox.failed_at > :after_value OR outbox.id > :after_id)"
            )
            parameters |= {
                "after_value": self._codec.write(window.after.value),
                "after_id": self._codec.write(window.after.id),
            }
        text = page_sql(
            FAILED,
            where=["outbox.failed_at IS NOT NULL"],
            after=after,
            order="outbox.failed_at, outbox.id",
            window=window,
        )
        rows = await self._connection.fetch_all(statement(text), **parameters)
        return page_of(rows, window=window, make=self._codec.message)

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        key = self._codec.key(message_id)
        if not await self._connection.execute(REPLAY, id=key, at=self._codec.instant(at)):
            raise NotFound("dead letter", message_id)

    async def purge(self, *, before: datetime) -> int:
        return await self._connection.execute(PURGE, before=self._codec.instant(before))

    def _keys(self, messages: Sequence[Message]) -> object:
        return self._codec.many([self._codec.key(message.id) for message in messages])
