"""The refresh tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import BrokenReference, NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken
from bakeoff_sqlalchemy.tables import RefreshTokenRow


class Tokens:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, token: RefreshToken) -> None:
        self._session.add(
            RefreshTokenRow(
                digest=token.digest,
                family=token.family,
                user_id=token.user_id,
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )
        try:
            await self._session.flush()
        except BrokenReference:
            raise UnknownReference("user_id", token.user_id) from None

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        """The UPDATE decides: of any number at once, one finds the token unused."""
        is_known = (RefreshTokenRow.digest == digest, RefreshTokenRow.expires_at > at)
        used = await self._session.execute(
            update(RefreshTokenRow)
            .where(*is_known, RefreshTokenRow.used_at.is_(None))
            .values(used_at=at)
        )
        token = await self._session.scalar(select(RefreshTokenRow).where(*is_known))
        if token is None:
            raise NotFound("refresh token")
        return token.to_record(), bool(cast("CursorResult[Any]", used).rowcount)

    async def revoke(self, family: UUID) -> None:
        await self._session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.family == family))

    async def delete_expired(self, *, before: datetime) -> int:
        deleted = await self._session.execute(
            delete(RefreshTokenRow).where(RefreshTokenRow.expires_at < before)
        )
        return cast("CursorResult[Any]", deleted).rowcount
