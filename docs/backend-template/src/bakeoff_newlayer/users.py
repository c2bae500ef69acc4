"""The customers."""

from __future__ import annotations

from uuid import UUID

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import NewUser, Page, User, Window


class Users:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, user: NewUser) -> User:
        raise NotImplementedError

    async def get(self, user_id: UUID) -> User:
        raise NotImplementedError

    async def list(self, *, window: Window) -> Page[User]:
        raise NotImplementedError

    async def delete(self, user_id: UUID) -> None:
        raise NotImplementedError
