"""What GINO's documentation shows, on SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from gino import Bakery, Gino
from gino.exceptions import MultipleResultsFound, NoResultFound, NoSuchRowError
from sqlalchemy.dialects import mysql

pytestmark = pytest.mark.anyio


async def test_a_model_is_created_read_changed_and_deleted(teams: Any) -> None:
    team = await teams.Team.create(name="Rovers")
    assert (team.id, team.name) == (1, "Rovers")
    await team.update(name="Wanderers").apply()
    assert (await teams.Team.get(1)).name == "Wanderers"
    await team.delete()
    assert await teams.Team.get(1) is None


async def test_a_value_the_database_made_comes_back_with_the_row(teams: Any) -> None:
    member = await teams.Member.create(name="Ann")
    assert member.goals == 0
    await member.update(goals=teams.Member.goals + 3).apply()
    assert member.goals == 3


async def test_changing_a_row_that_is_gone_is_noticed(teams: Any) -> None:
    team = await teams.Team.create(name="Rovers")
    await teams.Team.delete.gino.status()
    with pytest.raises(NoSuchRowError):
        await team.update(name="Wanderers").apply()


async def test_the_ways_to_read_agree(teams: Any) -> None:
    await teams.fill(3)
    query = teams.Team.query.order_by(teams.Team.id)
    assert [team.id for team in await query.gino.all()] == [1, 2, 3]
    assert (await query.gino.first()).id == 1
    assert await query.gino.scalar() == 1
    assert (await query.where(teams.Team.id == 2).gino.one()).name == "2"
    assert await query.where(teams.Team.id == 4).gino.one_or_none() is None
    with pytest.raises(MultipleResultsFound):
        await query.gino.one_or_none()
    with pytest.raises(NoResultFound):
        await query.where(teams.Team.id == 4).gino.one()


async def test_where_there_is_no_returning_rows_are_read_after_they_are_written(
    teams: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams.db.bind.dialect, "support_returning", False)
    member = await teams.Member.create(name="Ann")
    assert (member.id, member.goals) == (1, 0)
    await member.update(goals=teams.Member.goals + 3).apply()
    assert member.goals == 3


async def test_a_key_that_sql_makes_comes_back(make_engine: Any) -> None:
    db = Gino()

    class Ticket(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "tickets"

        code = db.Column(db.String, primary_key=True, default=db.func.upper("a-1"))

    db.bind = await make_engine()
    await db.gino.create_all()
    assert (await Ticket.create()).code == "A-1"


async def test_plain_sql_takes_parameters_both_ways(teams: Any) -> None:
    db = teams.db
    assert await db.scalar("SELECT ? || ?", "a", "b") == "ab"
    assert await db.scalar(db.text("SELECT :x + :y"), x=1, y=2) == 3
    assert await db.first(db.text("SELECT 1 AS one, 2 AS two")) == (1, 2)
    assert await db.all("SELECT 1 WHERE 0") == []


async def test_rows_are_named_tuples(teams: Any) -> None:
    row = await teams.db.first("SELECT 1 AS one, NULL AS missing")
    assert (row.one, row["missing"], dict(row)) == (1, None, {"one": 1, "missing": None})


async def test_the_status_is_how_many_rows_were_changed(teams: Any) -> None:
    await teams.fill(5)
    assert (await teams.Team.update.values(name=teams.Team.name + "!").gino.status())[0] == 5
    assert (await teams.Team.delete.where(teams.Team.id > 3).gino.status())[0] == 2
    assert (await teams.Team.delete.where(teams.Team.id > 3).gino.status())[0] == 0
    assert (await teams.db.status("CREATE TABLE other (x)"))[0] == 0


async def test_rows_changed_by_triggers_and_cascades_are_not_counted(teams: Any) -> None:
    await teams.db.status("CREATE TABLE log (name)")
    await teams.db.status(
        "CREATE TRIGGER logged AFTER DELETE ON teams BEGIN INSERT INTO log VALUES (old.name); END"
    )
    await teams.fill(2)
    assert (await teams.Team.delete.where(teams.Team.id == 1).gino.status())[0] == 1
    assert await teams.db.scalar("SELECT name FROM log") == "1"


async def test_dml_behind_a_with_is_counted_too(teams: Any) -> None:
    status, _ = await teams.db.status(
        "WITH new (name) AS (VALUES ('a'), ('b')) INSERT INTO teams (name) SELECT name FROM new"
    )
    assert status == 2


async def test_what_is_returned_is_there_even_if_only_the_first_row_is_read(teams: Any) -> None:
    insert = teams.Team.insert().values([{"name": "a"}, {"name": "b"}]).returning(teams.Team.name)
    assert await insert.gino.scalar() == "a"
    assert await teams.names() == ["a", "b"]
    status, rows = await teams.Team.delete.returning(teams.Team.id).gino.status()
    assert (status, [row.id for row in rows]) == (2, [1, 2])


async def test_a_row_id_is_told_only_of_a_row_that_was_inserted(teams: Any) -> None:
    await teams.fill(2)
    async with teams.db.acquire() as connection:
        for sql, row_id in (
            ("INSERT INTO teams (name) VALUES ('new')", 3),
            ("INSERT OR IGNORE INTO teams (name) VALUES ('new')", None),
        ):
            context, _ = await connection._first_with_context(teams.db.text(sql))
            assert context.get_lastrowid() == row_id
            assert context.get_affected_rows() == (row_id is not None)


async def test_many_rows_are_inserted_in_one_statement_or_none_of_them(teams: Any) -> None:
    await teams.fill(500)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        await teams.Team.insert().gino.status({"name": "new"}, {"name": "500"})
    async with teams.db.acquire() as connection:
        with pytest.raises(OverflowError):
            await connection.status("INSERT INTO teams (name) VALUES (?)", ("x",), (2**64,))
        assert not connection.raw_connection.in_transaction
    assert len(await teams.names()) == 500


async def test_many_that_fail_leave_the_rest_of_their_transaction(teams: Any) -> None:
    async with teams.db.transaction():
        await teams.fill(2)
        with pytest.raises(sqlite3.IntegrityError):
            await teams.Team.insert().gino.status({"name": "new"}, {"name": "2"})
        await teams.Team.create(name="3")
    assert await teams.names() == ["1", "2", "3"]


async def test_errors_are_those_of_sqlite3(teams: Any) -> None:
    await teams.Team.create(name="Rovers")
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: teams\.name"):
        await teams.Team.create(name="Rovers")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await teams.db.all("SELECT * FROM missing")
    assert not teams.db.bind.raw_pool.in_use


async def test_loaders_put_rows_together(teams: Any) -> None:
    team = await teams.Team.create(name="Rovers")
    await teams.Member.create(name="Ann", team_id=team.id)
    await teams.Member.create(name="Bob", team_id=team.id)
    loader = teams.Member.load(team=teams.Team)
    members = await loader.query.order_by(teams.Member.id).gino.all()
    assert [(member.name, member.team.name) for member in members] == [
        ("Ann", "Rovers"),
        ("Bob", "Rovers"),
    ]
    query = teams.Team.outerjoin(teams.Member).select().order_by(teams.Member.id)
    loader = teams.Team.distinct(teams.Team.id).load(add_member=teams.Member)
    (found,) = await query.gino.load(loader).all()
    assert [member.name for member in found.members] == ["Ann", "Bob"]


async def test_a_prepared_statement_runs_again_with_other_values(teams: Any) -> None:
    await teams.fill(3)
    db = teams.db
    async with db.acquire() as connection:
        by_id = await connection.prepare(teams.Team.query.where(teams.Team.id == db.bindparam("i")))
        assert (await by_id.first(i=1)).name == "1"
        assert await by_id.scalar(i=2) == 2
        assert [team.id for team in await by_id.all(i=3)] == [3]
        assert [team.id async for team in by_id.iterate(3)] == [3]
        rename = teams.Team.update.where(teams.Team.id > db.bindparam("i")).values(name="x")
        assert await (await connection.prepare(rename)).status(i=2) == 1


async def test_a_bakery_is_baked(make_engine: Any) -> None:
    bakery = Bakery()
    double = bakery.bake("SELECT :x * 2")
    engine = await make_engine(bakery=bakery)
    assert await engine.scalar(double, x=21) == 42
    assert await engine.all(double, x=1) == [(2,)]


async def test_json_properties_are_changed_in_place(make_engine: Any) -> None:
    db = Gino()

    class Player(db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "players"

        id = db.Column(db.Integer, primary_key=True)
        # Of the types GINO knows to change, the one that SQLAlchemy can render for SQLite.
        profile = db.Column(mysql.JSON(), nullable=False, server_default="{}")
        age = db.IntegerProperty()
        nick = db.StringProperty()

    db.bind = await make_engine()
    await db.gino.create_all()
    player = await Player.create(age=30, nick="Ace")
    await player.update(age=Player.age + 1).apply()
    await player.update(nick="King").apply()
    assert (player.age, player.nick) == (31, "King")
    assert (await Player.query.where(Player.age > 30).gino.one()).profile == player.profile
