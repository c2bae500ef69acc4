"""One reader at a time loads; without Redis everybody does, and it is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from bakeoff.cache.cache import Cache
from bakeoff.cache.entries import Entries
from bakeoff.cache.metrics import CacheMetrics
from bakeoff_contract.own_redis import OwnRedis
from bakeoff_schemas.errors import NotFound

Scenario = Callable[[Cache], Awaitable[None]]


class Source:
    """Counts how often it is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = asyncio.Event()
        self.answering = asyncio.Event()
        self.error: Exception | None = None

    async def load(self) -> bytes:
        self.asked += 1
        self.begun.set()
        await self.answering.wait()
        if self.error is not None:
            raise self.error
        return b"value"


def run(redis: OwnRedis, scenario: Scenario, *, ttl: float = 60) -> CollectorRegistry:
    """Let the scenario happen, and answer what was counted."""
    registry = CollectorRegistry()

    async def main() -> None:
        entries = Entries(redis.url, prefix="t:")
        cache = Cache(entries, ttl=ttl, metrics=CacheMetrics(registry))
        async with cache.opened():
            await scenario(cache)

    asyncio.run(main())
    return registry


def reads(registry: CollectorRegistry, result: str) -> float:
    labels = {"kind": "book", "result": result}
    counted = registry.get_sample_value("bakeoff_cache_reads_total", labels)
    assert counted is not None
    return counted


def failures(registry: CollectorRegistry, operation: str) -> float:
    counted = registry.get_sample_value("bakeoff_cache_failures_total", {"operation": operation})
    assert counted is not None
    return counted


def test_of_many_readers_at_once_one_loads(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        readers = [
            asyncio.create_task(cache.through("book", "b", ("f",), source.load)) for _ in range(50)
        ]
        await source.begun.wait()
        source.answering.set()
        assert await asyncio.gather(*readers) == [b"value"] * 50
        assert source.asked == 1

    counted = run(redis, scenario)
    assert (reads(counted, "miss"), reads(counted, "hit")) == (1, 49)


def test_readers_of_different_names_do_not_wait_for_each_other(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        stuck, free = Source(), Source()
        free.answering.set()
        waiting = asyncio.create_task(cache.through("book", "a", ("f",), stuck.load))
        assert await cache.through("book", "b", ("f",), free.load) == b"value"
        stuck.answering.set()
        await waiting

    run(redis, scenario)


def test_an_error_is_kept_for_nobody(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        source.error = NotFound("book", 7)
        source.answering.set()
        for _ in range(2):
            with pytest.raises(NotFound):
                await cache.through("book", "b", ("f",), source.load)
        source.error = None
        assert await cache.through("book", "b", ("f",), source.load) == b"value"
        assert source.asked == 3

    run(redis, scenario)


def test_a_reader_that_goes_away_while_it_loads_holds_up_nobody(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        first = asyncio.create_task(cache.through("book", "b", ("f",), source.load))
        await source.begun.wait()
        second = asyncio.create_task(cache.through("book", "b", ("f",), source.load))
        await asyncio.sleep(0.05)
        first.cancel()
        source.answering.set()
        assert await second == b"value"
        assert source.asked == 2

    run(redis, scenario)


def test_an_entry_lasts_for_its_time_and_no_longer(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        source.answering.set()
        await cache.through("book", "b", ("f",), source.load)
        left = redis.ask("PTTL", "t:b")
        assert 0 < left <= 66_000
        redis.ask("PEXPIRE", "t:b", "1")
        await asyncio.sleep(0.05)
        await cache.through("book", "b", ("f",), source.load)
        assert source.asked == 2

    run(redis, scenario)


def test_entries_of_the_same_moment_do_not_end_at_the_same_moment(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        source.answering.set()
        for number in range(20):
            await cache.through("book", f"b{number}", ("f",), source.load)
        left = [redis.ask("PTTL", f"t:b{number}") for number in range(20)]
        assert max(left) - min(left) > 1000

    run(redis, scenario)


@pytest.mark.parametrize("fault", ["stop", "freeze"])
def test_without_redis_everything_is_loaded_and_counted_until_it_is_back(
    redis: OwnRedis, fault: str
) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        source.answering.set()

        async def read() -> None:
            assert await cache.through("book", "b", ("f",), source.load) == b"value"

        await read()
        await asyncio.to_thread(getattr(redis, fault))
        for _ in range(10):
            await read()
        # Entries that have not ended may be served again.
        await asyncio.to_thread(redis.start if fault == "stop" else redis.thaw)
        asked = source.asked
        assert asked == 11
        before_last = -1
        while before_last != source.asked:
            before_last = source.asked
            await asyncio.sleep(0.3)
            await read()

    counted = run(redis, scenario)
    # It was asked once, and left alone after it had not answered.
    assert failures(counted, "look") <= 2
    assert reads(counted, "unavailable") >= 10
    assert reads(counted, "hit") >= 1


def test_a_service_starts_without_redis_and_finds_it_when_it_comes(redis: OwnRedis) -> None:
    redis.stop()

    async def scenario(cache: Cache) -> None:
        source = Source()
        source.answering.set()
        await cache.through("book", "b", ("f",), source.load)
        await asyncio.to_thread(redis.start)
        before_last = -1
        while before_last != source.asked:
            before_last = source.asked
            await asyncio.sleep(0.3)
            await cache.through("book", "b", ("f",), source.load)

    counted = run(redis, scenario)
    assert reads(counted, "hit") >= 1


def test_of_many_readers_one_waits_for_a_redis_that_hangs(redis: OwnRedis) -> None:
    async def scenario(cache: Cache) -> None:
        source = Source()
        source.answering.set()
        await asyncio.to_thread(redis.freeze)
        await cache.through("book", "b", ("f",), source.load)
        await asyncio.sleep(1.1)
        await asyncio.gather(*(cache.through("book", "b", ("f",), source.load) for _ in range(30)))

    counted = run(redis, scenario)
    assert failures(counted, "look") == 2
