"""Values come back as they went in, whatever a driver makes of them: ids, instants, money, text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import NotFound, UnknownReference
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData, BookFilter, BookOrder, Keyset, Window

pytestmark = pytest.mark.anyio

LARGE = (2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1)
INSTANTS = (
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
    datetime(2024, 5, 1, 12, 30, 15, 1, tzinfo=UTC),
    datetime(2024, 5, 1, 12, 30, 15, 100000, tzinfo=UTC),
    datetime(2024, 10, 27, 1, 30, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2155, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
PRICES = [
    *("0.00", "0.01", "0.10", "0.29", "1.10", "4.00", "9.50", "9.99", "10.00", "39.95", "40.00"),
    *("100.10", "399.99", "400.00", "1000.00", "1999999.99", "99999999.98", "99999999.99"),
]


@pytest.fixture(params=["UTC", "America/St_Johns", "Asia/Kathmandu"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone of this machine, which is nobody's business."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.trap(18, 19)
async def test_ids_of_any_size_are_asked_for_and_not_found(
    layer: DataLayer, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)
    customer = await factory.customer(layer)
    for large in LARGE:
        async with layer.reading() as store:
            with pytest.raises(NotFound):
                await store.authors.get(large)
            with pytest.raises(NotFound):
                await store.books.get(large)
            assert await store.authors.find_ids([large]) == set()
            assert await store.books.export(after=large, limit=1) == []
            by_author = BookFilter(author_id=large)
            page = await store.books.list(where=by_author, order=BookOrder(), window=Window())
            assert (page.items, page.more) == ([], False)
            after = Window(after=Keyset(value=large, id=large))
            page = await store.books.list(where=BookFilter(), order=BookOrder(), window=after)
            assert page.items == []
            authors = await store.authors.list(window=after)
            assert authors.items == []
        with pytest.raises(UnknownReference) as refused:
            async with layer.writing() as store:
                await store.books.change(
                    book_id, {"author_id": large}, at=factory.now, expected=None
                )
        assert (refused.value.field, refused.value.value) == ("author_id", large)
        with pytest.raises(UnknownReference) as refused:
            async with layer.writing() as store:
                await store.orders.place(factory.order(customer, book_id, large))
        assert (refused.value.field, refused.value.value) == ("book_id", large)


async def test_numbers_go_up_to_their_limits(layer: DataLayer, factory: Factory) -> None:
    (book_id,) = await factory.books(layer, 1, stock=2**31 - 1, release_year=-9999)
    async with layer.reading() as store:
        book = await store.books.get(book_id)
        assert (book.stock, book.release_year) == (2**31 - 1, -9999)
        for offset in (1_000_000, 0):
            page = await store.books.list(
                where=BookFilter(author_id=book.author_id),
                order=BookOrder(),
                window=Window(offset=offset, include_total=True),
            )
            assert page.total == 1


@pytest.mark.trap(7, 21, 22, 23)
async def test_an_instant_is_kept_to_the_microsecond_whatever_the_zone_of_the_machine(
    layer: DataLayer, factory: Factory, zone: None
) -> None:
    for instant in INSTANTS:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name="x"), at=instant)
            book = await store.books.create(factory.book(author.id), at=instant)
        async with layer.reading() as store:
            for found in (author, await store.authors.get(author.id)):
                assert found.created_at == instant
                assert found.created_at.utcoffset() == timedelta(0)
            for again in (book, await store.books.get(book.id)):
                assert (again.created_at, again.updated_at) == (instant, instant)
                assert again.updated_at.utcoffset() == timedelta(0)


@pytest.mark.trap(22, 23)
async def test_instants_are_compared_to_the_microsecond_whatever_the_zone_of_the_machine(
    layer: DataLayer, factory: Factory, zone: None
) -> None:
    (book_id,) = await factory.books(layer, 1)
    customer = await factory.customer(layer)
    step = timedelta(microseconds=1)
    start = datetime(2024, 3, 31, 1, 59, 59, 999999, tzinfo=UTC)
    placed: list[UUID] = []
    for number in range(3):
        order = factory.order(customer, book_id, placed_at=start + number * step)
        async with layer.writing() as store:
            placed.append((await store.orders.place(order)).order.id)
    async with layer.reading() as store:
        author_id = (await store.books.get(book_id)).author_id
        for number in range(3):
            after = Keyset(value=start + number * step, id=placed[number])
            page = await store.orders.list(customer_id=customer.id, window=Window(after=after))
            assert [order.id for order in page.items] == placed[number + 1 :]
            (one,) = [
                sales
                for sales in await store.reports.sales_by_author(
                    since=start + number * step, until=start + (number + 1) * step, limit=1000
                )
                if sales.author.id == author_id
            ]
            assert (one.orders, one.revenue) == (1, Decimal("9.50"))


@pytest.mark.parametrize("born", [date(1, 1, 1), date(1929, 10, 21), date(9999, 12, 31), None])
async def test_a_day_is_a_day(
    layer: DataLayer, factory: Factory, born: date | None, zone: None
) -> None:
    async with layer.writing() as store:
        author = await store.authors.create(AuthorData(name="x", born=born), at=factory.now)
    async with layer.reading() as store:
        assert type((await store.authors.get(author.id)).born) is type(born)
        assert (await store.authors.get(author.id)).born == born


@pytest.mark.trap(24, 25)
async def test_money_is_exact_and_has_two_places(layer: DataLayer, factory: Factory) -> None:
    author_id = await factory.author(layer)
    items = [factory.book(author_id, price=Decimal(price)) for price in PRICES]
    async with layer.writing() as store:
        created = await store.books.create_bulk(items, at=factory.now)
    async with layer.reading() as store:
        for made, price in zip(created, PRICES, strict=True):
            for book in (made, await store.books.get(made.id)):
                assert isinstance(book.price, Decimal)
                assert str(book.price) == price


@pytest.mark.trap(24, 25)
async def test_money_is_sorted_and_compared_as_a_number(layer: DataLayer, factory: Factory) -> None:
    author_id = await factory.author(layer)
    items = [factory.book(author_id, price=Decimal(price)) for price in reversed(PRICES)]
    async with layer.writing() as store:
        ids = {
            book.id: str(book.price)
            for book in await store.books.create_bulk(items, at=factory.now)
        }
    for number, price in enumerate(PRICES):
        amount = Decimal(price)
        book_id = next(book_id for book_id, has in ids.items() if has == price)
        after = Window(limit=100, after=Keyset(value=amount, id=book_id))
        for where, descending, window, expected in (
            (BookFilter(min_price=amount), False, Window(limit=100), PRICES[number:]),
            (BookFilter(max_price=amount), True, Window(limit=100), PRICES[number::-1]),
            (BookFilter(), False, after, PRICES[number + 1 :]),
            (BookFilter(), True, after, PRICES[:number][::-1]),
        ):
            where.author_id = author_id
            order = BookOrder(key="price", descending=descending)
            async with layer.reading() as store:
                page = await store.books.list(where=where, order=order, window=window)
            assert [str(book.price) for book in page.items] == expected


@pytest.mark.trap(30, 31)
@pytest.mark.parametrize(
    "text",
    ["100%", "_", "\\", "\\%", "[a-z]", "'; --", "ß\u0301", "𝔘", "%s", ":id", "$1", "?", "{}"],
)
async def test_text_is_found_as_it_is_written(
    layer: DataLayer, factory: Factory, text: str
) -> None:
    author_id = await factory.author(layer, text)
    title = f"before {text} after"
    async with layer.writing() as store:
        book = await store.books.create(
            factory.book(author_id, title=title, title_key=title, tags=[text]), at=factory.now
        )
        await store.books.create(factory.book(author_id, title="before x after"), at=factory.now)
    async with layer.reading() as store:
        assert author_id not in (await store.authors.find_names([text.upper() + "!"])).values()
        assert text in await store.authors.find_names([text])
        for where in (
            BookFilter(author_id=author_id, text=text),
            BookFilter(author_id=author_id, tags=(text,)),
        ):
            page = await store.books.list(where=where, order=BookOrder(), window=Window())
            assert [found.id for found in page.items] == [book.id]
            assert page.items[0].title == title


@pytest.mark.trap(1)
async def test_attributes_come_back_as_objects(layer: DataLayer, factory: Factory) -> None:
    attributes = {"a": [1, 2.5, "𝔘", None, True, {"b": {}}], "": "", "n": 2**53, "$ref": "%s"}
    (book_id,) = await factory.books(layer, 1, attributes=attributes)
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).attributes == attributes
        (exported,) = await store.books.export(after=book_id - 1, limit=1)
        assert exported.attributes == attributes


async def test_identifiers_of_customers_and_orders_are_uuids(
    layer: DataLayer, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)
    customer = await factory.customer(layer)
    order = factory.order(customer, book_id)
    async with layer.writing() as store:
        placed = (await store.orders.place(order)).order
    async with layer.reading() as store:
        found = await store.orders.get(order.id)
        assert found == placed
        for one in (found.id, found.customer_id, (await store.users.get(customer.id)).id):
            assert type(one) is UUID or isinstance(one, UUID)
        assert (found.id, found.customer_id) == (order.id, customer.id)
        with pytest.raises(NotFound):
            await store.orders.get(uuid4())


@pytest.mark.parametrize("character", ["\ufffd", "\ufffe", "\uffff", "%", "_", "\\", "/"])
async def test_a_search_takes_every_character_for_itself(
    layer: DataLayer, factory: Factory, character: str
) -> None:
    author_id = await factory.author(layer)
    titles = [f"a{one}b" for one in "\ufffd\ufffe\uffff%_\\/x"]
    async with layer.writing() as store:
        books = [factory.book(author_id, title=title) for title in titles]
        await store.books.create_bulk(books, at=factory.now)
    async with layer.reading() as store:
        page = await store.books.list(
            where=BookFilter(author_id=author_id, text=f"a{character}b"),
            order=BookOrder(),
            window=Window(),
        )
    assert [book.title for book in page.items] == [f"a{character}b"]
