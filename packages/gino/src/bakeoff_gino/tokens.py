"""Refresh tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_plain
from bakeoff_gino.tables import RefreshTokenRow, to_token
from bakeoff_schemas.errors import BrokenReference, NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken

_AT = bindparam("at", type_=RefreshTokenRow.used_at.type)
_KNOWN = and_(RefreshTokenRow.digest == bindparam("token"), RefreshTokenRow.expires_at > _AT)
# Of any number at once, one finds the token unused.
_USE = once(
    RefreshTokenRow.update.where(and_(_KNOWN, RefreshTokenRow.used_at.is_(None))).values(
        used_at=_AT
    )
)
_GET = once(RefreshTokenRow.query.where(_KNOWN))
_REVOKE = once(RefreshTokenRow.delete.where(RefreshTokenRow.family == bindparam("revoked")))
_DELETE_EXPIRED = once(
    RefreshTokenRow.delete.where(RefreshTokenRow.expires_at < bindparam("before"))
)


class Tokens:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, token: RefreshToken) -> None:
        """Not by `RefreshTokenRow.create`, which would read the row back."""
        row = {
            "digest": token.digest,
            "family": token.family,
            "user_id": token.user_id,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        try:
            await insert_plain(self._connection, RefreshTokenRow.__table__, [row])
        except BrokenReference:
            raise UnknownReference("user_id", token.user_id) from None

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        which = {"token": digest, "at": at}
        used = await apply(self._connection, _USE, which)
        row = await self._connection.one_or_none(_GET, which)
        if row is None:
            raise NotFound("refresh token")
        return to_token(row), bool(used)

    async def revoke(self, family: UUID) -> None:
        await apply(self._connection, _REVOKE, {"revoked": family})

    async def delete_expired(self, *, before: datetime) -> int:
        return await apply(self._connection, _DELETE_EXPIRED, {"before": before})
