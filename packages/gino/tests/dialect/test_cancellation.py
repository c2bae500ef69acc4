"""A cancelled task leaves the pool whole, the transaction rolled back and no thread at work."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from typing import Any

import anyio
import pytest

ON_BOTH_LOOPS = True
pytestmark = pytest.mark.anyio


async def _is_free(teams: Any) -> bool:
    async with asyncio.timeout(30):
        await teams.Team.create(name="after")
    return _is_whole(teams)


def _is_whole(teams: Any) -> bool:
    pool = teams.db.bind.raw_pool
    return (pool.in_use, pool.in_transaction) == (0, 0)


async def test_a_cancelled_statement_is_interrupted(use: Any, beacon: Any, endless: str) -> None:
    teams = await use(init=beacon.init, max_size=1)
    async with beacon.running(teams.db.scalar(endless)) as task:
        task.cancel()
        async with asyncio.timeout(30):
            with pytest.raises(asyncio.CancelledError):
                await task
    assert await _is_free(teams)
    assert teams.db.bind.raw_pool.size == 1


async def test_a_second_cancellation_changes_nothing(use: Any, beacon: Any, endless: str) -> None:
    teams = await use(init=beacon.init, max_size=1)

    async def work() -> None:
        async with teams.db.transaction():
            await teams.Team.create(name="lost")
            await teams.db.scalar(endless)

    async with beacon.running(work()) as task:
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
    assert await _is_free(teams)
    assert await teams.names() == ["after"]


async def test_a_statement_that_takes_too_long_is_interrupted(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init, max_size=1)
    async with teams.db.transaction():
        await teams.Team.create(name="kept")
        with pytest.raises(TimeoutError):
            await teams.db.scalar(teams.db.text(endless).execution_options(timeout=0.1))
        await teams.Team.create(name="kept too")
    assert await teams.names() == ["kept", "kept too"]


async def test_a_change_that_takes_too_long_takes_its_transaction_with_it(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init, max_size=1)
    slow = teams.db.text(f"INSERT INTO teams (name) {endless}").execution_options(timeout=0.1)

    async def work() -> None:
        async with teams.db.transaction():
            await teams.Team.create(name="lost")
            with pytest.raises(TimeoutError):
                await teams.db.status(slow)

    with pytest.raises(sqlite3.OperationalError, match="has been rolled back"):
        await work()
    assert await _is_free(teams)
    assert await teams.names() == ["after"]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT"])
async def test_cancelled_while_it_waits_for_a_lock_it_does_not_wait_on(
    use: Any, beacon: Any, statement: str
) -> None:
    teams = await use(timeout=60, init=beacon.init)
    beacon.statement = statement

    async def work() -> None:
        if statement == "INSERT":
            await teams.Team.create(name="lost")
        else:
            async with teams.db.transaction(isolation="IMMEDIATE"):
                await teams.Team.create(name="lost")

    async with teams.db.transaction(isolation="EXCLUSIVE"):
        async with beacon.running(work()) as task:
            task.cancel("for a reason")
            async with asyncio.timeout(30):
                with pytest.raises(asyncio.CancelledError, match="for a reason"):
                    await task
        assert teams.db.bind.raw_pool.in_use == 1
    assert await _is_free(teams)
    assert await teams.names() == ["after"]


@pytest.mark.parametrize("pushes", [1, 3])
async def test_wherever_it_is_cancelled_all_or_nothing_is_done(use: Any, pushes: int) -> None:
    teams = await use(max_size=1)

    async def work(number: int) -> None:
        async with teams.db.transaction(isolation="IMMEDIATE"):
            await teams.Team.create(name=f"{number}a")
            async with teams.db.transaction():
                await teams.Team.create(name=f"{number}b")

    outcomes = set()
    for number in range(150):
        task = asyncio.create_task(work(number))
        for _ in range(number // 3):
            await asyncio.sleep(0.0001 if number % 2 else 0)
        for _ in range(pushes):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait((task,))
        assert _is_whole(teams)
        found = {name for name in await teams.names() if name.startswith(f"{number}")}
        found &= {f"{number}a", f"{number}b"}
        assert found in (set(), {f"{number}a", f"{number}b"})
        assert found or task.cancelled()
        outcomes.add(task.cancelled())
    assert True in outcomes
    assert await _is_free(teams)


async def test_a_crowd_of_cancelled_tasks_loses_no_goal(use: Any) -> None:
    teams = await use(max_size=3, timeout=60, begin="IMMEDIATE")
    for name in ("Ann", "Bob"):
        await teams.Member.create(name=name)
    dice = random.Random(7)

    async def credit_one_and_debit_other() -> None:
        async with teams.db.transaction():
            ann, bob = await teams.Member.query.order_by(teams.Member.id).gino.all()
            await ann.update(goals=ann.goals + 1).apply()
            async for member in teams.Member.query.gino.iterate():
                assert member.id
            await bob.update(goals=bob.goals - 1).apply()

    for _ in range(20):
        tasks = [asyncio.create_task(credit_one_and_debit_other()) for _ in range(8)]
        for task in dice.sample(tasks, 6):
            await asyncio.sleep(dice.random() / 100)
            task.cancel()
        await asyncio.wait(tasks)
        assert {task.exception() for task in tasks if not task.cancelled()} <= {None}
        assert _is_whole(teams)
        ann, bob = await teams.Member.query.order_by(teams.Member.id).gino.all()
        assert ann.goals == -bob.goals
    assert ann.goals >= 20 * 2


async def test_a_deadline_of_asyncio_or_anyio_is_kept_through_a_beginning(use: Any) -> None:
    teams = await use(timeout=60)

    async def work() -> None:
        async with teams.db.transaction(isolation="IMMEDIATE"):
            await teams.Team.create(name="lost")

    async def in_time() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await work()
        with anyio.move_on_after(0.2) as scope:
            await work()
        assert scope.cancelled_caught
        assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]

    async with teams.db.transaction(isolation="IMMEDIATE"):
        async with asyncio.timeout(10):
            await asyncio.create_task(in_time())
    assert await _is_free(teams)
    assert await teams.names() == ["after"]


async def test_one_who_is_cancelled_in_the_queue_leaves_it(use: Any) -> None:
    teams = await use(max_size=1)
    connection = await teams.db.bind.acquire()
    first = asyncio.create_task(teams.Team.create(name="first"))
    second = asyncio.create_task(teams.Team.create(name="second"))
    await asyncio.sleep(0)
    first.cancel()
    await connection.release()
    await second
    assert first.cancelled()
    assert await teams.names() == ["second"]


async def test_what_others_do_on_the_same_connection_is_not_interrupted(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init, max_size=1)
    count = endless.replace("2000000000", "200000")
    async with teams.db.acquire() as connection, beacon.running(connection.scalar(count)) as task:
        queued = asyncio.create_task(teams.Team.create(name="lost", bind=connection))
        await asyncio.sleep(0)
        queued.cancel()
        with pytest.raises(asyncio.CancelledError):
            await queued
        assert await task == 200000
    assert await teams.names() == []


async def test_the_next_in_line_on_the_same_connection_is_not_interrupted(
    use: Any, beacon: Any, endless: str
) -> None:
    teams = await use(init=beacon.init, max_size=1)
    count = endless.replace("2000000000", "1000000")
    async with teams.db.acquire() as connection, beacon.running(connection.scalar(endless)) as task:
        queued = asyncio.create_task(connection.scalar(count))
        await asyncio.sleep(0)
        task.cancel()
        assert await queued == 1000000


@pytest.mark.parametrize("pushes", [1, 2, 3])
async def test_a_rollback_is_not_cancelled(use: Any, pushes: int) -> None:
    teams = await use(max_size=1)
    after = []

    async def work(name: str) -> None:
        async with teams.db.acquire() as connection:
            try:
                async with connection.transaction():
                    await teams.Team.create(name=name)
                    ready.set()
                    await asyncio.Event().wait()
            finally:
                after.append(connection.raw_connection.in_transaction)

    for number in range(20):
        ready = asyncio.Event()
        task = asyncio.create_task(work(f"{number}"))
        await ready.wait()
        for _ in range(pushes):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait((task,))
    assert after == [False] * 20


async def test_a_cancelled_commit_is_either_done_or_not(use: Any) -> None:
    teams = await use(max_size=1)

    async def work(name: str) -> None:
        async with teams.db.transaction():
            await teams.Team.create(name=name)
            ready.set()

    for number in range(50):
        ready = asyncio.Event()
        task = asyncio.create_task(work(f"{number}"))
        await ready.wait()
        for _ in range(number % 5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert _is_whole(teams)
    assert await _is_free(teams)
