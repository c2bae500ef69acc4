"""The refresh tokens: each is used for the first time once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import RefreshToken


class Tokens:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, token: RefreshToken) -> None:
        raise NotImplementedError

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        raise NotImplementedError

    async def revoke(self, family: UUID) -> None:
        raise NotImplementedError

    async def delete_expired(self, *, before: datetime) -> int:
        raise NotImplementedError
