"""The refresh tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bakeoff_schemas.errors import BrokenReference, NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.tables import RefreshTokenRow, to_token


class Tokens:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, token: RefreshToken) -> None:
        try:
            await RefreshTokenRow.create(
                using_db=self._unit,
                digest=token.digest,
                family=token.family,
                user_id=token.user_id,
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        except BrokenReference:
            raise UnknownReference("user_id", token.user_id) from None

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        """The UPDATE decides: of any number at once, one finds the token unused."""
        token = RefreshTokenRow.filter(digest=digest, expires_at__gt=at).using_db(self._unit)
        used = await token.filter(used_at__isnull=True).update(used_at=at)
        row = await token.get_or_none()
        if row is None:
            raise NotFound("refresh token")
        return to_token(row), bool(used)

    async def revoke(self, family: UUID) -> None:
        await RefreshTokenRow.filter(family=family).using_db(self._unit).delete()

    async def delete_expired(self, *, before: datetime) -> int:
        expired = RefreshTokenRow.filter(expires_at__lt=before).using_db(self._unit)
        return await expired.delete()
