"""Transactions: what is committed, what is not, and what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import exc

pytestmark = pytest.mark.anyio


async def test_a_block_that_ends_is_committed_and_one_that_fails_is_not(teams: Any) -> None:
    async def work(name: str, number: int) -> None:
        async with teams.db.transaction():
            await teams.Team.create(name=name)
            await asyncio.sleep(1 / number - 1)

    await work("kept", 1)
    with pytest.raises(ZeroDivisionError):
        await work("lost", 0)
    assert await teams.names() == ["kept"]


async def test_one_can_leave_early_either_way(teams: Any) -> None:
    async with teams.db.transaction() as transaction:
        await teams.Team.create(name="kept")
        transaction.raise_commit()
    async with teams.db.transaction() as transaction:
        await teams.Team.create(name="lost")
        transaction.raise_rollback()
    assert await teams.names() == ["kept"]


async def test_a_manual_transaction_is_ended_by_hand(teams: Any) -> None:
    async with teams.db.acquire() as connection:
        transaction = await connection.transaction()
        await teams.Team.create(name="kept", bind=connection)
        await transaction.commit()
        transaction = await connection.transaction()
        await teams.Team.create(name="lost", bind=connection)
        await transaction.rollback()
        with pytest.raises(sqlite3.InterfaceError, match="is over"):
            await transaction.commit()
    assert await teams.names() == ["kept"]


async def test_an_inner_transaction_is_rolled_back_alone(teams: Any) -> None:
    async def work() -> None:
        async with teams.db.transaction():
            await teams.Team.create(name="inner")
            await teams.Team.create(name="outer")

    async with teams.db.transaction():
        await teams.Team.create(name="outer")
        with pytest.raises(sqlite3.IntegrityError):
            await work()
        async with teams.db.transaction():
            await teams.Team.create(name="second")
    assert await teams.names() == ["outer", "second"]


async def test_leaving_a_middle_one_takes_those_inside_with_it(teams: Any) -> None:
    async with teams.db.transaction():
        await teams.Team.create(name="1")
        async with teams.db.transaction() as middle:
            await teams.Team.create(name="2")
            async with teams.db.transaction():
                await teams.Team.create(name="3")
                middle.raise_rollback()
    assert await teams.names() == ["1"]


async def test_what_an_outer_one_takes_back_an_inner_one_has_not_kept(teams: Any) -> None:
    async with teams.db.transaction() as outer:
        async with teams.db.transaction():
            await teams.Team.create(name="lost")
        outer.raise_rollback()
    assert await teams.names() == []


async def test_others_do_not_see_it_before_it_is_committed(teams: Any) -> None:
    async with teams.db.transaction() as transaction:
        await teams.Team.create(name="new")
        async with teams.db.acquire(reuse=False) as other:
            assert await other.all(teams.Team.query) == []
        assert transaction.raw_transaction is transaction.raw_transaction.raw_transaction
    assert await teams.names() == ["new"]


@pytest.mark.parametrize("mode", ["deferred", "IMMEDIATE", "EXCLUSIVE"])
async def test_the_isolation_says_what_is_locked_from_the_beginning(use: Any, mode: str) -> None:
    teams = await use(timeout=0)
    async with teams.db.transaction(isolation=mode), teams.db.acquire(reuse=False) as other:
        if mode == "deferred":
            await other.status(teams.Team.insert().values(name="other"))
        else:
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                await other.status(teams.Team.insert().values(name="other"))


async def test_an_engine_may_say_how_its_transactions_begin(use: Any) -> None:
    teams = await use(timeout=0, begin="immediate")
    async with teams.db.transaction(), teams.db.acquire(reuse=False) as other:
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            await other.transaction()
        await (await other.transaction(isolation="DEFERRED")).rollback()
    async with teams.db.transaction(isolation="DEFERRED"), teams.db.transaction():
        await teams.Team.create(name="kept")
    assert await teams.names() == ["kept"]


async def test_an_unknown_isolation_and_an_inner_one_that_differs_are_refused(teams: Any) -> None:
    with pytest.raises(exc.ArgumentError, match="'serial' is no way to begin"):
        async with teams.db.transaction(isolation="serial"):
            pass
    async with teams.db.transaction(isolation="IMMEDIATE"):
        async with teams.db.transaction(isolation="IMMEDIATE"):
            await teams.Team.create(name="kept")
        with pytest.raises(sqlite3.InterfaceError, match="began IMMEDIATE cannot begin EXCLUSIVE"):
            async with teams.db.transaction(isolation="EXCLUSIVE"):
                pass
    assert await teams.names() == ["kept"]


async def test_a_commit_that_fails_leaves_nothing_open(teams: Any) -> None:
    async with teams.db.acquire() as connection:
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            async with teams.db.transaction():
                await teams.Member.create(name="Ann", team_id=404)
        assert not connection.raw_connection.in_transaction
    assert await teams.Member.query.gino.all() == []


async def test_after_sqlite_has_rolled_back_nothing_is_done_and_nothing_committed(
    teams: Any,
) -> None:
    async def work() -> None:
        async with teams.db.transaction():
            await teams.Team.create(name="first")
            with pytest.raises(sqlite3.IntegrityError):
                await teams.db.status("INSERT OR ROLLBACK INTO teams (name) VALUES (NULL)")
            with pytest.raises(sqlite3.OperationalError, match="has been rolled back"):
                await teams.Team.create(name="second")

    with pytest.raises(sqlite3.OperationalError, match="has been rolled back"):
        await work()
    with pytest.raises(sqlite3.OperationalError, match="has been rolled back"):
        async with teams.db.transaction(), teams.db.transaction():
            await teams.db.status("ROLLBACK")
    assert await teams.names() == []


async def test_a_transaction_forgotten_on_a_connection_is_rolled_back(teams: Any) -> None:
    async with teams.db.acquire() as connection:
        await connection.transaction()
        await teams.Team.create(name="lost", bind=connection)
    async with teams.db.acquire() as connection:
        await connection.status("BEGIN")
        await teams.Team.create(name="lost", bind=connection)
    assert await teams.names() == []
    await teams.Team.create(name="kept")
    assert teams.db.bind.raw_pool.size == 1


async def test_a_reused_connection_is_in_the_transaction_of_the_one_it_reuses(teams: Any) -> None:
    async with teams.db.transaction() as transaction:
        async with teams.db.acquire(reuse=True) as same:
            assert same.raw_connection is transaction.connection.raw_connection
            await teams.Team.create(name="lost", bind=same)
        transaction.raise_rollback()
    assert await teams.names() == []
