"""What can go wrong, by the names of the contract, and what the messages say and do not say."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from bakeoff_raw.layer import Layer
from bakeoff_raw.sql.statement import statement
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Contended, IsbnTaken, Unavailable, UnknownReference

pytestmark = pytest.mark.anyio


async def test_a_database_that_does_not_exist_is_unavailable(place: Any) -> None:
    config = place.config()
    url = config.database()
    layer = Layer(replace(config, url=url.with_name(f"{url.name}_not_there")))
    with pytest.raises(Unavailable, match=r"_not_there.*BAKEOFF_DATABASE_URL"):
        await layer.open()
    assert layer.connections().size == 0


@pytest.mark.on("sqlite")
async def test_a_file_that_is_no_database_is_unavailable(place: Any, tmp_path: Any) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("This is a text, and a rather long one for that matter. " * 50)
    config = place.config()
    layer = Layer(replace(config, url=config.database().with_name(str(file))))
    with pytest.raises(Unavailable, match=r"notes\.txt"):
        await layer.open()


@pytest.mark.on("postgresql", "mysql")
async def test_a_wrong_password_is_unavailable_and_not_repeated(place: Any) -> None:
    config = place.config()
    url = replace(config.database(), user="nobody_here", password="swordfish")
    with pytest.raises(Unavailable) as caught:
        await Layer(replace(config, url=url)).open()
    assert "swordfish" not in str(caught.value)
    assert "nobody_here" in str(caught.value)


@pytest.mark.on("postgresql", "mysql")
async def test_a_server_that_says_nothing_is_unavailable_after_the_connect_timeout(
    place: Any,
) -> None:
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unavailable, match="BAKEOFF_CONNECT_TIMEOUT"):
        await Layer(place.config(port=port, connect_timeout=0.2)).open()
    for writer in held:
        writer.close()
    server.close()
    await server.wait_closed()


@pytest.mark.on("postgresql", "mysql")
async def test_where_tls_is_asked_for_a_connection_is_encrypted_or_there_is_none(
    place: Any,
) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    layer = Layer(place.config(tls=context))
    try:
        await layer.open()
    except Unavailable:
        assert layer.connections().size == 0
        return
    connection = await layer._pool.acquire(to_write=False)
    row = await connection.fetch_one(
        statement(
            postgresql="SELECT 'ssl', cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            mysql="SHOW SESSION STATUS LIKE 'Ssl_cipher'",
        )
    )
    await layer._pool.release(connection, to_write=False)
    await layer.close()
    assert row is not None
    assert "_" in row[1]


@pytest.mark.on("postgresql", "mysql")
async def test_a_statement_that_takes_too_long_is_unavailable(make_layer: Any, place: Any) -> None:
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
        assert connection.usable
    finally:
        await layer._pool.restore(connection, to_write=False)
    await layer.ping()


@pytest.mark.on("postgresql", "mysql")
async def test_a_lock_is_not_waited_for_without_end(make_layer: Any, given: Any) -> None:
    layer = await make_layer(statement_timeout=1.0)
    (book_id,) = await given.shelf(layer, books=1)
    async with layer.writing() as store:
        await store.books.change(book_id, {}, at=given.now, expected=None)

        async def wait() -> None:
            async with layer.writing() as other:
                await other.books.change(book_id, {}, at=given.now, expected=None)

        with pytest.raises(Unavailable):
            await wait()


@pytest.mark.on("sqlite")
async def test_a_database_that_another_process_keeps_busy_is_contention(
    make_layer: Any, place: Any
) -> None:
    layer = await make_layer(busy_timeout=0.1)
    with place.database.books_locked(), pytest.raises(Contended, match="BAKEOFF_BUSY_TIMEOUT"):
        async with layer.writing():
            pass


@pytest.mark.on("postgresql", "mysql")
async def test_a_deadlock_is_contention_for_one_and_success_for_the_other(
    layer: Any, given: Any
) -> None:
    shelf = await given.shelf(layer, books=2)
    both = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> None:
        async with layer.writing() as store:
            await store.books.change(first, {}, at=given.now, expected=None)
            await both.wait()
            await store.books.change(second, {}, at=given.now, expected=None)

    results = await asyncio.gather(cross(*shelf), cross(*reversed(shelf)), return_exceptions=True)
    assert {type(result) for result in results} == {type(None), Contended}


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


async def test_no_message_holds_what_somebody_sent(layer: Any, given: Any) -> None:
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
    assert book.isbn not in str(error)
    assert error.__suppress_context__


async def test_of_two_faults_every_database_names_the_same_one(layer: Any, given: Any) -> None:
    author_id = await given.author(layer)
    isbn = "9780547773759"
    with suppress(IsbnTaken):
        async with layer.writing() as store:
            await store.books.create(given.book(author_id, isbn=isbn), at=given.now)
    async with layer.reading() as store:
        other = (await store.books.find_isbns([isbn]))[isbn]
    (book_id,) = await given.shelf(layer, books=1)
    faulty = given.book(2**60, isbn=isbn)
    with pytest.raises(IsbnTaken):
        async with layer.writing() as store:
            await store.books.create(faulty, at=given.now)
    with pytest.raises(IsbnTaken):
        async with layer.writing() as store:
            await store.books.replace(book_id, faulty, at=given.now, expected=None)
    changes = {"isbn": isbn, "author_id": 2**60}
    with pytest.raises(IsbnTaken):
        async with layer.writing() as store:
            await store.books.change(book_id, changes, at=given.now, expected=None)
    with pytest.raises(UnknownReference):
        async with layer.writing() as store:
            await store.books.replace(other, faulty, at=given.now, expected=None)


@pytest.mark.on("postgresql")
async def test_a_migration_under_load_is_contention_inside_a_transaction_and_nothing_outside(
    make_layer: Any, given: Any
) -> None:
    """The plan of a prepared statement is refused once when its columns have changed."""
    layer = await make_layer(pool_max=2)
    (book_id,) = await given.shelf(layer, books=1)

    async def alter(kind: str) -> None:
        connection = await layer._pool.acquire(to_write=False)
        try:
            await connection._raw.execute(
                f'ALTER TABLE books ALTER COLUMN title TYPE {kind} COLLATE "C"'
            )
        finally:
            await layer._pool.release(connection, to_write=False)

    async with layer.reading() as store:
        await store.books.get(book_id)
        await alter("text")
        await store.books.get(book_id)

    async def write() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=given.now, expected=None)

    await write()
    await alter("varchar(300)")
    for attempt in range(3):
        try:
            await write()
        except Contended:
            assert attempt < 2
        else:
            break
    else:
        raise AssertionError


@pytest.mark.parametrize(
    ("url", "driver"), [("sqlite:///x.db", "asyncmy"), ("postgresql://h/x", "asyncmy")]
)
def test_a_driver_that_the_database_does_not_have_is_refused(url: str, driver: str) -> None:
    with pytest.raises(ValueError, match="BAKEOFF_DRIVER"):
        Layer(LayerConfig(url=DatabaseUrl.parse(url), driver=driver))


def test_no_database_is_refused() -> None:
    with pytest.raises(ValueError, match="BAKEOFF_DATABASE_URL"):
        Layer(LayerConfig())
