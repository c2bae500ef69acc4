"""Customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_unless_there
from bakeoff_gino.engine.pages import Segment, after_keyset, count, page
from bakeoff_gino.tables import UserRow, to_login, to_user
from bakeoff_schemas.errors import (
    BrokenReference,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.records import Login, NewUser, Page, User, Window

_GET = once(UserRow.query.where(UserRow.id == bindparam("id")))
_NAMESAKE = once(UserRow.select("id").where(UserRow.username_key == bindparam("username_key")))
_DELETE = once(UserRow.delete.where(UserRow.id == bindparam("user")))
_FIND_LOGIN = once(UserRow.query.where(UserRow.username_key == bindparam("username_key")))
_SET_PASSWORD_HASH = once(
    UserRow.update.where(UserRow.id == bindparam("user")).values(
        password_hash=bindparam("hash", type_=UserRow.password_hash.type)
    )
)
_SET_ADMIN = once(
    UserRow.update.where(UserRow.id == bindparam("user")).values(
        is_admin=bindparam("admin", type_=UserRow.is_admin.type)
    )
)
_USERS = UserRow.query.order_by(UserRow.created_at, UserRow.id)
_FIRST = [Segment[UserRow].of(_USERS)]
_AFTER = [Segment[UserRow].of(_USERS.where(after_keyset(UserRow.created_at, UserRow.id)))]
_TOTAL = count(_USERS)


class Users:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, user: NewUser) -> User:
        """On a unique violation, look up the name to decide which of the two is taken."""
        row = {
            "id": user.id,
            "username": user.username,
            "username_key": user.username_key,
            "email": user.email,
            "password_hash": user.password_hash,
            "created_at": user.created_at,
            "is_admin": user.is_admin,
        }
        if not await insert_unless_there(self._connection, UserRow, row):
            namesake = await self._connection.scalar(_NAMESAKE, username_key=user.username_key)
            if namesake is None:
                raise EmailTaken
            raise UsernameTaken
        return User(
            id=user.id, username=user.username, email=user.email, created_at=user.created_at
        )

    async def get(self, user_id: UUID) -> User:
        row = await self._connection.one_or_none(_GET, id=user_id)
        if row is None:
            raise NotFound("user", user_id)
        return to_user(row)

    async def list(self, *, window: Window) -> Page[User]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._connection, segments, to_user, window=window, total=_TOTAL)

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await apply(self._connection, _DELETE, {"user": user_id})
        except BrokenReference:
            raise UserHasOrders from None
        if not deleted:
            raise NotFound("user", user_id)

    async def find_login(self, username_key: str) -> Login | None:
        row = await self._connection.one_or_none(_FIND_LOGIN, username_key=username_key)
        return None if row is None else to_login(row)

    async def get_login(self, user_id: UUID) -> Login:
        row = await self._connection.one_or_none(_GET, id=user_id)
        if row is None:
            raise NotFound("user", user_id)
        return to_login(row)

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        values = {"user": user_id, "hash": password_hash}
        if not await apply(self._connection, _SET_PASSWORD_HASH, values):
            raise NotFound("user", user_id)

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        values = {"user": user_id, "admin": is_admin}
        if not await apply(self._connection, _SET_ADMIN, values):
            raise NotFound("user", user_id)
