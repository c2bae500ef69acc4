"""Refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from bakeoff_memory.engine.pages import keys_within
from bakeoff_memory.tables import Tables, TokenRow
from bakeoff_schemas.errors import NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken


class Tokens:
    """No locks: there is one writer at a time."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, token: RefreshToken) -> None:
        if token.user_id not in self._tables.users:
            raise UnknownReference("user_id", token.user_id)
        row = TokenRow(
            digest=token.digest,
            family=token.family,
            user_id=token.user_id,
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=None,
        )
        self._tables.tokens.put(row.digest, row)

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        row = self._tables.tokens.get(digest)
        if row is None or row.expires_at <= at:
            raise NotFound("refresh token")
        if row.used_at is None:
            self._tables.tokens.put(digest, replace(row, used_at=at))
        return _record(row), row.used_at is None

    async def revoke(self, family: UUID) -> None:
        for digest in keys_within(self._tables.tokens, index="family", within=(family,)):
            self._tables.tokens.remove(digest)

    async def delete_expired(self, *, before: datetime) -> int:
        entries = self._tables.tokens.index("expires_at")
        expired = [digest for _, digest in takewhile(lambda entry: entry[0] < before, entries)]
        for digest in expired:
            self._tables.tokens.remove(digest)
        return len(expired)


def _record(row: TokenRow) -> RefreshToken:
    return RefreshToken(
        digest=row.digest,
        family=row.family,
        user_id=row.user_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
