"""Customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.pages import Listing, page_of, page_sql
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import USER, Codec
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
from bakeoff_schemas.records import NewUser, Page, User, Window

_CREATE = """
    INSERT INTO users (id, username, username_key, email, password_hash, created_at)
    VALUES (:id, :username, :username_key, :email, :password_hash, :at)
"""
# On PostgreSQL an error would end the transaction, in which `_refusal` looks up what is taken.
CREATE = statement(f"{_CREATE} ON CONFLICT DO NOTHING", mysql=_CREATE)
TAKEN = statement("""
    SELECT username_key FROM users WHERE username_key = :username_key
    UNION ALL SELECT NULL FROM users WHERE email = :email
""")
GET = statement(f"SELECT {USER} FROM users WHERE users.id = :id")
DELETE = statement("DELETE FROM users WHERE id = :id")
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
