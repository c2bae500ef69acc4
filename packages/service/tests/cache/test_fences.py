"""No entry is served that is older than an acknowledged write, whatever happens to Redis."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from bakeoff.cache.cache import Cache
from bakeoff.cache.entries import Absence, Entries
from bakeoff.cache.errors import CacheError
from bakeoff.cache.metrics import CacheMetrics
from bakeoff_contract.own_redis import OwnRedis

FENCES = ("book:7", "authors")


class Row:
    """A row of a database, and the processes whose caches are before it."""

    def __init__(self, redis: OwnRedis, *, ttl: float) -> None:
        self.value = 1
        self._redis = redis
        self._ttl = ttl

    @asynccontextmanager
    async def process(self, *, url: str | None = None) -> AsyncIterator[Process]:
        """One more process; `url` is where it takes Redis to be."""
        metrics = CacheMetrics(CollectorRegistry())
        cache = Cache(Entries(url or self._redis.url, prefix="t:"), ttl=self._ttl, metrics=metrics)
        async with cache.opened():
            yield Process(self, cache)


class Process:
    """Reads and writes the row through its cache, as the routes and the unit of work do."""

    def __init__(self, row: Row, cache: Cache) -> None:
        self._row = row
        self.cache = cache

    async def read(self, *, meanwhile: Callable[[], Awaitable[object]] | None = None) -> int:
        """The value; `meanwhile` happens between the read of the row and the filling."""

        async def load() -> bytes:
            value = self._row.value
            if meanwhile is not None:
                await meanwhile()
            return b"%d" % value

        return int(await self.cache.through("book", "book", FENCES, load))

    async def write(self, *, fences: tuple[str, ...] = ("catalogue", "book:7")) -> int:
        """Commit the next value, and return it when the write is acknowledged."""
        self._row.value = value = self._row.value + 1
        await self.cache.forget(fences)
        return value


Scenario = Callable[[Row, Process, Process], Awaitable[None]]


def run(redis: OwnRedis, scenario: Scenario, *, ttl: float = 60) -> None:
    """Two processes."""

    async def main() -> None:
        row = Row(redis, ttl=ttl)
        async with row.process() as one, row.process() as other:
            await scenario(row, one, other)

    asyncio.run(main())


async def in_thread(step: Callable[[], None]) -> None:
    await asyncio.to_thread(step)


def test_what_one_process_has_read_is_kept_for_the_other(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        row.value = 9
        assert await other.read() == 1

    run(redis, scenario)


def test_a_write_ends_what_is_kept_for_every_process(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        assert await other.write() == await one.read() == await other.read() == 2

    run(redis, scenario)


@pytest.mark.parametrize("fence", FENCES)
def test_any_fence_of_an_entry_ends_it_and_no_other_does(redis: OwnRedis, fence: str) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        await other.write(fences=("book:8", "catalogue"))
        assert await one.read() == 1
        await other.write(fences=(fence,))
        assert await one.read() == 3

    run(redis, scenario)


def test_a_reader_that_read_before_a_write_cannot_keep_it_after_the_write(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        # It reads 1, then 2 is committed and acknowledged, then it keeps 1.
        assert await one.read(meanwhile=other.write) == 1
        assert await other.read() == 2
        assert await one.read() == 2

    run(redis, scenario)


def test_a_reader_that_keeps_an_old_value_before_the_write_ends_it_is_ended_too(
    redis: OwnRedis,
) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        async def commit() -> None:
            row.value = 2

        # It reads 1, then 2 is committed, then it keeps 1; only then the write ends entries.
        assert await one.read(meanwhile=commit) == 1
        await other.cache.forget(("catalogue", "book:7"))
        assert await one.read() == await other.read() == 2

    run(redis, scenario)


def test_a_reader_that_comes_after_a_write_does_not_get_what_an_earlier_one_is_loading(
    redis: OwnRedis,
) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        loaded, go_on = asyncio.Event(), asyncio.Event()

        async def pause() -> None:
            loaded.set()
            await go_on.wait()

        early = asyncio.create_task(one.read(meanwhile=pause))
        await loaded.wait()
        await other.write()
        late = asyncio.create_task(one.read())
        # The late one has looked, and waits for the early one.
        await asyncio.sleep(0.1)
        go_on.set()
        assert await early == 1
        assert await late == 2

    run(redis, scenario)


@pytest.mark.parametrize(
    "lose",
    [
        ("FLUSHALL",),
        ("DEL", "t:fence:book:7"),
        ("DEL", "t:fence:authors"),
        ("DEL", "t:run"),
    ],
    ids=" ".join,
)
def test_what_redis_loses_ends_entries_and_brings_none_back(
    redis: OwnRedis, lose: tuple[str, ...]
) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        redis.ask(*lose)
        row.value = 2
        assert await one.read() == await other.read() == 2
        await other.write()
        redis.ask(*lose)
        assert await one.read() == await other.read() == 3

    run(redis, scenario)


def test_an_entry_that_a_snapshot_brings_back_is_not_served(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        await in_thread(redis.snapshot)
        # Ended in Redis, and then Redis forgets that.
        await other.write()
        await in_thread(redis.kill)
        await in_thread(redis.start)
        assert await one.read() == await other.read() == 2

    run(redis, scenario)


def test_a_write_while_redis_has_ended_does_not_wait_and_ends_what_a_snapshot_brings_back(
    redis: OwnRedis,
) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        await in_thread(redis.snapshot)
        await in_thread(redis.stop)
        # With this time to live, to wait would take a minute.
        async with asyncio.timeout(30):
            await other.write()
        await in_thread(redis.start)
        assert await one.read() == await other.read() == 2

    run(redis, scenario)


def test_what_was_read_before_redis_ended_cannot_be_kept_in_the_next_one(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        async def restart_and_write() -> None:
            await in_thread(redis.snapshot)
            await in_thread(redis.stop)
            await other.write()
            await in_thread(redis.start)

        assert await one.read(meanwhile=restart_and_write) == 1
        assert await one.read() == await other.read() == 2

    run(redis, scenario)


def test_a_write_waits_for_a_redis_that_hangs_until_no_entry_from_before_is_left(
    redis: OwnRedis,
) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        await in_thread(redis.freeze)
        try:
            await other.write()
        finally:
            await in_thread(redis.thaw)
        # The two leave Redis alone for a while.
        async with row.process() as fresh:
            assert await fresh.read() == await one.read() == await other.read() == 2

    run(redis, scenario, ttl=2)


def test_a_write_waits_no_longer_than_redis_hangs(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        await in_thread(redis.freeze)
        writing = asyncio.create_task(other.write())
        # It has tried by then, and is not done.
        await asyncio.sleep(1)
        assert not writing.done()
        await in_thread(redis.thaw)
        # With this time to live, to wait for the end of entries would take a minute.
        async with asyncio.timeout(30):
            await writing
        assert await one.read() == await other.read() == 2

    run(redis, scenario)


def test_a_write_that_cannot_reach_redis_waits_while_others_can(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        # It accepts connections and never answers, as a network that loses everything.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            async with row.process(url=url) as cut_off:
                await cut_off.write()
        assert await one.read() == await other.read() == 2

    run(redis, scenario, ttl=2)


def test_a_value_that_reaches_redis_after_its_time_is_not_kept(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        entries = Entries(redis.url, prefix="t:")
        absence = await entries.look("late", ("f",))
        assert isinstance(absence, Absence)
        await in_thread(redis.freeze)
        # It lies in the connection until Redis goes on.
        with pytest.raises(CacheError):
            await entries.save("late", b"1", absence=absence, seconds=0.4)
        await in_thread(redis.thaw)
        assert redis.ask("EXISTS", "t:late") == 0
        absence = await entries.look("late", ("f",))
        assert isinstance(absence, Absence)
        await entries.save("late", b"1", absence=absence, seconds=60)
        assert redis.ask("EXISTS", "t:late") == 1
        await entries.close()

    run(redis, scenario)


def test_a_writer_that_is_cancelled_ends_entries_nevertheless(redis: OwnRedis) -> None:
    async def scenario(row: Row, one: Process, other: Process) -> None:
        await one.read()
        writing = asyncio.create_task(other.write())
        await asyncio.sleep(0)
        assert row.value == 2
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        for _ in range(500):
            if await one.read() == 2:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the entry from before is still served")

    run(redis, scenario)
