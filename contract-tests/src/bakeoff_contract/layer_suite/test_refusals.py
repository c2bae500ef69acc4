"""What a database refuses is told by the names of the contract, and tells nobody's data."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bakeoff_contract.layer_suite.given import Given
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


async def test_references_are_refused_by_what_they_name(layer: DataLayer, given: Given) -> None:
    (book_id,) = await given.books(layer, 1)
    stranger = given.user()
    refusals: list[tuple[str, object, Callable[[Store], Awaitable[object]]]] = [
        ("author_id", NOBODY, lambda store: store.books.create(given.book(NOBODY), at=given.now)),
        (
            *("author_id", NOBODY),
            lambda store: store.books.change(
                book_id, {"author_id": NOBODY}, at=given.now, expected=None
            ),
        ),
        (
            *("author_id", NOBODY),
            lambda store: store.books.replace(
                book_id, given.book(NOBODY), at=given.now, expected=None
            ),
        ),
        (
            *("author_id", NOBODY),
            lambda store: store.books.upsert(
                given.book(NOBODY, isbn="9780000000001"), at=given.now
            ),
        ),
        (
            *("customer_id", stranger.id),
            lambda store: store.orders.place(given.order(stranger, NOBODY)),
        ),
    ]
    for field, value, work in refusals:
        error = await _refused(layer, work, UnknownReference)
        assert (error.field, error.value) == (field, value)
    nothing_there: list[Callable[[Store], Awaitable[object]]] = [
        lambda store: store.books.change(
            NOBODY, {"author_id": NOBODY}, at=given.now, expected=None
        ),
        lambda store: store.books.replace(NOBODY, given.book(NOBODY), at=given.now, expected={1}),
        lambda store: store.books.delete(NOBODY, expected={1}),
        lambda store: store.authors.change(NOBODY, {}),
        lambda store: store.authors.delete(NOBODY),
        lambda store: store.users.delete(stranger.id),
        lambda store: store.orders.cancel(stranger.id, at=given.now),
    ]
    for work in nothing_there:
        await _refused(layer, work, NotFound)


async def test_of_two_faults_every_database_names_the_same_one(
    layer: DataLayer, given: Given
) -> None:
    isbn = given.isbn()
    (taken,) = await given.books(layer, 1, isbn=isbn)
    (book_id,) = await given.books(layer, 1)
    faulty = given.book(NOBODY, isbn=isbn)
    customer = await given.customer(layer)
    both = replace(given.user(), username_key=customer.username_key, email=customer.email)
    refusals: list[tuple[type[ContractError], Callable[[Store], Awaitable[object]]]] = [
        (IsbnTaken, lambda store: store.books.create(faulty, at=given.now)),
        (
            IsbnTaken,
            lambda store: store.books.replace(book_id, faulty, at=given.now, expected=None),
        ),
        (
            IsbnTaken,
            lambda store: store.books.change(
                book_id, {"isbn": isbn, "author_id": NOBODY}, at=given.now, expected=None
            ),
        ),
        (
            UnknownReference,
            lambda store: store.books.replace(taken, faulty, at=given.now, expected=None),
        ),
        (Stale, lambda store: store.books.replace(book_id, faulty, at=given.now, expected={9})),
        (UsernameTaken, lambda store: store.users.create(both)),
        (
            EmailTaken,
            lambda store: store.users.create(replace(given.user(), email=customer.email)),
        ),
    ]
    for meaning, work in refusals:
        await _refused(layer, work, meaning)


@pytest.mark.trap(26)
async def test_what_others_name_stays_where_it_is(layer: DataLayer, given: Given) -> None:
    (book_id,) = await given.books(layer, 1, stock=1)
    customer = await given.customer(layer)
    async with layer.writing() as store:
        order = (await store.orders.place(given.order(customer, book_id))).order
        author_id = (await store.books.get(book_id)).author_id
    refusals: list[tuple[type[ContractError], Callable[[Store], Awaitable[object]]]] = [
        (AuthorHasBooks, lambda store: store.authors.delete(author_id)),
        (BookHasOrders, lambda store: store.books.delete(book_id, expected=None)),
        (UserHasOrders, lambda store: store.users.delete(customer.id)),
        (InsufficientStock, lambda store: store.orders.place(given.order(customer, book_id))),
    ]
    for meaning, work in refusals:
        await _refused(layer, work, meaning)
    async with layer.writing() as store:
        await store.orders.cancel(order.id, at=given.now)
    await _refused(
        layer, lambda store: store.orders.cancel(order.id, at=given.now), OrderAlreadyCancelled
    )


async def test_no_refusal_holds_what_somebody_sent(layer: DataLayer, given: Given) -> None:
    isbn = given.isbn()
    await given.books(layer, 1, isbn=isbn)
    author_id = await given.author(layer)
    book = given.book(author_id, isbn=isbn)
    error = await _refused(layer, lambda store: store.books.create(book, at=given.now), IsbnTaken)
    assert isbn not in str(error)
    customer = await given.customer(layer)
    for meaning, user in (
        (UsernameTaken, replace(given.user(), username_key=customer.username_key)),
        (EmailTaken, replace(given.user(), email=customer.email)),
    ):

        def create(store: Store, user: NewUser = user) -> Awaitable[object]:
            return store.users.create(user)

        error = await _refused(layer, create, meaning)
        for secret in (user.username_key, user.email, user.password_hash):
            assert secret not in str(error)


async def test_statements_are_logged_when_asked_for_and_never_with_what_they_carry(
    make_layer: Any, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    user, name = given.user(), given.name()
    with caplog.at_level(logging.INFO):
        caplog.clear()
        async with layer.writing() as store:
            await store.users.create(user)
            author = await store.authors.create(AuthorData(name=name), at=given.now)
            await store.books.create_bulk([given.book(author.id, title=name)], at=given.now)
            await store.authors.find_names([name])
    told = caplog.text.replace("`", "").replace('"', "").upper()
    for table in ("USERS", "AUTHORS", "BOOKS"):
        assert f"INSERT INTO {table}" in told
    for secret in (user.password_hash, user.email, user.username, name):
        assert secret not in caplog.text


async def test_without_being_asked_nothing_is_logged(
    make_layer: Any, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        caplog.clear()
        layer = await make_layer()
        await given.books(layer, 2, tags=["fantasy"])
    assert caplog.text == ""


async def _refused(
    layer: DataLayer, work: Callable[[Store], Awaitable[object]], meaning: type[Any]
) -> Any:
    with pytest.raises(ContractError) as caught:
        async with layer.writing() as store:
            await work(store)
    assert type(caught.value) is meaning
    return caught.value
