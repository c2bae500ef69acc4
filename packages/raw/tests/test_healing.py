"""Connections break, servers restart, and the pool goes on."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import psycopg2
import pymysql
import pytest

from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import AuthorData

BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend", [True, False], ids=["uvloop", "asyncio"], indirect=True, scope="session"
)
pytestmark = [pytest.mark.anyio, BOTH_LOOPS, pytest.mark.on("postgresql", "mysql")]


async def test_connections_that_the_server_closed_while_idle_are_replaced_without_an_error(
    layer: Any, place: Any
) -> None:
    await _use_all(layer)
    before = _sessions(place)
    assert len(before) == 4
    _end(place, before)
    # The news must have travelled; nobody asks the server about it.
    for _ in range(100):
        await asyncio.sleep(0.1)
        if not before & _sessions(place):
            break
    await asyncio.sleep(0.2)
    await _use_all(layer)
    assert layer.connections().size == 4
    assert not before & _sessions(place)


async def test_a_read_whose_connection_is_killed_fails_and_the_next_one_does_not(
    layer: Any, place: Any, given: Any
) -> None:
    author_id = await given.author(layer)

    async def read() -> None:
        async with layer.reading() as store:
            await store.authors.get(author_id)
            _end(place, _sessions(place))
            await asyncio.sleep(0.1)
            await store.authors.get(author_id)

    for _ in range(3):
        with pytest.raises(Unavailable):
            await read()
        assert layer.connections().in_use == 0
        async with layer.reading() as store:
            assert (await store.authors.get(author_id)).id == author_id


async def test_a_transaction_whose_connection_is_killed_is_an_error_and_is_undone(
    layer: Any, place: Any, given: Any
) -> None:
    async def work() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name="killed"), at=given.now)
            _end(place, _sessions(place))
            await asyncio.sleep(0.1)

    with pytest.raises(Unavailable):
        await work()
    assert layer.connections().in_use == layer.connections().in_transaction == 0
    async with layer.reading() as store:
        assert await store.authors.find_names(["killed"]) == {}


async def test_a_commit_that_is_cut_off_is_not_taken_for_success(
    make_layer: Any, place: Any, given: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(port=wire.port)

        async def work() -> None:
            async with layer.writing() as store:
                await store.authors.create(AuthorData(name="cut"), at=given.now)

        with wire.commits(passing=False), pytest.raises(Unavailable):
            await work()
        assert layer.connections().in_use == 0
        await work()
        await layer.close()


async def test_a_server_that_is_away_is_unavailable_and_welcome_when_it_is_back(
    make_layer: Any, place: Any, given: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(port=wire.port)
        await _use_all(layer)
        with wire.down():
            await asyncio.sleep(0.1)
            for _ in range(6):
                with pytest.raises(Unavailable, match=r"127\.0\.0\.1:.*BAKEOFF_DATABASE_URL"):
                    await layer.ping()
            assert layer.connections().size == 0
        await _use_all(layer)
        assert layer.connections().size == 4
        await layer.close()


async def _use_all(layer: Any) -> None:
    """Every connection of the pool at once."""
    everybody = asyncio.Barrier(4)

    async def use() -> None:
        async with layer.reading() as store:
            await everybody.wait()
            await store.authors.find_ids([1])

    await asyncio.gather(*(use() for _ in range(4)))


def _sessions(place: Any) -> set[int]:
    """What the server says of who is connected to the database, but for us."""
    if place.family == "postgresql":
        query = (
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    else:
        query = (
            "SELECT id FROM information_schema.processlist"
            " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
    return {row[0] for row in _ask(place, query)}


def _end(place: Any, sessions: set[int]) -> None:
    postgresql = place.family == "postgresql"
    for session in sessions:
        _ask(place, f"SELECT pg_terminate_backend({session})" if postgresql else f"KILL {session}")


def _ask(place: Any, query: str) -> list[Any]:
    url = place.database.url
    connection: Any
    if place.family == "postgresql":
        connection = psycopg2.connect(
            host=url.host, port=url.port, user=url.user, password=url.password, dbname=url.name
        )
    else:
        connection = pymysql.connect(
            host=url.host,
            port=url.port,
            user=url.user,
            password=url.password.encode(),
            database=url.name,
        )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
