"""The customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import EmailTaken, NotFound, UserHasOrders, UsernameTaken
from bakeoff_schemas.records import NewUser, Page, User, Window
from bakeoff_sqlalchemy.engine.changes import apply
from bakeoff_sqlalchemy.engine.inserts import insert_unless_there
from bakeoff_sqlalchemy.engine.pages import Stretch, beyond, count, page
from bakeoff_sqlalchemy.errors import BrokenReference
from bakeoff_sqlalchemy.tables import UserRow, to_user

_ONE = select(UserRow).where(UserRow.id == bindparam("id"))
_USERS = select(UserRow).order_by(UserRow.created_at, UserRow.id)
_FIRST = [Stretch.of(_USERS)]
_AFTER = [Stretch.of(_USERS.where(beyond(UserRow.created_at, UserRow.id)))]
_TOTAL = count(_USERS)


class Users:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, user: NewUser) -> User:
        """Where the insert is refused, the transaction goes on to ask whether by the name."""
        row = {
            "id": user.id,
            "username": user.username,
            "username_key": user.username_key,
            "email": user.email,
            "password_hash": user.password_hash,
            "created_at": user.created_at,
        }
        if not await insert_unless_there(self._session, UserRow, row):
            namesake = select(UserRow.id).where(UserRow.username_key == user.username_key)
            if (await self._session.scalars(namesake)).one_or_none() is None:
                raise EmailTaken
            raise UsernameTaken
        return User(
            id=user.id, username=user.username, email=user.email, created_at=user.created_at
        )

    async def get(self, user_id: UUID) -> User:
        row = (await self._session.scalars(_ONE, {"id": user_id})).one_or_none()
        if row is None:
            raise NotFound("user", user_id)
        return to_user(row)

    async def list(self, *, window: Window) -> Page[User]:
        stretches = _FIRST if window.after is None else _AFTER
        return await page(self._session, stretches, to_user, window=window, total=_TOTAL)

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await apply(self._session, delete(UserRow).where(UserRow.id == user_id))
        except BrokenReference:
            raise UserHasOrders from None
        if not deleted.rowcount:
            raise NotFound("user", user_id)
