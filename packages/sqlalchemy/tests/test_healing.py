"""What is broken is told as `Unavailable`, and mended without help."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
import pytest
from pymysql.constants import CLIENT

from bakeoff_schemas.errors import Contended, Unavailable
from bakeoff_schemas.records import AuthorData
from bakeoff_sqlalchemy.layer import Layer

pytestmark = pytest.mark.anyio

SECRET = "correct horse battery staple"


@pytest.mark.on("postgresql", "mysql")
async def test_idle_connections_that_the_server_has_closed_are_replaced_unnoticed(
    layer: Layer, place: Any, given: Any
) -> None:
    await asyncio.gather(*(given.author(layer) for _ in range(8)))
    before = layer.connections().size
    assert before > 1
    _end_all_connections(place)
    await asyncio.sleep(0.1)
    ids = await asyncio.gather(*(given.author(layer) for _ in range(8)))
    async with layer.reading() as store:
        assert await store.authors.find_ids(ids) == {*ids}


@pytest.mark.on("postgresql", "mysql")
async def test_a_connection_lost_in_a_transaction_is_unavailable_and_undoes_it(
    layer: Layer, place: Any, given: Any
) -> None:
    async def work() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name="lost"), at=given.now)
            _end_all_connections(place)
            await store.authors.create(AuthorData(name="lost"), at=given.now)

    with pytest.raises(Unavailable):
        await work()
    async with layer.reading() as store:
        assert await store.authors.find_names(["lost"]) == {}


@pytest.mark.on("postgresql", "mysql")
async def test_a_commit_that_is_not_answered_is_not_answered_as_success(
    place: Any, make_layer: Any, given: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(wire=wire, pool_max=1)
        await layer.ping()

        async def work() -> None:
            async with layer.writing() as store:
                await store.authors.create(AuthorData(name="unanswered"), at=given.now)
                passing.enter_context(wire.commits(passing=False))

        with ExitStack() as passing, pytest.raises(Unavailable):
            await work()
        await layer.ping()
        async with layer.reading() as store:
            assert await store.authors.find_names(["unanswered"]) == {}
        await layer.close()


@pytest.mark.on("postgresql", "mysql")
async def test_a_server_that_is_away_is_named_and_used_again_when_it_is_back(
    place: Any, make_layer: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(wire=wire)
        with wire.down():
            for _ in range(3):
                with pytest.raises(Unavailable, match=f":{wire.port}/"):
                    await layer.ping()
        await layer.ping()
        await layer.close()


@pytest.mark.on("postgresql", "mysql")
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"port": 9, "password": SECRET}, "is the server running"),
        ({"host": "no-such-host.invalid", "password": SECRET}, "is the server running"),
        ({"name": "bakeoff_no_such_database"}, "create the database"),
        ({"user": "bakeoff_nobody", "password": SECRET}, "does not let this user in"),
    ],
)
async def test_a_database_that_cannot_be_had_is_told_with_its_place_and_without_the_password(
    place: Any, wrong: dict[str, Any], told: str
) -> None:
    url = replace(place.database.url, **wrong)
    layer = Layer(place.config(url=url))
    with pytest.raises(Unavailable, match=told) as caught:
        await layer.open()
    assert url.place in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "BAKEOFF_DATABASE_URL" in str(caught.value)
    assert layer.connections().size == 0


@pytest.mark.on("postgresql", "mysql")
async def test_a_server_that_says_nothing_is_not_waited_for_without_end(place: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = replace(place.database.url, port=silent.getsockname()[1])
        layer = Layer(place.config(url=url, connect_timeout=0.2))
        with pytest.raises(Unavailable, match="BAKEOFF_CONNECT_TIMEOUT"):
            async with asyncio.timeout(5):
                await layer.open()
    gc.collect()


@pytest.mark.on("sqlite")
async def test_a_file_that_is_not_there_is_not_made(place: Any, tmp_path: Path) -> None:
    file = tmp_path / "no such.db"
    layer = Layer(place.config(url=replace(place.database.url, name=str(file))))
    with pytest.raises(Unavailable, match="is the file there"):
        await layer.open()
    assert not file.exists()


@pytest.mark.on("sqlite")
async def test_a_file_that_is_no_database_is_unavailable(place: Any, tmp_path: Path) -> None:
    file = tmp_path / "a # strange ? name.db"
    file.write_text("no database, " * 100)
    layer = Layer(place.config(url=replace(place.database.url, name=str(file))))
    with pytest.raises(Unavailable, match="cannot be used"):
        await layer.open()


@pytest.mark.on("postgresql", "mysql")
async def test_a_statement_that_takes_too_long_is_unavailable(
    place: Any, make_layer: Any, given: Any
) -> None:
    layer = await make_layer(statement_timeout=1.0)
    (book_id,) = await given.books(layer, 1)
    with place.database.books_locked(), pytest.raises(Unavailable):
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=given.now, expected=None)
    async with layer.writing() as store:
        await store.books.change(book_id, {}, at=given.now, expected=None)


@pytest.mark.on("sqlite")
async def test_a_file_that_another_process_keeps_locked_is_contended(
    place: Any, make_layer: Any, given: Any
) -> None:
    layer = await make_layer(busy_timeout=0.1)
    with place.database.books_locked():
        with pytest.raises(Contended):
            await given.author(layer)
        await layer.ping()
    await given.author(layer)


@pytest.mark.on("postgresql", "mysql")
async def test_of_two_transactions_in_a_deadlock_one_is_contended(layer: Layer, given: Any) -> None:
    first, second = await given.books(layer, 2)
    both_hold_one = asyncio.Barrier(2)

    async def touch(*book_ids: int) -> str:
        try:
            async with layer.writing() as store:
                await store.books.change(book_ids[0], {}, at=given.now, expected=None)
                await both_hold_one.wait()
                await store.books.change(book_ids[1], {}, at=given.now, expected=None)
        except Contended:
            return "contended"
        return "kept"

    outcomes = await asyncio.gather(touch(first, second), touch(second, first))
    assert sorted(outcomes) == ["contended", "kept"]


# aiomysql forgets to close a socket after a handshake that failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.on("postgresql", "mysql")
@pytest.mark.parametrize("verified", [False, True])
async def test_encryption_that_was_asked_for_is_not_done_without(
    place: Any, verified: bool
) -> None:
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    layer = Layer(place.config(tls=context))
    if _offers_tls(place) and not verified:
        await layer.open()
        assert (await layer.describe()).server_version
        await layer.close()
    else:
        # Nobody has signed for a server of tests.
        with pytest.raises(Unavailable, match="BAKEOFF_TLS"):
            await layer.open()
    gc.collect()


def _end_all_connections(place: Any) -> None:
    """As a server does that restarts, to all but its own."""
    url = place.database.url
    if place.family == "postgresql":
        with closing(_psycopg2(place)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [url.name],
            )
        return
    with closing(_pymysql(place)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", [url.name])
        for (thread,) in cursor.fetchall():
            cursor.execute(f"KILL {thread}")


def _offers_tls(place: Any) -> bool:
    if place.family == "postgresql":
        with closing(_psycopg2(place)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW ssl")
            return bool(cursor.fetchone()[0] == "on")
    with closing(_pymysql(place)) as connection:
        return bool(connection.server_capabilities & CLIENT.SSL)


def _psycopg2(place: Any) -> Any:
    url = place.database.url
    connection = psycopg2.connect(
        host=url.host, port=url.port, user=url.user, password=url.password, dbname="postgres"
    )
    connection.autocommit = True
    return connection


def _pymysql(place: Any) -> Any:
    url = place.database.url
    return pymysql.connect(host=url.host, port=url.port, user=url.user, password=url.password)
