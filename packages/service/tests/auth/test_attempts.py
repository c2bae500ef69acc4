from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine
from typing import Any

import pytest
from limits.aio.storage import MemoryStorage
from pydantic import SecretStr

from bakeoff.auth.attempts import Attempts, parse_limits
from bakeoff.auth.refusals import TooManyAttempts
from bakeoff.limits.storage import close_storage, make_storage
from bakeoff.settings import Settings

HOME, WORK = "192.0.2.1", "192.0.2.2"


def attempts(written: str, storage: MemoryStorage | None = None) -> Attempts:
    return Attempts(storage or MemoryStorage(), limits=parse_limits(written))


async def refused(attempt: Coroutine[Any, Any, None]) -> int:
    with pytest.raises(TooManyAttempts) as caught:
        await attempt
    return caught.value.seconds


def test_one_user_at_one_address_may_try_so_often() -> None:
    async def scenario() -> None:
        counting = attempts("2 per hour")
        for _ in range(2):
            await counting.count("ged", HOME)
        assert 3590 <= await refused(counting.count("ged", HOME)) <= 3600
        await counting.count("ged", WORK)
        await counting.count("tenar", HOME)

    asyncio.run(scenario())


def test_of_attempts_at_the_same_moment_no_more_pass() -> None:
    async def scenario() -> None:
        counting = attempts("5 per hour")
        tries = [counting.count("ged", HOME) for _ in range(20)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(outcome is None for outcome in outcomes) == 5

    asyncio.run(scenario())


def test_one_address_may_try_ten_times_as_often_whomever() -> None:
    async def scenario() -> None:
        counting = attempts("2 per hour")
        for number in range(20):
            await counting.count(f"user {number}", HOME)
        await refused(counting.count("user 20", HOME))
        await counting.count("user 20", WORK)

    asyncio.run(scenario())


def test_who_has_logged_in_begins_anew_and_their_address_does_not() -> None:
    async def scenario() -> None:
        counting = attempts("2 per hour")
        for _ in range(10):
            await counting.count("ged", HOME)
            await counting.count("ged", HOME)
            await counting.forget("ged", HOME)
        await refused(counting.count("ged", HOME))

    asyncio.run(scenario())


def test_every_one_of_several_limits_counts() -> None:
    async def scenario() -> None:
        counting = attempts("3 per hour; 2 per minute")
        for _ in range(2):
            await counting.count("ged", HOME)
        assert await refused(counting.count("ged", HOME)) <= 60

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "", True),
        ("a socket", "a socket", True),
    ],
)
def test_addresses_of_one_network_are_one(one: str, other: str, alike: bool) -> None:
    async def scenario() -> None:
        counting = attempts("1 per hour")
        await counting.count("ged", one)
        if alike:
            await refused(counting.count("ged", other))
        else:
            await counting.count("ged", other)

    asyncio.run(scenario())


def test_a_name_of_any_length_is_kept_short_and_cannot_be_read() -> None:
    async def scenario() -> None:
        storage = MemoryStorage()
        counting = attempts("2 per hour", storage)
        await counting.count("canary/" * 1000, HOME)
        assert all(len(key) < 150 and "canary" not in key for key in storage.storage)

    asyncio.run(scenario())


def test_while_redis_is_away_everybody_may_log_in(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(address: str) -> None:
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        url = SecretStr(f"redis://bakeoff:canary@{address}/0")
        storage = make_storage(settings.model_copy(update={"redis_url": url}))
        counting = Attempts(storage, limits=parse_limits("1 per hour"))
        for _ in range(3):
            await counting.count("ged", HOME)
        await counting.forget("ged", HOME)
        await close_storage(storage)

    with socket.socket() as nobody, caplog.at_level(logging.WARNING, "bakeoff.auth"):
        nobody.bind(("127.0.0.1", 0))
        asyncio.run(scenario(f"127.0.0.1:{nobody.getsockname()[1]}"))
    assert "not counted: ConnectionError" in caplog.text
    assert "canary" not in caplog.text
