"""The customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from bakeoff_databases.engine.inserts import insert_unless_there
from bakeoff_databases.engine.pages import Segment, after_keyset, count, page
from bakeoff_databases.engine.prepared import Change, Prepared, new, to_new
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import USERS, to_login, to_user
from bakeoff_schemas.errors import (
    BrokenReference,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.records import Login, NewUser, Page, User, Window

_ID = USERS.c.id == bindparam("user_id")
_COLUMNS = select(USERS.c.id, USERS.c.username, USERS.c.email, USERS.c.created_at)
_ONE = Prepared(_COLUMNS.where(_ID))
_NAMESAKE = Prepared(select(USERS.c.id).where(USERS.c.username_key == bindparam("key")))
_DELETE = Change(delete(USERS).where(_ID))
_LOGIN = _COLUMNS.add_columns(USERS.c.password_hash, USERS.c.is_admin)
_FIND_LOGIN = Prepared(_LOGIN.where(USERS.c.username_key == bindparam("key")))
_GET_LOGIN = Prepared(_LOGIN.where(_ID))
_SET_PASSWORD_HASH = Change(update(USERS).where(_ID).values(new(USERS, ["password_hash"])))
_SET_ADMIN = Change(update(USERS).where(_ID).values(new(USERS, ["is_admin"])))
_USERS = _COLUMNS.order_by(USERS.c.created_at, USERS.c.id)
_FIRST = [Segment.of(_USERS)]
_AFTER = [Segment.of(_USERS.where(after_keyset(USERS.c.created_at, USERS.c.id)))]
_TOTAL = count(_USERS)


class Users:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, user: NewUser) -> User:
        """If a unique key refuses the row, look the username up to tell which."""
        row = {
            "id": user.id,
            "username": user.username,
            "username_key": user.username_key,
            "email": user.email,
            "password_hash": user.password_hash,
            "created_at": user.created_at,
            "is_admin": user.is_admin,
        }
        if not await insert_unless_there(self._session, USERS, row):
            namesake = await self._session.fetch_one(_NAMESAKE, {"key": user.username_key})
            raise EmailTaken if namesake is None else UsernameTaken
        return User(
            id=user.id, username=user.username, email=user.email, created_at=user.created_at
        )

    async def get(self, user_id: UUID) -> User:
        row = await self._session.fetch_one(_ONE, {"user_id": user_id})
        if row is None:
            raise NotFound("user", user_id)
        return to_user(row)

    async def list(self, *, window: Window) -> Page[User]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._session, segments, to_user, window=window, total=_TOTAL)

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await _DELETE.run(self._session, {"user_id": user_id})
        except BrokenReference:
            raise UserHasOrders from None
        if not deleted:
            raise NotFound("user", user_id)

    async def find_login(self, username_key: str) -> Login | None:
        row = await self._session.fetch_one(_FIND_LOGIN, {"key": username_key})
        return None if row is None else to_login(row)

    async def get_login(self, user_id: UUID) -> Login:
        row = await self._session.fetch_one(_GET_LOGIN, {"user_id": user_id})
        if row is None:
            raise NotFound("user", user_id)
        return to_login(row)

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        values = {"user_id": user_id, **to_new({"password_hash": password_hash})}
        if not await _SET_PASSWORD_HASH.run(self._session, values):
            raise NotFound("user", user_id)

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        values = {"user_id": user_id, **to_new({"is_admin": is_admin})}
        if not await _SET_ADMIN.run(self._session, values):
            raise NotFound("user", user_id)
