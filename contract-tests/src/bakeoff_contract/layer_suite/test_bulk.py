"""Many rows in few statements, and the right id for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import IsbnTaken, UnknownReference
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import Author, AuthorData, Book, BookData

pytestmark = pytest.mark.anyio


@pytest.mark.trap(3, 36)
async def test_ids_belong_to_their_rows_whatever_others_insert_meanwhile(
    make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(pool_max=5)
    author_id = await factory.author(layer)
    word = factory.name()
    answered: dict[int, str] = {}
    work = factory.work(layer)

    async def fill(
        names: Sequence[AuthorData], items: Sequence[BookData], store: Store
    ) -> tuple[Sequence[Author], Sequence[Book]]:
        authors = await store.authors.create_bulk(names, at=factory.now)
        books = await store.books.create_bulk(items, at=factory.now)
        # A gap, as every transaction leaves one that is undone.
        await store.books.delete(books[-1].id, expected=None)
        return authors, books

    async def load(loader: int) -> None:
        for batch in range(3):
            prefix = f"{word}.{loader}.{batch}"
            items = [
                factory.book(author_id, title=f"{prefix}.{number}", tags=[f"tag {number % 7}"])
                for number in range(40)
            ]
            names = [AuthorData(name=f"{prefix}.{number}") for number in range(20)]
            authors, books = await work.write(partial(fill, names, items))
            assert [author.name for author in authors] == [author.name for author in names]
            assert [book.title for book in books] == [item.title for item in items]
            answered.update({book.id: book.title for book in books[:-1]})
            async with layer.reading() as store:
                found = await store.authors.find_names([author.name for author in names])
            assert found == {author.name: author.id for author in authors}

    await asyncio.gather(*map(load, range(4)))
    assert len(answered) == 4 * 3 * 39
    stored: dict[int, str] = {}
    after = min(answered) - 1
    async with layer.reading() as store:
        while books := await store.books.export(after=after, limit=200):
            after = books[-1].id
            mine = [book for book in books if book.title.startswith(word)]
            stored.update({book.id: book.title for book in mine})
            assert all(book.tags == [f"tag {int(book.title.split('.')[-1]) % 7}"] for book in mine)
    assert stored == answered


async def test_thousands_of_rows_are_answered_in_the_order_given(
    layer: DataLayer, factory: Factory
) -> None:
    word = factory.name()
    names = [AuthorData(name=f"{word} {number}") for number in range(5000)]
    async with layer.writing() as store:
        authors = await store.authors.create_bulk(names, at=factory.now)
    assert [author.name for author in authors] == [data.name for data in names]
    ids = [author.id for author in authors]
    assert len({*ids}) == 5000
    async with layer.reading() as store:
        assert await store.authors.find_ids(ids) == {*ids}
        some = [data.name for data in names[::50]]
        assert await store.authors.find_names(some) == dict(zip(some, ids[::50], strict=True))


async def test_the_largest_bulk_goes_in_packets_that_every_server_takes(
    layer: DataLayer, factory: Factory
) -> None:
    """A thousand books, some of them with as much text as there can be, and of the worst kind."""
    author_id = await factory.author(layer)
    text = "\\'\"\n😀%s{}" * 400
    items = [
        factory.book(author_id, title=str(number), title_key="𝔘" * 5000, attributes={"text": text})
        for number in range(1000)
    ]
    async with layer.writing() as store:
        books = await store.books.create_bulk(items, at=factory.now)
    assert [book.title for book in books] == [item.title for item in items]
    async with layer.reading() as store:
        for number in (0, 1, 499, 998, 999):
            book = await store.books.get(books[number].id)
            assert book == books[number]
            assert book.attributes == {"text": text}


async def test_of_a_bulk_that_fails_nothing_is_kept(layer: DataLayer, factory: Factory) -> None:
    isbn, word = factory.isbn(), factory.name()
    await factory.books(layer, 1, isbn=isbn)
    author_id = await factory.author(layer)
    good = [factory.book(author_id, tags=[word]) for _ in range(50)]
    for wrong, refused in (
        (factory.book(author_id, isbn=isbn), IsbnTaken),
        (factory.book(2**62), UnknownReference),
    ):
        with pytest.raises(refused):
            async with layer.writing() as store:
                await store.books.create_bulk([*good, wrong, *good], at=factory.now)
    assert await factory.books_tagged(layer, word) == 0


async def test_nothing_at_all_is_a_bulk_too(layer: DataLayer, factory: Factory) -> None:
    async with layer.writing() as store:
        assert await store.books.create_bulk([], at=factory.now) == []
        assert await store.authors.create_bulk([], at=factory.now) == []
    async with layer.reading() as store:
        assert await store.authors.find_ids([]) == set()
        assert await store.authors.find_names([]) == {}
        assert await store.books.find_isbns([]) == {}
        assert await store.books.find_identities([]) == set()


async def test_tags_that_many_need_at_once_are_made_once(make_layer: Any, factory: Factory) -> None:
    layer = await make_layer(pool_max=6)
    author_id = await factory.author(layer)
    word = factory.name()
    names = [f"{word} {number}" for number in range(8)]
    work = factory.work(layer)

    async def create(number: int) -> None:
        tags = sorted({*names[number % 5 :], word})
        data = factory.book(author_id, tags=tags)
        book = await work.write(lambda store: store.books.create(data, at=factory.now))
        async with layer.reading() as store:
            assert (await store.books.get(book.id)).tags == tags

    await asyncio.gather(*map(create, range(12)))
    async with layer.reading() as store:
        counted = {one.tag: one.books for one in await store.reports.prices_by_tag()}
    assert counted[word] == 12
    assert counted[names[-1]] == 12


@pytest.mark.trap(32, 36)
async def test_any_number_at_once_on_one_isbn_leave_one_book(
    make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(pool_max=6)
    author_id = await factory.author(layer)
    isbn = factory.isbn()
    work = factory.work(layer)

    async def put(number: int) -> tuple[int, bool, int]:
        data = factory.book(author_id, isbn=isbn, stock=number, tags=[f"tag {number}"])
        upserted = await work.write(lambda store: store.books.upsert(data, at=factory.now))
        assert (upserted.book.stock, upserted.book.tags) == (number, [f"tag {number}"])
        return upserted.book.id, upserted.created, upserted.book.version

    outcomes = await asyncio.gather(*map(put, range(10)))
    assert len({book_id for book_id, _, _ in outcomes}) == 1
    assert sum(created for _, created, _ in outcomes) == 1
    assert sorted(version for _, _, version in outcomes) == [*range(1, 11)]
