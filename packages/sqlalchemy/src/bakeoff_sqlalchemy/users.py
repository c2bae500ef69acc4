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
from bakeoff_schemas.records import Login, NewUser, Page, User, Window
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
            "is_admin": user.is_admin,
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

    async def find_login(self, username_key: str) -> Login | None:
        user = await self._session.scalar(
            select(UserRow).where(UserRow.username_key == username_key)
        )
        return None if user is None else user.to_login()

    async def get_login(self, user_id: UUID) -> Login:
        user = await self._session.get(UserRow, user_id)
        if user is None:
            raise NotFound("user", user_id)
        return user.to_login()

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        user = await self._locked(user_id)
        user.password_hash = password_hash
        await self._session.flush()

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        user = await self._locked(user_id)
        user.is_admin = is_admin
        await self._session.flush()

    async def _locked(self, user_id: UUID) -> UserRow:
        """FOR NO KEY UPDATE (`key_share`) still lets new orders refer to the customer."""
        user = await self._session.get(UserRow, user_id, with_for_update={"key_share": True})
        if user is None:
            raise NotFound("user", user_id)
        return user
