"""The database's user: the rights that a layer needs, and log-ins that the server refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.layer_suite.server_faults import limited_user, refusals, refused
from bakeoff_contract.plugin import chosen_database
from bakeoff_schemas.database_url import DatabaseUrl, Family
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import BookFilter, BookOrder, Idempotency, Window

pytestmark = [pytest.mark.anyio, pytest.mark.needs("network")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The ways in which the server of this run refuses a log-in."""
    if "how" in metafunc.fixturenames:
        chosen = chosen_database(metafunc.config) or "sqlite"
        family: Family = "sqlite" if chosen == "sqlite" else DatabaseUrl.parse(chosen).family
        metafunc.parametrize("how", refusals(family) or ["no way"])


@pytest.fixture
def user(database: LayerDatabase) -> Iterator[DatabaseUrl]:
    """A user with few rights and a password that is not ASCII."""
    with limited_user(database.server) as url:
        yield url


async def test_a_layer_needs_no_right_but_to_read_and_write_the_tables(
    user: DatabaseUrl, make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(url=user)
    author_id = await factory.author(layer)
    first, second = await factory.books(layer, 2, tags=[factory.name()])
    customer = await factory.customer(layer)
    isbn, now = factory.isbn(), factory.now
    async with layer.writing() as store:
        book = await store.books.create(factory.book(author_id, tags=["new"]), at=now)
        for title in ("Tehanu", "Tales"):
            data = factory.book(author_id, isbn=isbn, title=title, tags=[factory.name()])
            await store.books.upsert(data, at=now)
        await store.books.replace(book.id, factory.book(author_id), at=now, expected=None)
        await store.books.change(book.id, {"stock": 1}, at=now, expected=None)
        await store.books.delete(book.id, expected=None)
        token = Idempotency(token=factory.name(), fingerprint="0" * 64)
        order = factory.order(customer, first, second, idempotency=token)
        await store.orders.place(order)
        await store.orders.cancel(order.id, at=now)
        await store.users.set_admin(customer.id, True)
        refreshed = factory.token(customer)
        await store.tokens.add(refreshed)
        await store.tokens.use(refreshed.digest, at=now)
        await store.tokens.revoke(refreshed.family)
        message = factory.message(factory.name(), due_at=now)
        await store.outbox.add([message])
        await store.outbox.publish(limit=100)
        await store.outbox.claim(topics=[message.topic], limit=1, at=now, until=now)
        await store.outbox.finish(message.id, at=now)
        await store.outbox.purge(before=now)
    async with layer.reading() as store:
        window = Window(include_total=True)
        await store.books.list(where=BookFilter(text="t"), order=BookOrder(), window=window)
        assert (await store.orders.get(order.id)).status == "cancelled"
    assert (await layer.describe()).server_version


async def test_a_refused_log_in_is_the_users_matter_when_a_layer_opens(
    user: DatabaseUrl, database: LayerDatabase, how: str
) -> None:
    layer = database.layer(url=user)
    try:
        with refused(database.server, user, how):
            with pytest.raises(Unavailable, match=r"refuses this log-in|lacks a right") as caught:
                await layer.open()
            assert user.password not in str(caught.value)
        await layer.open()
        await layer.ping()
    finally:
        await layer.close()


async def test_a_refused_log_in_is_unavailable_while_serving(
    user: DatabaseUrl, make_layer: Any, database: LayerDatabase, factory: Factory, how: str
) -> None:
    layer = await make_layer(url=user)
    await layer.ping()
    with refused(database.server, user, how):
        for unit in (layer.ping, lambda: factory.author(layer), layer.describe) * 2:
            with pytest.raises(Unavailable):
                await unit()
            assert layer.connections().in_use == 0
    await factory.author(layer)
