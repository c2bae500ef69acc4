"""What is promised here beyond the port: an error breaks a transaction on every database alike."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from bakeoff_raw.sql.statement import statement
from bakeoff_schemas.errors import Contended, IsbnTaken, Unavailable, UnknownReference

pytestmark = pytest.mark.anyio


@pytest.mark.on("postgresql", "mysql")
async def test_after_a_statement_that_took_too_long_its_connection_is_used_again(
    make_layer: Any, place: Any
) -> None:
    layer = await make_layer(statement_timeout=1.0)
    connection = await layer._pool.acquire(to_write=False)
    sleep = {
        "postgresql": "SELECT pg_sleep(5)",
        "mysql": "SELECT count(*) FROM information_schema.columns a, information_schema.columns b,"
        " information_schema.columns c WHERE a.column_name < b.column_name"
        " AND b.column_name < c.column_name",
    }[place.family]
    try:
        with pytest.raises(Unavailable, match="BAKEOFF_STATEMENT_TIMEOUT") as caught:
            await connection.fetch_all(statement(sleep))
        assert not isinstance(caught.value, Contended)
        assert connection.is_alive
    finally:
        await layer._pool.release(connection, to_write=False, reset=True)
    await layer.ping()


async def test_after_a_failed_statement_there_is_nothing_to_commit(layer: Any, given: Any) -> None:
    """PostgreSQL would answer a rollback without an error, the others keep what came before."""
    author_id = await given.author(layer)
    book = given.book(author_id, title="before the failure")

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.create(book, at=given.now)
            with suppress(UnknownReference):
                await store.books.create(given.book(2**60), at=given.now)

    with pytest.raises(Unavailable, match="rolled back"):
        await work()
    async with layer.reading() as store:
        assert await store.books.find_identities(["before the failure"]) == set()


async def test_a_refusal_does_not_drag_along_what_the_driver_said(layer: Any, given: Any) -> None:
    author_id = await given.author(layer)
    book = given.book(author_id, isbn="9780547773742")
    with suppress(IsbnTaken):
        async with layer.writing() as store:
            await store.books.create(book, at=given.now)
    with pytest.raises(IsbnTaken) as caught:
        async with layer.writing() as store:
            await store.books.create(book, at=given.now)
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__suppress_context__
