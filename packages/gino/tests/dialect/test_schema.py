"""Tables are made and dropped through GINO, and looked for before."""

from __future__ import annotations

import enum
from typing import Any

import pytest
import sqlalchemy
from gino import Gino
from sqlalchemy.dialects import postgresql

pytestmark = pytest.mark.anyio


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


async def test_what_is_there_is_not_made_again_and_what_is_not_is_not_dropped(teams: Any) -> None:
    await teams.db.gino.create_all()
    await teams.Team.create(name="kept")
    await teams.db.gino.create_all()
    assert await teams.names() == ["kept"]
    await teams.db.gino.drop_all()
    await teams.db.gino.drop_all()
    assert await teams.db.all("SELECT * FROM sqlite_master WHERE name = 'teams'") == []


async def test_tables_are_found_wherever_they_are(teams: Any) -> None:
    dialect = teams.db.bind.dialect
    async with teams.db.acquire() as connection:
        await connection.status("CREATE TEMP TABLE passing (x)")
        await connection.status("ATTACH ':memory:' AS other")
        await connection.status('CREATE TABLE other."odd ""name?" (x)')
        assert await dialect.has_table(connection, "teams")
        assert await dialect.has_table(connection, "teams", schema="main")
        assert await dialect.has_table(connection, "passing")
        assert await dialect.has_table(connection, 'odd "name?', schema="other")
        assert not await dialect.has_table(connection, "teams", schema="other")
        assert not await dialect.has_table(connection, "missing")
        assert await dialect.has_schema(connection, "other")
        assert not await dialect.has_schema(connection, "missing")
        await connection.raw_connection.close()


async def test_types_that_need_more_than_a_name_are_made(make_engine: Any) -> None:
    db = Gino()

    class Thing(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "things"

        id = db.Column(postgresql.UUID(as_uuid=True), primary_key=True)
        colour = db.Column(db.Enum(Colour))
        plain = db.Column(sqlalchemy.Enum("a", "b"), index=True)
        is_good = db.Column(db.Boolean)
        data = db.Column(db.JSON)
        _unique = db.UniqueConstraint("colour", "plain")

    db.bind = await make_engine()
    await db.gino.create_all()
    columns = {row.name: row.type for row in await db.all("PRAGMA table_info(things)")}
    assert columns == {
        "id": "CHAR(36)",
        "colour": "VARCHAR(4)",
        "plain": "VARCHAR(1)",
        "is_good": "BOOLEAN",
        "data": "JSON",
    }
    assert await db.scalar("SELECT count(*) FROM pragma_index_list('things')") == 3
    await Thing.__table__.gino.drop()
    assert not await db.bind.dialect.has_table(db.bind, "things")


async def test_a_schema_is_made_in_a_transaction_or_not_at_all(teams: Any) -> None:
    async with teams.db.transaction() as transaction:
        await teams.db.gino.drop_all()
        transaction.raise_rollback()
    await teams.Team.create(name="kept")
    assert await teams.names() == ["kept"]
