"""Rows that are read while SQLite is still looking for the rest."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

ON_BOTH_LOOPS = True
pytestmark = pytest.mark.anyio


async def test_all_rows_come_in_their_order(teams: Any) -> None:
    await teams.fill(200)
    async with teams.db.transaction():
        query = teams.Team.query.order_by(teams.Team.id)
        assert [team.id async for team in query.gino.iterate()] == list(range(1, 201))
        assert [row async for row in teams.db.iterate("SELECT 1 WHERE 0")] == []


async def test_not_all_rows_are_looked_for_at_once(use: Any, beacon: Any, endless: str) -> None:
    teams = await use(init=beacon.init, iter_chunk_size=10)
    numbers = endless.replace("count(*)", "i")
    async with teams.db.transaction():
        found = []
        async with asyncio.timeout(10):
            async for row in teams.db.iterate(numbers):
                found.append(row.i)
                if len(found) == 25:
                    break
        assert found == list(range(1, 26))


async def test_a_cursor_goes_forward_as_it_is_told(teams: Any) -> None:
    await teams.fill(10)
    async with teams.db.transaction():
        cursor = await teams.Team.query.order_by(teams.Team.id).gino.iterate()
        assert (await cursor.next()).id == 1
        assert [team.id for team in await cursor.many(3)] == [2, 3, 4]
        await cursor.forward(2)
        assert (await cursor.next(timeout=5)).id == 7
        assert [team.id for team in await cursor.many(10)] == [8, 9, 10]
        assert await cursor.many(10) == []
        assert await cursor.next() is None
        await cursor.forward(1)


async def test_what_a_loader_takes_for_distinct_comes_once(use: Any) -> None:
    teams = await use(iter_chunk_size=2)
    for name in ("Rovers", "Wanderers"):
        team = await teams.Team.create(name=name)
        for number in range(5):
            await teams.Member.create(name=f"{name} {number}", team_id=team.id)
    query = teams.Team.outerjoin(teams.Member).select().order_by(teams.Member.id)
    loader = teams.Team.distinct(teams.Team.id).load(add_member=teams.Member)
    async with teams.db.transaction():
        found = [team async for team in query.gino.load(loader).iterate()]
    assert [(team.name, len(team.members)) for team in found] == [("Rovers", 5), ("Wanderers", 5)]


async def test_a_loader_of_a_value_and_of_none(teams: Any) -> None:
    await teams.fill(2)
    async with teams.db.transaction():
        query = teams.Team.query.order_by(teams.Team.id)
        assert [name async for name in query.gino.load(teams.Team.name).iterate()] == ["1", "2"]
        assert [row async for row in query.gino.return_model(False).iterate()] == [
            (1, "1"),
            (2, "2"),
        ]


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
async def test_a_cursor_is_closed_with_its_transaction(use: Any, mode: str) -> None:
    teams = await use(pragmas={"journal_mode": mode}, timeout=0)
    await teams.fill(100)
    async with teams.db.acquire() as connection:
        async with connection.transaction():
            cursor = await connection.iterate(teams.Team.query)
            await cursor.next()
        with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
            await cursor.next()
        async with teams.db.acquire(reuse=False) as other:
            await other.status(teams.Team.delete)
            await other.all("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_a_cursor_is_closed_with_its_connection(use: Any) -> None:
    teams = await use(pragmas={"journal_mode": "DELETE"}, timeout=0)
    await teams.fill(100)
    async with teams.db.acquire() as connection:
        async for _ in connection.iterate(teams.Team.query):
            break
    await teams.Team.delete.gino.status()
    async with teams.db.acquire() as connection:
        assert not connection.raw_connection.cursors


async def test_two_cursors_take_turns(teams: Any) -> None:
    await teams.fill(5)
    query = teams.Team.query.order_by(teams.Team.id)
    async with teams.db.transaction():
        one, other = await query.gino.iterate(), await query.gino.iterate()
        found = [(await cursor.next()).id for _ in range(5) for cursor in (one, other)]
    assert found == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


async def test_fetching_that_takes_too_long_is_interrupted(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init)
    await teams.fill(2)
    async with teams.db.transaction():
        by_the_way = await teams.Team.query.gino.iterate()
        slow = teams.db.text(endless).execution_options(timeout=0.1)
        with pytest.raises(TimeoutError):
            await teams.db.iterate(slow).__aiter__().__anext__()
        # What was open has been closed by the interrupt; what comes next is not interrupted.
        with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
            await by_the_way.next()
        await teams.Team.create(name="kept")
    assert await teams.names() == ["1", "2", "kept"]


async def test_a_task_that_is_cancelled_while_it_fetches_leaves_no_cursor(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init, max_size=1)

    async def work() -> None:
        async with teams.db.transaction(), asyncio.timeout(60):
            async for _ in teams.db.iterate(endless):
                pass

    async with beacon.running(work()) as task:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with teams.db.acquire() as connection:
        assert not connection.raw_connection.cursors
    await teams.Team.create(name="after")


async def test_what_fails_leaves_no_cursor(teams: Any) -> None:
    async with teams.db.transaction():
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await teams.db.iterate("SELECT * FROM missing")
        with pytest.raises(ValueError, match="too many"):
            teams.db.iterate(teams.Team.insert(), {"name": "1"}, {"name": "2"})
        assert not teams.db.bind.current_connection.raw_connection.cursors
