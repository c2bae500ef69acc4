"""What raw guarantees beyond the port: every database treats an error in a transaction alike."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from bakeoff_raw.sql.statement import statement
from bakeoff_schemas.errors import (
    ConnectionLost,
    Contended,
    IsbnTaken,
    Unavailable,
    UnknownReference,
)

pytestmark = pytest.mark.anyio

# What PostgreSQL sends before it closes the socket of a session that an administrator has ended.
ENDED = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"


@pytest.mark.on("postgresql")
@pytest.mark.parametrize("to_write", [True, False], ids=["a write", "a read"])
async def test_a_session_that_has_ended_and_whose_socket_is_not_closed_yet_is_lost(
    layer: Any, to_write: bool
) -> None:
    """asyncpg still says that it is open, and answers a statement with an InternalClientError."""
    connection = await layer._pool.acquire(to_write=False)
    connection._raw._protocol.data_received(b"E" + (len(ENDED) + 4).to_bytes(4) + ENDED)
    await layer._pool.release(connection, to_write=False)
    assert connection.is_alive
    with pytest.raises(ConnectionLost):
        async with layer.writing() if to_write else layer.reading() as store:
            await store.authors.find_ids([1])
    assert not connection.is_alive
    await layer.ping()


@pytest.mark.on("postgresql", "mysql")
async def test_after_a_statement_that_took_too_long_its_connection_is_used_again(
    make_layer: Any, database: Any
) -> None:
    layer = await make_layer(statement_timeout=1.0)
    connection = await layer._pool.acquire(to_write=False)
    sleep = {
        "postgresql": "SELECT pg_sleep(5)",
        "mysql": "SELECT count(*) FROM information_schema.columns a, information_schema.columns b,"
        " information_schema.columns c WHERE a.column_name < b.column_name"
        " AND b.column_name < c.column_name",
    }[database.url.family]
    try:
        with pytest.raises(Unavailable, match="BAKEOFF_STATEMENT_TIMEOUT") as caught:
            await connection.fetch_all(statement(sleep))
        assert not isinstance(caught.value, Contended)
        assert connection.is_alive
    finally:
        await layer._pool.release(connection, to_write=False, reset=True)
    await layer.ping()


async def test_after_a_failed_statement_there_is_nothing_to_commit(
    layer: Any, factory: Any
) -> None:
    """PostgreSQL would answer a rollback without an error, the others keep what came before."""
    author_id = await factory.author(layer)
    book = factory.book(author_id, title="before the failure")

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.create(book, at=factory.now)
            with suppress(UnknownReference):
                await store.books.create(factory.book(2**60), at=factory.now)

    with pytest.raises(Unavailable, match="rolled back"):
        await work()
    async with layer.reading() as store:
        assert await store.books.find_identities(["before the failure"]) == set()


async def test_a_refusal_does_not_drag_along_what_the_driver_said(layer: Any, factory: Any) -> None:
    author_id = await factory.author(layer)
    book = factory.book(author_id, isbn="9780547773742")
    with suppress(IsbnTaken):
        async with layer.writing() as store:
            await store.books.create(book, at=factory.now)
    with pytest.raises(IsbnTaken) as caught:
        async with layer.writing() as store:
            await store.books.create(book, at=factory.now)
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__suppress_context__
