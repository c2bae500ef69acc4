"""Many rows in few statements, and the right id for each of them."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from bakeoff_raw.authors import CREATE_BULK
from bakeoff_raw.sql.statement import statement
from bakeoff_schemas.records import AuthorData

pytestmark = pytest.mark.anyio


async def test_ids_belong_to_their_rows_whatever_others_insert_meanwhile(
    make_layer: Any, given: Any
) -> None:
    layer = await make_layer(pool_max=6)
    author_id = await given.author(layer)
    answered: dict[int, str] = {}

    async def load(loader: int) -> None:
        for batch in range(4):
            items = [
                given.book(
                    author_id, title=f"{loader}.{batch}.{number}", tags=[f"tag {number % 7}"]
                )
                for number in range(50)
            ]
            async with layer.writing() as store:
                books = await store.books.create_bulk(items, at=given.now)
                author = await store.authors.create_bulk(
                    [AuthorData(name=f"{loader}.{batch}.{number}") for number in range(20)],
                    at=given.now,
                )
            answered.update({book.id: book.title for book in books})
            names = [one.name for one in author]
            assert names == [f"{loader}.{batch}.{number}" for number in range(20)]
            async with layer.reading() as store:
                assert await store.authors.find_names(names) == {one.name: one.id for one in author}

    await asyncio.gather(*map(load, range(5)))
    assert len(answered) == 5 * 4 * 50
    stored: dict[int, str] = {}
    after = min(answered) - 1
    async with layer.reading() as store:
        while books := await store.books.export(after=after, limit=500):
            stored.update({book.id: book.title for book in books})
            assert all(book.tags == [f"tag {int(book.title.split('.')[2]) % 7}"] for book in books)
            after = books[-1].id
    assert stored == answered


async def test_the_largest_bulk_goes_in_packets_that_every_server_takes(
    layer: Any, given: Any
) -> None:
    author_id = await given.author(layer)
    text = "\\'\"\n😀" * 1500
    items = [
        given.book(
            author_id, title=str(number), title_key="𝔘" * 5000, attributes={"text": text[:4000]}
        )
        for number in range(1000)
    ]
    async with layer.writing() as store:
        books = await store.books.create_bulk(items, at=given.now)
    async with layer.reading() as store:
        for number in (0, 1, 499, 998, 999):
            assert await store.books.get(books[number].id) == books[number]
            assert books[number].title == str(number)


@pytest.mark.on("mysql")
async def test_ids_of_a_server_that_counts_in_steps_are_known_as_well(
    layer: Any, given: Any
) -> None:
    """As in a cluster, where every member has numbers of its own."""
    connection = await layer._pool.acquire(to_write=True)
    try:
        await connection.execute(statement("SET SESSION auto_increment_increment = 3"))
        connection._step = 3
        rows = [(f"step {number}", None, "2024-05-01 12:00:00") for number in range(10)]
        ids = await connection.insert_many(CREATE_BULK, rows)
        stored = await connection.fetch_all(
            statement("SELECT id FROM authors WHERE name LIKE 'step%' ORDER BY id")
        )
    finally:
        connection.drop()
        await layer._pool.release(connection, to_write=True)
    assert ids == [row[0] for row in stored]
    assert {later - earlier for earlier, later in pairwise(ids)} == {3}


async def test_nothing_at_all_is_a_bulk_too(layer: Any, given: Any) -> None:
    async with layer.writing() as store:
        assert await store.books.create_bulk([], at=given.now) == []
        assert await store.authors.create_bulk([], at=given.now) == []


async def test_tags_that_many_need_at_once_are_made_once(make_layer: Any, given: Any) -> None:
    layer = await make_layer(pool_max=8)
    author_id = await given.author(layer)
    names = [f"new {number}" for number in range(10)]

    async def create(number: int) -> list[str]:
        tags = sorted({*names[number % 5 :], "new"})
        async with layer.writing() as store:
            book = await store.books.create(given.book(author_id, tags=tags), at=given.now)
        async with layer.reading() as store:
            assert (await store.books.get(book.id)).tags == tags
        return tags

    await asyncio.gather(*map(create, range(16)))
