"""Refresh tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import TOKEN, Codec
from bakeoff_schemas.errors import BrokenReference, NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken

ADD = statement("""
    INSERT INTO refresh_tokens (digest, family, user_id, created_at, expires_at)
    VALUES (:digest, :family, :user_id, :created_at, :expires_at)
""")
# A row if this is the first use: of any number at once, one finds the token unused.
_USE = """
    UPDATE refresh_tokens SET used_at = :at
    WHERE digest = :digest AND used_at IS NULL AND expires_at > :at
"""
USE = statement(
    f"{_USE} RETURNING {TOKEN}",
    mysql=f"""
        {_USE};
        SELECT {TOKEN} FROM refresh_tokens WHERE digest = :digest AND ROW_COUNT() > 0
    """,
)
USED = statement(f"SELECT {TOKEN} FROM refresh_tokens WHERE digest = :digest AND expires_at > :at")
REVOKE = statement("DELETE FROM refresh_tokens WHERE family = :family")
DELETE_EXPIRED = statement("DELETE FROM refresh_tokens WHERE expires_at < :before")


class Tokens:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def add(self, token: RefreshToken) -> None:
        try:
            await self._connection.execute(
                ADD,
                digest=token.digest,
                family=self._codec.key(token.family),
                user_id=self._codec.key(token.user_id),
                created_at=self._codec.instant(token.created_at),
                expires_at=self._codec.instant(token.expires_at),
            )
        except BrokenReference:
            raise UnknownReference("user_id", token.user_id) from None

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        which = {"digest": digest, "at": self._codec.instant(at)}
        row = await self._connection.fetch_one(USE, **which)
        is_first = row is not None
        if row is None:
            row = await self._connection.fetch_one(USED, **which)
        if row is None:
            raise NotFound("refresh token")
        return self._codec.token(row), is_first

    async def revoke(self, family: UUID) -> None:
        await self._connection.execute(REVOKE, family=self._codec.key(family))

    async def delete_expired(self, *, before: datetime) -> int:
        return await self._connection.execute(DELETE_EXPIRED, before=self._codec.instant(before))
