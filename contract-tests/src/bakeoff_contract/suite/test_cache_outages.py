"""Processes with a cache whose Redis stops, is killed, comes back with old data, and hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.cache_load import CacheLoad, hits
from bakeoff_contract.own_redis import OwnRedis
from bakeoff_contract.service_process import service_process
from bakeoff_contract.throwaway import Throwaway

pytestmark = [
    pytest.mark.above_the_port,
    pytest.mark.needs("redis-server"),
    pytest.mark.needs("second service"),
]

_TIMEOUT = 30.0
SECONDS = float(os.environ.get("BAKEOFF_TEST_CACHE_SECONDS", "0"))
# Short, so that a write that has to wait for the end of entries does not wait long.
TTL = "1"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    """A Redis of these tests' own."""
    with OwnRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def services(
    pytestconfig: pytest.Config, database: Throwaway, redis: OwnRedis
) -> Iterator[tuple[Api, Api]]:
    """Two processes over one database and that Redis."""

    @contextmanager
    def process() -> Iterator[Api]:
        settings = {"cache": "on", "cache_ttl": TTL, "redis_url": redis.url}
        backend = pytestconfig.getoption("--backend")
        with service_process(backend, database.url, **settings) as api:
            yield api

    with process() as first, process() as second:
        yield first, second


def until_kept(api: Api, url: str) -> None:
    """Read it until it is answered from the cache: after a failure Redis is left alone a while."""
    deadline = time.monotonic() + _TIMEOUT
    before = hits([api]).total()
    while hits([api]).total() == before:
        assert time.monotonic() < deadline, "the cache is not used again"
        api.seen(url)


def test_what_was_written_while_redis_was_down_is_seen_after_it_comes_back_with_old_data(
    services: tuple[Api, Api], redis: OwnRedis
) -> None:
    writer, reader = services
    book = writer.book()
    path = f"/books/{book['id']}"
    for api in services:
        until_kept(api, path)
    redis.snapshot()
    redis.stop()
    assert reader.seen(path) == book
    changed = writer.patch(path, json={"stock": 7}).json()
    assert reader.seen(path) == writer.seen(path) == changed
    redis.start()
    for api in services:
        assert api.seen(path) == changed
        until_kept(api, path)
        assert api.seen(path) == changed


def test_a_redis_that_forgets_an_invalidation_brings_nothing_back(
    services: tuple[Api, Api], redis: OwnRedis
) -> None:
    writer, reader = services
    book = writer.book()
    path = f"/books/{book['id']}"
    until_kept(reader, path)
    redis.snapshot()
    changed = writer.patch(path, json={"stock": 7}).json()
    redis.kill()
    redis.start()
    assert reader.seen(path) == changed
    until_kept(reader, path)
    assert reader.seen(path) == changed


def test_a_write_while_redis_hangs_is_answered_and_seen_afterwards(
    services: tuple[Api, Api], redis: OwnRedis
) -> None:
    writer, reader = services
    book = writer.book()
    path = f"/books/{book['id']}"
    until_kept(reader, path)
    redis.freeze()
    try:
        changed = writer.patch(path, json={"stock": 7}).json()
        assert reader.seen(path) == changed
    finally:
        redis.thaw()
    assert reader.seen(path) == changed
    until_kept(reader, path)
    assert reader.seen(path) == changed


def test_while_redis_is_away_reads_are_counted_as_without_it(
    services: tuple[Api, Api], redis: OwnRedis
) -> None:
    writer, reader = services
    book = writer.book()
    path = f"/books/{book['id']}"
    redis.stop()
    try:
        for _ in range(3):
            assert reader.seen(path) == book
        metrics = reader.get("/metrics").text
    finally:
        redis.start()
    lines = [line for line in metrics.splitlines() if line.startswith("bakeoff_cache_")]
    unavailable = 'bakeoff_cache_reads_total{kind="book",result="unavailable"} 0.0'
    failures = 'bakeoff_cache_failures_total{operation="look"} 0.0'
    assert lines
    assert unavailable not in lines
    assert failures not in lines


def test_under_load_no_read_is_older_than_a_write_whatever_happens_to_redis(
    services: tuple[Api, Api], redis: OwnRedis
) -> None:
    def trouble() -> None:
        end = time.monotonic() + SECONDS
        while True:
            time.sleep(1.5)
            redis.snapshot()
            time.sleep(0.2)
            redis.kill()
            time.sleep(0.2)
            redis.start()
            time.sleep(1.5)
            redis.freeze()
            time.sleep(0.8)
            redis.thaw()
            if time.monotonic() >= end:
                return

    before = hits(services)
    CacheLoad(services).run(trouble)
    assert (hits(services) - before)["book"] > 0, "the cache was of no use, so nothing is proven"
