"""The customers."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import (
    BrokenReference,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.paging import keyset_after
from bakeoff_schemas.records import NewUser, Page, User, Window
from bakeoff_sqlalchemy.engine.inserts import insert_unless_there
from bakeoff_sqlalchemy.queries.pages import Segment, page
from bakeoff_sqlalchemy.tables import UserRow


class Users:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, user: NewUser) -> User:
        """On a duplicate, look the name up to decide between UsernameTaken and EmailTaken."""
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
            if await self._session.scalar(namesake) is None:
                raise EmailTaken
            raise UsernameTaken
        return User(
            id=user.id, username=user.username, email=user.email, created_at=user.created_at
        )

    async def get(self, user_id: UUID) -> User:
        user = await self._session.get(UserRow, user_id)
        if user is None:
            raise NotFound("user", user_id)
        return user.to_record()

    async def list(self, *, window: Window) -> Page[User]:
        users = select(UserRow).order_by(UserRow.created_at, UserRow.id)
        part = users
        if window.after is not None:
            part = users.where(
                keyset_after(UserRow.created_at, UserRow.id, window.after.value, window.after.id)
            )
        return await page(
            self._session,
            [Segment.of(part)],
            lambda row: row.UserRow.to_record(),
            window=window,
            total=users,
        )

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await self._session.execute(delete(UserRow).where(UserRow.id == user_id))
        except BrokenReference:
            raise UserHasOrders from None
        if not cast("CursorResult[Any]", deleted).rowcount:
            raise NotFound("user", user_id)
