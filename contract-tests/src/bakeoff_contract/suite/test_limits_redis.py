"""Limits that several services share in Redis, and what happens without it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.suite.test_limits import somewhere, token
from bakeoff_contract.wire import Wire

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("redis")]

Configured = Callable[..., AbstractContextManager[Api]]

RATE = 4
# What the service waits before it asks a Redis that failed again is far less.
PATIENCE = 30.0


@pytest.fixture
def shared() -> Iterator[dict[str, Any]]:
    """The settings of services that count together, under keys that are removed again."""
    from redis import Redis

    url = os.environ["BAKEOFF_TEST_REDIS_URL"]
    prefix = f"bakeoff-test-{secrets.token_hex(8)}:"
    yield {"rate_limit": f"{RATE} per day", "redis_url": url, "cache_prefix": prefix}
    with Redis.from_url(url) as client:
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)


def test_two_services_count_together(configured: Configured, shared: dict[str, Any]) -> None:
    with configured(**shared) as one, configured(**shared) as other:
        client, stranger = somewhere() | token(), somewhere()
        for number in range(RATE):
            service = (one, other)[number % 2]
            assert service.get("/books?limit=1", headers=client).status_code == 200
        for service in (one, other):
            assert_problem(service.get("/books", headers=client), "too-many-requests")
            assert service.get("/books?limit=1", headers=stranger).status_code == 200


def test_clients_of_two_services_at_the_same_moment_are_given_exactly_the_limit(
    configured: Configured, shared: dict[str, Any]
) -> None:
    with configured(**shared) as one, configured(**shared) as other:
        client = somewhere()
        answers = one.together(
            service.build_request("GET", "/books?limit=1", headers=client)
            for service in [one, other] * 2 * RATE
        )
        assert sorted(a.status_code for a in answers) == [200] * RATE + [429] * 3 * RATE


def test_no_token_can_be_read_in_redis(configured: Configured, shared: dict[str, Any]) -> None:
    from redis import Redis

    client = token()
    with configured(**shared) as service:
        assert service.get("/books?limit=1", headers=somewhere() | client).status_code == 200
    with Redis.from_url(shared["redis_url"]) as redis:
        keys = [key.decode() for key in redis.scan_iter(match=f"{shared['cache_prefix']}*")]
    assert any("/token/" in key for key in keys)
    secret = client["authorization"].removeprefix("Bearer ")
    assert not any(secret in key for key in keys)


def test_while_redis_is_away_requests_pass_and_afterwards_they_are_counted_again(
    configured: Configured, shared: dict[str, Any]
) -> None:
    url = urlsplit(shared["redis_url"])
    with Wire(url.hostname or "127.0.0.1", url.port or 6379) as wire:
        there = url._replace(netloc=f"127.0.0.1:{wire.port}").geturl()
        with configured(**shared | {"redis_url": there}) as service:
            client = somewhere()
            for _ in range(RATE):
                assert service.get("/books?limit=1", headers=client).status_code == 200
            assert_problem(service.get("/books", headers=client), "too-many-requests")
            with wire.down():
                answer = service.get("/books?limit=1", headers=client)
                assert answer.status_code == 200
                assert "ratelimit" not in answer.headers
                metrics = service.get("/metrics?name[]=bakeoff_rate_limit_failures_total").text
                assert "bakeoff_rate_limit_failures_total 1.0" in metrics
            deadline = time.monotonic() + PATIENCE
            while service.get("/books?limit=1", headers=client).status_code != 429:
                assert time.monotonic() < deadline, "requests are not counted again"
                time.sleep(0.05)
