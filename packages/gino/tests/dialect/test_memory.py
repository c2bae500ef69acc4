"""What :memory: means to a pool: one database for all its connections, until it is closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.anyio
URLS = ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"]


@pytest.mark.parametrize("url", URLS)
async def test_all_connections_share_one_database(use: Any, url: str) -> None:
    teams = await use(url)
    await teams.Team.create(name="Rovers")
    async with teams.db.acquire(), teams.db.acquire(reuse=False) as other:
        assert len(await other.all(teams.Team.query)) == 1
        assert teams.db.bind.raw_pool.size == 2


async def test_it_is_there_as_long_as_the_pool_is(use: Any) -> None:
    teams = await use(URLS[0], min_size=0)
    await teams.Team.create(name="Rovers")
    await teams.db.bind.raw_pool.connections[0].close()
    assert await teams.names() == ["Rovers"]


async def test_two_engines_have_two_databases(use: Any) -> None:
    one, other = await use(URLS[0]), await use(URLS[0])
    await one.Team.create(name="Rovers")
    assert await other.names() == []


async def test_writers_wait_for_each_other(use: Any) -> None:
    teams = await use(URLS[0])
    await teams.Member.create(name="Ann")

    async def score() -> None:
        for _ in range(20):
            async with teams.db.transaction(isolation="IMMEDIATE"):
                member = await teams.Member.get(1)
                await member.update(goals=member.goals + 1).apply()

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(score())
    assert (await teams.Member.get(1)).goals == 100


async def test_a_transaction_is_rolled_back_there_too(use: Any) -> None:
    teams = await use(URLS[0])
    async with teams.db.transaction() as transaction:
        await teams.fill(100)
        transaction.raise_rollback()
    assert await teams.names() == []
