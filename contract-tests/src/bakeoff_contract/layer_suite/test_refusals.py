"""What a database refuses is told by the names of the contract, and tells nobody's data."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import (
    AuthorHasBooks,
    BookHasOrders,
    ContractError,
    EmailTaken,
    InsufficientStock,
    IsbnTaken,
    NotFound,
    OrderAlreadyCancelled,
    Stale,
    UnknownReference,
    UserHasOrders,
    UsernameTaken,
)
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import AuthorData, NewUser

pytestmark = pytest.mark.anyio

NOBODY = 2**62


async def test_references_are_refused_by_what_they_name(layer: DataLayer, factory: Factory) -> None:
    (book_id,) = await factory.books(layer, 1)
    stranger = factory.user()
    refusals: list[tuple[str, object, Callable[[Store], Awaitable[object]]]] = [
        (
            "author_id",
            NOBODY,
            lambda store: store.books.create(factory.book(NOBODY), at=factory.now),
        ),
        (
            *("author_id", NOBODY),
            lambda store: store.books.change(
                book_id, {"author_id": NOBODY}, at=factory.now, expected=None
            ),
        ),
        (
            *("author_id", NOBODY),
            lambda store: store.books.replace(
                book_id, factory.book(NOBODY), at=factory.now, expected=None
            ),
        ),
        (
            *("author_id", NOBODY),
            lambda store: store.books.upsert(
                factory.book(NOBODY, isbn="9780000000001"), at=factory.now
            ),
        ),
        (
            *("customer_id", stranger.id),
            lambda store: store.orders.place(factory.order(stranger, NOBODY)),
        ),
    ]
    for field, value, work in refusals:
        error = await _refused(layer, work, UnknownReference)
        assert (error.field, error.value) == (field, value)
    nothing_there: list[Callable[[Store], Awaitable[object]]] = [
        lambda store: store.books.change(
            NOBODY, {"author_id": NOBODY}, at=factory.now, expected=None
        ),
        lambda store: store.books.replace(
            NOBODY, factory.book(NOBODY), at=factory.now, expected={1}
        ),
        lambda store: store.books.delete(NOBODY, expected={1}),
        lambda store: store.authors.change(NOBODY, {}),
        lambda store: store.authors.delete(NOBODY),
        lambda store: store.users.delete(stranger.id),
        lambda store: store.orders.cancel(stranger.id, at=factory.now),
    ]
    for work in nothing_there:
        await _refused(layer, work, NotFound)


async def test_of_two_faults_every_database_names_the_same_one(
    layer: DataLayer, factory: Factory
) -> None:
    isbn = factory.isbn()
    (taken,) = await factory.books(layer, 1, isbn=isbn)
    (book_id,) = await factory.books(layer, 1)
    faulty = factory.book(NOBODY, isbn=isbn)
    customer = await factory.customer(layer)
    both = replace(factory.user(), username_key=customer.username_key, email=customer.email)
    refusals: list[tuple[type[ContractError], Callable[[Store], Awaitable[object]]]] = [
        (IsbnTaken, lambda store: store.books.create(faulty, at=factory.now)),
        (
            IsbnTaken,
            lambda store: store.books.replace(book_id, faulty, at=factory.now, expected=None),
        ),
        (
            IsbnTaken,
            lambda store: store.books.change(
                book_id, {"isbn": isbn, "author_id": NOBODY}, at=factory.now, expected=None
            ),
        ),
        (
            UnknownReference,
            lambda store: store.books.replace(taken, faulty, at=factory.now, expected=None),
        ),
        (Stale, lambda store: store.books.replace(book_id, faulty, at=factory.now, expected={9})),
        (UsernameTaken, lambda store: store.users.create(both)),
        (
            EmailTaken,
            lambda store: store.users.create(replace(factory.user(), email=customer.email)),
        ),
    ]
    for meaning, work in refusals:
        await _refused(layer, work, meaning)


@pytest.mark.trap(26)
async def test_what_others_name_stays_where_it_is(layer: DataLayer, factory: Factory) -> None:
    (book_id,) = await factory.books(layer, 1, stock=1)
    customer = await factory.customer(layer)
    async with layer.writing() as store:
        order = (await store.orders.place(factory.order(customer, book_id))).order
        author_id = (await store.books.get(book_id)).author_id
    refusals: list[tuple[type[ContractError], Callable[[Store], Awaitable[object]]]] = [
        (AuthorHasBooks, lambda store: store.authors.delete(author_id)),
        (BookHasOrders, lambda store: store.books.delete(book_id, expected=None)),
        (UserHasOrders, lambda store: store.users.delete(customer.id)),
        (InsufficientStock, lambda store: store.orders.place(factory.order(customer, book_id))),
    ]
    for meaning, work in refusals:
        await _refused(layer, work, meaning)
    async with layer.writing() as store:
        await store.orders.cancel(order.id, at=factory.now)
    await _refused(
        layer, lambda store: store.orders.cancel(order.id, at=factory.now), OrderAlreadyCancelled
    )


async def test_no_refusal_holds_what_somebody_sent(layer: DataLayer, factory: Factory) -> None:
    isbn = factory.isbn()
    await factory.books(layer, 1, isbn=isbn)
    author_id = await factory.author(layer)
    book = factory.book(author_id, isbn=isbn)
    error = await _refused(layer, lambda store: store.books.create(book, at=factory.now), IsbnTaken)
    assert isbn not in str(error)
    customer = await factory.customer(layer)
    for meaning, user in (
        (UsernameTaken, replace(factory.user(), username_key=customer.username_key)),
        (EmailTaken, replace(factory.user(), email=customer.email)),
    ):

        def create(store: Store, user: NewUser = user) -> Awaitable[object]:
            return store.users.create(user)

        error = await _refused(layer, create, meaning)
        for secret in (user.username_key, user.email, user.password_hash):
            assert secret not in str(error)


async def test_statements_are_logged_when_asked_for_and_never_with_what_they_carry(
    make_layer: Any, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    user, name = factory.user(), factory.name()
    with caplog.at_level(logging.INFO):
        caplog.clear()
        async with layer.writing() as store:
            await store.users.create(user)
            author = await store.authors.create(AuthorData(name=name), at=factory.now)
            await store.books.create_bulk([factory.book(author.id, title=name)], at=factory.now)
            await store.authors.find_names([name])
    told = caplog.text.replace("`", "").replace('"', "").upper()
    for table in ("USERS", "AUTHORS", "BOOKS"):
        assert f"INSERT INTO {table}" in told
    for secret in (user.password_hash, user.email, user.username, name):
        assert secret not in caplog.text


async def test_without_being_asked_nothing_is_logged(
    make_layer: Any, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        caplog.clear()
        layer = await make_layer()
        await factory.books(layer, 2, tags=["fantasy"])
    assert caplog.text == ""


async def _refused(
    layer: DataLayer, work: Callable[[Store], Awaitable[object]], meaning: type[Any]
) -> Any:
    with pytest.raises(ContractError) as caught:
        async with layer.writing() as store:
            await work(store)
    assert type(caught.value) is meaning
    return caught.value
