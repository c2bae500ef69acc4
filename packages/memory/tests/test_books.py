"""The books: ISBNs, versions, filters and the bulk path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import IsbnTaken, NotFound, Stale, UnknownReference
from bakeoff_schemas.records import (
    AuthorData,
    BookChanges,
    BookData,
    BookFilter,
    BookIdentity,
    BookOrder,
    BookSort,
    Window,
)

pytestmark = pytest.mark.anyio

EARTHSEA, MORT = "9780547773742", "9780552131063"
MakeBook = Callable[..., BookData]


@pytest.fixture
async def shelf(layer: Layer, now: datetime, a_book: MakeBook) -> Layer:
    """Two authors, and a book of each."""
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        await store.authors.create(AuthorData(name="Terry"), at=now)
        await store.books.create(a_book(isbn=EARTHSEA, release_year=1968), at=now)
        await store.books.create(a_book(isbn=MORT, title="Mort", author_id=2), at=now)
    return layer


async def test_a_taken_isbn_is_refused_and_ones_own_is_not(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        for call in (
            store.books.create(a_book(isbn=MORT), at=now),
            store.books.replace(1, a_book(isbn=MORT), at=now, expected=None),
            store.books.change(1, {"isbn": MORT}, at=now, expected=None),
            store.books.create_bulk([a_book(isbn=MORT)], at=now),
        ):
            with pytest.raises(IsbnTaken):
                await call
        assert (await store.books.change(1, {"isbn": EARTHSEA}, at=now, expected=None)).version == 2
        assert (
            await store.books.replace(1, a_book(isbn=EARTHSEA), at=now, expected=None)
        ).version == 3


async def test_an_isbn_is_free_once_its_book_has_given_it_up(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        await store.books.change(1, {"isbn": None}, at=now, expected=None)
        await store.books.delete(2, expected=None)
    async with shelf.writing() as store:
        assert await store.books.find_isbns([EARTHSEA, MORT]) == {}
        created = await store.books.create_bulk([a_book(isbn=EARTHSEA), a_book(isbn=MORT)], at=now)
        assert await store.books.find_isbns([EARTHSEA, MORT, "9780553383041"]) == {
            EARTHSEA: created[0].id,
            MORT: created[1].id,
        }


async def test_an_author_who_does_not_exist_is_named(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    nobodys = a_book(author_id=9)
    async with shelf.writing() as store:
        for call in (
            store.books.create(nobodys, at=now),
            store.books.replace(1, nobodys, at=now, expected=None),
            store.books.change(1, {"author_id": 9}, at=now, expected=None),
            store.books.create_bulk([a_book(), nobodys], at=now),
            store.books.upsert(a_book(isbn=MORT, author_id=9), at=now),
        ):
            with pytest.raises(UnknownReference) as caught:
                await call
            assert (caught.value.field, caught.value.value) == ("author_id", 9)


async def test_a_version_that_is_not_expected_is_stale(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        for call in (
            store.books.replace(1, a_book(author_id=9), at=now, expected=[2, 3]),
            store.books.change(1, {}, at=now, expected=[]),
            store.books.delete(1, expected=[2]),
        ):
            with pytest.raises(Stale):
                await call
        assert (await store.books.change(1, {}, at=now, expected=[3, 1])).version == 2
        assert (await store.books.replace(1, a_book(), at=now, expected=[2])).version == 3
        await store.books.delete(1, expected=[3])


async def test_a_book_that_is_not_there_is_not_found_whatever_is_expected(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        for call in (
            store.books.get(9),
            store.books.replace(9, a_book(author_id=9), at=now, expected=[1]),
            store.books.change(9, {}, at=now, expected=[1]),
            store.books.delete(9, expected=[1]),
        ):
            with pytest.raises(NotFound):
                await call


async def test_a_replacement_resets_what_is_left_out_and_keeps_the_origin(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    later = now + timedelta(microseconds=1)
    async with shelf.writing() as store:
        await store.books.change(1, {"tags": ["islands"], "stock": 4}, at=now, expected=None)
        book = await store.books.replace(1, a_book(title="Gifts"), at=later, expected=None)
    assert (book.id, book.created_at, book.updated_at, book.version) == (1, now, later, 3)
    assert (book.isbn, book.release_year, book.tags, book.stock) == (None, None, [], 0)


async def test_an_upsert_adds_and_then_replaces(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    later = now + timedelta(hours=1)
    isbn = "9780553383041"
    async with shelf.writing() as store:
        first = await store.books.upsert(a_book(isbn=isbn), at=now)
        second = await store.books.upsert(a_book(isbn=isbn, title="Gifts", author_id=2), at=later)
    assert (first.created, first.book.version) == (True, 1)
    assert (second.created, second.book.version) == (False, 2)
    assert (second.book.id, second.book.created_at) == (first.book.id, now)
    assert (second.book.title, second.book.author.name) == ("Gifts", "Terry")
    assert second.book.updated_at == later


async def test_the_title_key_follows_the_title(shelf: Layer, now: datetime) -> None:
    async with shelf.writing() as store:
        changes: BookChanges = {"title": "MORT II", "title_key": "mort ii"}
        await store.books.change(2, changes, at=now, expected=None)
        found = await store.books.list(
            where=BookFilter(text="rt i"), order=BookOrder(), window=Window()
        )
    assert [book.title for book in found.items] == ["MORT II"]


async def test_a_book_without_isbn_is_known_by_title_author_and_year(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        await store.books.create(a_book(title="Gifts"), at=now)
        await store.books.create(a_book(title="Gifts", release_year=2004), at=now)
        assert await store.books.find_identities(["Gifts", "Mort", "gifts"]) == {
            BookIdentity(title="Gifts", author_id=1, release_year=None),
            BookIdentity(title="Gifts", author_id=1, release_year=2004),
        }


@pytest.mark.parametrize(
    ("where", "titles"),
    [
        (BookFilter(), ["a%b", "A_b", "ab", "c\\d"]),
        (BookFilter(text="%"), ["a%b"]),
        (BookFilter(text="_"), ["A_b"]),
        (BookFilter(text="\\"), ["c\\d"]),
        (BookFilter(text="a"), ["a%b", "A_b", "ab"]),
        (BookFilter(tags=("x",)), ["a%b", "A_b"]),
        (BookFilter(tags=("x", "y")), ["A_b"]),
        (BookFilter(tags=("X",)), []),
        (BookFilter(year_from=-5), ["a%b", "A_b"]),
        (BookFilter(year_to=-5), ["A_b"]),
        (BookFilter(year_from=-5, year_to=1999), ["A_b"]),
        (BookFilter(min_price=Decimal("1.00")), ["a%b", "A_b"]),
        (BookFilter(max_price=Decimal("1.00")), ["A_b", "ab", "c\\d"]),
        (BookFilter(in_print=False), ["ab"]),
        (BookFilter(in_print=True, max_price=Decimal("0.99")), ["c\\d"]),
        (BookFilter(author_id=2), ["ab"]),
        (BookFilter(author_id=2, tags=("x",)), []),
        (BookFilter(author_id=9), []),
    ],
)
@pytest.mark.parametrize("key", ["id", "created_at"])
async def test_every_condition_of_a_filter_must_hold(
    layer: Layer,
    now: datetime,
    a_book: MakeBook,
    where: BookFilter,
    titles: list[str],
    key: BookSort,
) -> None:
    free = Decimal("0.00")
    books = [
        a_book(title="a%b", tags=["x"], release_year=2000, price=Decimal("2.00")),
        a_book(title="A_b", tags=["x", "y"], release_year=-5, price=Decimal("1.00")),
        a_book(title="ab", author_id=2, in_print=False, price=free),
        a_book(title="c\\d", price=free),
    ]
    async with layer.writing() as store:
        await store.authors.create_bulk([AuthorData(name="a"), AuthorData(name="b")], at=now)
        await store.books.create_bulk(books, at=now)
    async with layer.reading() as store:
        page = await store.books.list(
            where=where,
            order=BookOrder(key=key),
            window=Window(limit=2, include_total=True),
        )
        assert [book.title for book in page.items] == titles[:2]
        assert (page.total, page.more) == (len(titles), len(titles) > 2)
        rest = await store.books.list(
            where=where,
            order=BookOrder(key=key),
            window=Window(limit=2, offset=2),
        )
        assert ([book.title for book in rest.items], rest.total) == (titles[2:], None)


async def test_the_export_goes_on_after_an_id_to_the_end(
    shelf: Layer, now: datetime, a_book: MakeBook
) -> None:
    async with shelf.writing() as store:
        await store.books.create(a_book(), at=now)
        await store.books.delete(2, expected=None)
    async with shelf.reading() as store:
        parts = [
            [book.id for book in await store.books.export(after=after, limit=1)]
            for after in (0, 1, 2, 3, 2**63 - 1)
        ]
    assert parts == [[1], [3], [3], [], []]
