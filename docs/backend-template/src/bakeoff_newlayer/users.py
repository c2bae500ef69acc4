"""The customers."""

from __future__ import annotations

from uuid import UUID

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import Login, NewUser, Page, User, Window


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

    async def find_login(self, username_key: str) -> Login | None:
        raise NotImplementedError

    async def get_login(self, user_id: UUID) -> Login:
        raise NotImplementedError

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        raise NotImplementedError

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        raise NotImplementedError
