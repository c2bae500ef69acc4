"""The customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, delete, select

from bakeoff_databases.engine.inserts import insert_unless_there
from bakeoff_databases.engine.pages import Segment, after_keyset, count, page
from bakeoff_databases.engine.prepared import Change, Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import USERS, to_user
from bakeoff_schemas.errors import (
    BrokenReference,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.records import NewUser, Page, User, Window

_ID = USERS.c.id == bindparam("user_id")
_COLUMNS = select(USERS.c.id, USERS.c.username, USERS.c.email, USERS.c.created_at)
_ONE = Prepared(_COLUMNS.where(_ID))
_NAMESAKE = Prepared(select(USERS.c.id).where(USERS.c.username_key == bindparam("key")))
_DELETE = Change(delete(USERS).where(_ID))
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
