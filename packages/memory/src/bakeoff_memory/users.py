"""Customers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bakeoff_memory.engine.pages import any_within, keys_within, page
from bakeoff_memory.errors import found
from bakeoff_memory.tables import Tables, UserRow
from bakeoff_schemas.errors import EmailTaken, UserHasOrders, UsernameTaken
from bakeoff_schemas.records import Login, NewUser, Page, User, Window


class Users:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, user: NewUser) -> User:
        if user.username_key in self._tables.usernames:
            raise UsernameTaken
        if user.email in self._tables.emails:
            raise EmailTaken
        row = UserRow(
            id=user.id,
            username=user.username,
            username_key=user.username_key,
            email=user.email,
            password_hash=user.password_hash,
            created_at=user.created_at,
            is_admin=user.is_admin,
        )
        self._tables.users.put(row.id, row)
        self._tables.usernames.put(row.username_key, row.id)
        self._tables.emails.put(row.email, row.id)
        return _record(row)

    async def get(self, user_id: UUID) -> User:
        return _record(found(self._tables.users.get(user_id), "user", user_id))

    async def list(self, *, window: Window) -> Page[User]:
        after = None if window.after is None else (window.after.value, window.after.id)
        rows = page(self._tables.users, index="created_at", window=window, after=after)
        return Page(items=[_record(row) for row in rows.items], more=rows.more, total=rows.total)

    async def delete(self, user_id: UUID) -> None:
        row = found(self._tables.users.get(user_id), "user", user_id)
        if any_within(self._tables.orders, index="customer_id", within=(user_id,)):
            raise UserHasOrders
        for digest in keys_within(self._tables.tokens, index="user_id", within=(user_id,)):
            self._tables.tokens.remove(digest)
        self._tables.usernames.remove(row.username_key)
        self._tables.emails.remove(row.email)
        self._tables.users.remove(user_id)

    async def find_login(self, username_key: str) -> Login | None:
        user_id = self._tables.usernames.get(username_key)
        return None if user_id is None else _login(self._tables.users[user_id])

    async def get_login(self, user_id: UUID) -> Login:
        return _login(found(self._tables.users.get(user_id), "user", user_id))

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        row = found(self._tables.users.get(user_id), "user", user_id)
        self._tables.users.put(user_id, replace(row, password_hash=password_hash))

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        row = found(self._tables.users.get(user_id), "user", user_id)
        self._tables.users.put(user_id, replace(row, is_admin=is_admin))


def _login(row: UserRow) -> Login:
    return Login(user=_record(row), password_hash=row.password_hash, is_admin=row.is_admin)


def _record(row: UserRow) -> User:
    return User(id=row.id, username=row.username, email=row.email, created_at=row.created_at)
