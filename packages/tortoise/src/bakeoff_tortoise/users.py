"""The customers."""

from __future__ import annotations

from uuid import UUID

from bakeoff_schemas.errors import (
    BrokenReference,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.records import Login, NewUser, Page, User, Window
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.inserts import insert_unless_there
from bakeoff_tortoise.queries.pages import after_keyset, page
from bakeoff_tortoise.tables import UserRow, to_login, to_user


class Users:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def create(self, user: NewUser) -> User:
        """If a unique key refuses the row, look the username up to tell which."""
        row = UserRow(
            id=user.id,
            username=user.username,
            username_key=user.username_key,
            email=user.email,
            password_hash=user.password_hash,
            created_at=user.created_at,
            is_admin=user.is_admin,
        )
        if not await insert_unless_there(self._unit, row):
            namesake = UserRow.filter(username_key=user.username_key).using_db(self._unit)
            if await namesake.exists():
                raise UsernameTaken
            raise EmailTaken
        return to_user(row)

    async def get(self, user_id: UUID) -> User:
        row = await UserRow.get_or_none(id=user_id, using_db=self._unit)
        if row is None:
            raise NotFound("user", user_id)
        return to_user(row)

    async def list(self, *, window: Window) -> Page[User]:
        users = UserRow.all(using_db=self._unit)
        ordered = users.order_by("created_at", "id")
        if window.after is not None:
            ordered = ordered.filter(after_keyset("created_at", window.after))
        return await page([ordered], to_user, window=window, matching=users)

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await UserRow.filter(id=user_id).using_db(self._unit).delete()
        except BrokenReference:
            raise UserHasOrders from None
        if not deleted:
            raise NotFound("user", user_id)

    async def find_login(self, username_key: str) -> Login | None:
        row = await UserRow.get_or_none(username_key=username_key, using_db=self._unit)
        return None if row is None else to_login(row)

    async def get_login(self, user_id: UUID) -> Login:
        row = await UserRow.get_or_none(id=user_id, using_db=self._unit)
        if row is None:
            raise NotFound("user", user_id)
        return to_login(row)

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        user = UserRow.filter(id=user_id).using_db(self._unit)
        if not await user.update(password_hash=password_hash):
            raise NotFound("user", user_id)

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        user = UserRow.filter(id=user_id).using_db(self._unit)
        if not await user.update(is_admin=is_admin):
            raise NotFound("user", user_id)
