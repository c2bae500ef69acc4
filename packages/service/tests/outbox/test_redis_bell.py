from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bakeoff.outbox.redis_bell import RedisBell
from bakeoff.outbox.repeating import beside
from bakeoff_contract.own_redis import OwnRedis

CHANNEL = "test:outbox"


class Hearing:
    """Counts rings, and waits for them."""

    def __init__(self) -> None:
        self.count = 0
        self._rung = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self._rung.set()

    async def one(self) -> None:
        """The next ring after the last one that was waited for."""
        await asyncio.wait_for(self._rung.wait(), 30)
        self._rung.clear()


def two_bells(url: str, scenario: Callable[..., Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        one, other = Hearing(), Hearing()
        bells = [RedisBell(url, channel=CHANNEL, rung=rung) for rung in (one, other)]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(beside(*(bell.run() for bell in bells)))
            await scenario(bells[0], one, other)

    asyncio.run(run())


def test_a_ring_is_heard_by_the_others_and_not_by_who_rang(tmp_path: Path) -> None:
    async def scenario(bell: RedisBell, one: Hearing, other: Hearing) -> None:
        # Who begins to listen looks once, for what was published before.
        await one.one()
        await other.one()
        for _ in range(3):
            bell.ring()
            await other.one()
        assert one.count == 1

    with OwnRedis(tmp_path) as redis:
        two_bells(redis.url, scenario)


def test_bells_work_again_when_redis_does(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    redis = OwnRedis(tmp_path)

    async def scenario(bell: RedisBell, one: Hearing, other: Hearing) -> None:
        await one.one()
        await other.one()
        redis.kill()
        await until(lambda: len(caplog.records) >= 2)
        bell.ring()
        redis.start()
        # What they missed meanwhile they look for now.
        await one.one()
        await other.one()
        bell.ring()
        await other.one()

    caplog.set_level(logging.WARNING, "bakeoff.outbox")
    with redis:
        two_bells(redis.url, scenario)
    assert all("polling goes on" in record.message for record in caplog.records)


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_without_redis_a_process_goes_on(unused_port: int) -> None:
    async def scenario(bell: RedisBell, one: Hearing, other: Hearing) -> None:
        bell.ring()
        await asyncio.sleep(0.1)
        assert (one.count, other.count) == (0, 0)

    two_bells(f"redis://127.0.0.1:{unused_port}/", scenario)
