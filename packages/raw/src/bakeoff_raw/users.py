"""Customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.pages import Listing, page_of, page_sql
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import LOGIN, USER, Codec
from bakeoff_schemas.errors import (
    BrokenReference,
    Contended,
    ContractError,
    DuplicateKey,
    EmailTaken,
    NotFound,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.records import Login, NewUser, Page, User, Window

_CREATE = """
    INSERT INTO users (id, username, username_key, email, password_hash, created_at, is_admin)
    VALUES (:id, :username, :username_key, :email, :password_hash, :at, :is_admin)
"""
# On PostgreSQL an error would end the transaction, in which `_refusal` looks up what is taken.
CREATE = statement(f"{_CREATE} ON CONFLICT DO NOTHING", mysql=_CREATE)
TAKEN = statement("""
    SELECT username_key FROM users WHERE username_key = :username_key
    UNION ALL SELECT NULL FROM users WHERE email = :email
""")
GET = statement(f"SELECT {USER} FROM users WHERE users.id = :id")
DELETE = statement("DELETE FROM users WHERE id = :id")
FIND_LOGIN = statement(f"SELECT {LOGIN} FROM users WHERE users.username_key = :username_key")
GET_LOGIN = statement(f"SELECT {LOGIN} FROM users WHERE users.id = :id")
# The drivers of MySQL count the rows that were matched, whether or not that changed them.
SET_PASSWORD_HASH = statement("UPDATE users SET password_hash = :password_hash WHERE id = :id")
SET_ADMIN = statement("UPDATE users SET is_admin = :is_admin WHERE id = :id")
LISTING = Listing(table="users", columns=USER)


class Users:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def create(self, user: NewUser) -> User:
        try:
            added = await self._connection.execute(
                CREATE,
                id=self._codec.key(user.id),
                username=user.username,
                username_key=user.username_key,
                email=user.email,
                password_hash=user.password_hash,
                at=self._codec.instant(user.created_at),
                is_admin=user.is_admin,
            )
        except (UsernameTaken, EmailTaken, DuplicateKey):
            added = 0
        if not added:
            raise await self._refusal(user)
        return User(
            id=user.id, username=user.username, email=user.email, created_at=user.created_at
        )

    async def get(self, user_id: UUID) -> User:
        row = await self._connection.fetch_one(GET, id=self._codec.key(user_id))
        if row is None:
            raise NotFound("user", user_id)
        return self._codec.user(row)

    async def list(self, *, window: Window) -> Page[User]:
        parameters: dict[str, Any] = {"limit": window.limit + 1, "offset": window.offset}
        after = []
        if window.after is not None:
            after.append(
                "users.created_at >= :after_value "
                "AND (users.created_at > :after_value OR users.id > :after_id)"
            )
            parameters |= {
                "after_value": self._codec.write(window.after.value),
                "after_id": self._codec.write(window.after.id),
            }
        order = "users.created_at, users.id"
        text = page_sql(LISTING, where=(), after=after, order=order, window=window)
        rows = await self._connection.fetch_all(statement(text), **parameters)
        return page_of(rows, window=window, make=self._codec.user)

    async def delete(self, user_id: UUID) -> None:
        try:
            deleted = await self._connection.execute(DELETE, id=self._codec.key(user_id))
        except BrokenReference:
            raise UserHasOrders from None
        if not deleted:
            raise NotFound("user", user_id)

    async def find_login(self, username_key: str) -> Login | None:
        row = await self._connection.fetch_one(FIND_LOGIN, username_key=username_key)
        return None if row is None else self._codec.login(row)

    async def get_login(self, user_id: UUID) -> Login:
        row = await self._connection.fetch_one(GET_LOGIN, id=self._codec.key(user_id))
        if row is None:
            raise NotFound("user", user_id)
        return self._codec.login(row)

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        key = self._codec.key(user_id)
        if not await self._connection.execute(
            SET_PASSWORD_HASH, id=key, password_hash=password_hash
        ):
            raise NotFound("user", user_id)

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        key = self._codec.key(user_id)
        if not await self._connection.execute(SET_ADMIN, id=key, is_admin=is_admin):
            raise NotFound("user", user_id)

    async def _refusal(self, user: NewUser) -> ContractError:
        """UsernameTaken or EmailTaken; a database reports whichever index it checks first."""
        rows = await self._connection.fetch_all(
            TAKEN, username_key=user.username_key, email=user.email
        )
        if any(row[0] is not None for row in rows):
            return UsernameTaken()
        if rows:
            return EmailTaken()
        return Contended("the user who had the name or the address was deleted at the same moment")
