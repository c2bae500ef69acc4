"""The pool: who gets a connection, which one, and how it ends."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import gino
import pytest

ON_BOTH_LOOPS = True
pytestmark = pytest.mark.anyio


async def test_as_many_are_opened_as_asked_for_and_more_when_needed(make_engine: Any) -> None:
    engine = await make_engine(min_size=2, max_size=3)
    pool = engine.raw_pool
    assert (pool.size, pool.in_use) == (2, 0)
    held = [await engine.acquire(reuse=False) for _ in range(3)]
    assert (pool.size, pool.in_use) == (3, 3)
    for connection in held:
        await connection.release()
    assert (pool.size, pool.in_use) == (3, 0)


async def test_none_are_opened_before_they_are_needed_if_none_are_asked_for(
    make_engine: Any,
) -> None:
    engine = await make_engine(min_size=0)
    assert engine.raw_pool.size == 0
    assert await engine.scalar("SELECT 1") == 1
    assert engine.raw_pool.size == 1


@pytest.mark.parametrize("sizes", [(2, 1), (0, 0), (-1, 1)])
async def test_impossible_sizes_are_refused(make_engine: Any, sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        await make_engine(min_size=sizes[0], max_size=sizes[1])


async def test_first_come_first_served(make_engine: Any) -> None:
    engine = await make_engine(max_size=1)
    served = []

    async def work(number: int) -> None:
        for _ in range(3):
            async with engine.acquire(reuse=False) as connection:
                served.append(number)
                await connection.scalar("SELECT 1")

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(work(number))
    assert served == [0, 1, 2, 3] * 3


async def test_waiting_ends_in_time(make_engine: Any) -> None:
    engine = await make_engine(max_size=1)
    async with engine.acquire():
        with pytest.raises(TimeoutError):
            await engine.acquire(reuse=False, timeout=0.01)
    assert await engine.scalar("SELECT 1") == 1


async def test_a_lazy_connection_is_taken_when_it_is_needed(make_engine: Any) -> None:
    engine = await make_engine()
    async with engine.acquire(lazy=True) as connection:
        assert engine.raw_pool.in_use == 0
        assert await connection.scalar("SELECT 1") == 1
        assert engine.raw_pool.in_use == 1
        await connection.release(permanent=False)
        assert engine.raw_pool.in_use == 0
        assert await connection.scalar("SELECT 2") == 2


async def test_each_connection_has_a_thread_that_ends_with_it(make_engine: Any) -> None:
    # Those of other tests may end meanwhile.
    before = {*threading.enumerate()}
    engine = await make_engine(min_size=3)
    threads = {connection._thread for connection in engine.raw_pool.connections}
    assert len(threads) == 3
    assert {*threading.enumerate()} - before == threads
    await engine.close()
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_a_connection_that_was_closed_is_replaced(make_engine: Any) -> None:
    engine = await make_engine(max_size=1)
    async with engine.acquire() as connection:
        await connection.raw_connection.close()
        with pytest.raises(ValueError, match="no active connection"):
            await connection.scalar("SELECT 1")
    assert await engine.scalar("SELECT 1") == 1
    await engine.raw_pool.connections[0].close()
    assert await engine.scalar("SELECT 1") == 1
    engine.raw_pool.connections[0].stop()
    assert await engine.scalar("SELECT 1") == 1
    assert engine.raw_pool.size == 1


async def test_a_connection_to_a_damaged_file_is_replaced(use: Any, file: Path) -> None:
    teams = await use(max_size=1, pragmas={"journal_mode": "DELETE"})
    await teams.fill(100)
    whole = await asyncio.to_thread(file.read_bytes)
    before = teams.db.bind.raw_pool.connections
    await asyncio.to_thread(file.write_bytes, b"no database" * (len(whole) // 11))
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await teams.names()
    assert teams.db.bind.raw_pool.connections != before
    await asyncio.to_thread(file.write_bytes, whole)
    assert len(await teams.names()) == 100


async def test_closing_waits_for_those_who_still_work(use: Any) -> None:
    teams = await use(max_size=1)
    connection = await teams.db.bind.acquire()
    closing = asyncio.create_task(teams.db.bind.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    await teams.Team.create(name="kept", bind=connection)
    await connection.release()
    await closing
    assert teams.db.bind.raw_pool.size == 0
    with pytest.raises(sqlite3.InterfaceError, match="pool is closed"):
        await teams.db.bind.acquire()


async def test_closing_sends_away_those_who_wait(make_engine: Any) -> None:
    engine = await make_engine(max_size=1)
    connection = await engine.acquire()
    waiting = [asyncio.create_task(engine.acquire(reuse=False)._acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(engine.close())
    for task in waiting:
        with pytest.raises(sqlite3.InterfaceError, match="pool is closed"):
            await task
    await connection.release()
    await closing


async def test_terminating_interrupts_those_who_still_work(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init)
    async with beacon.running(teams.db.scalar(endless)) as task:
        async with asyncio.timeout(30):
            await teams.db.bind.raw_pool.terminate()
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            await task
    assert teams.db.bind.raw_pool.size == 0


async def test_a_connection_that_two_close_at_once_is_closed(make_engine: Any) -> None:
    engine = await make_engine()
    async with engine.acquire() as connection, asyncio.timeout(10):
        raw = connection.raw_connection
        await asyncio.gather(raw.close(), raw.close(), engine.raw_pool.terminate())
        assert not raw.is_alive


async def test_closing_twice_is_closing_once(make_engine: Any) -> None:
    engine = await make_engine()
    await engine.close()
    await engine.close()
    assert engine.raw_pool.size == 0


async def test_a_bind_lasts_as_long_as_its_block(file: Path) -> None:
    db = gino.Gino()
    async with db.with_bind(f"sqlite+aiosqlite:///{file}") as engine:
        assert await db.scalar("SELECT 1") == 1
    assert engine.raw_pool.size == 0
    engine = await db.set_bind(f"aiosqlite:///{file}", max_size=2)
    assert await db.scalar("SELECT 1") == 1
    await db.pop_bind().close()


async def test_nothing_stays_open_if_an_argument_is_wrong(file: Path) -> None:
    before = threading.active_count()
    with pytest.raises(TypeError, match="maximum"):
        await gino.create_engine(f"sqlite+aiosqlite:///{file}", maximum=1)
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout=10)
    assert threading.active_count() <= before


async def test_a_connection_of_somebody_else_is_not_taken_back(make_engine: Any) -> None:
    engine = await make_engine()
    other = await make_engine()
    async with engine.acquire() as connection:
        with pytest.raises(sqlite3.InterfaceError, match="handed out"):
            await other._pool.release(connection.raw_connection)
