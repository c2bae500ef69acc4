"""The customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import EmailTaken, NotFound, UserHasOrders, UsernameTaken
from bakeoff_schemas.records import AuthorData, BookData, Login, NewOrder, NewUser

pytestmark = pytest.mark.anyio


async def test_a_taken_name_is_reported_before_a_taken_address(
    layer: Layer, a_user: Callable[..., NewUser]
) -> None:
    async with layer.writing() as store:
        await store.users.create(a_user("Ged"))
        for name, email in (("GED", "ged@example.com"), ("ged", "other@example.com")):
            with pytest.raises(UsernameTaken):
                await store.users.create(a_user(name, email=email))
        with pytest.raises(EmailTaken):
            await store.users.create(a_user("Tenar", email="ged@example.com"))
        assert (await store.users.create(a_user("Tenar"))).username == "Tenar"


async def test_a_customer_who_leaves_frees_name_and_address(
    layer: Layer, a_user: Callable[..., NewUser]
) -> None:
    ged = a_user("Ged")
    async with layer.writing() as store:
        await store.users.create(ged)
    async with layer.writing() as store:
        await store.users.delete(ged.id)
        with pytest.raises(NotFound):
            await store.users.get(ged.id)
        with pytest.raises(NotFound):
            await store.users.delete(uuid4())
        await store.users.create(a_user("GED", email=ged.email))


async def test_a_customer_with_an_order_stays(
    layer: Layer,
    now: datetime,
    a_book: Callable[..., BookData],
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
) -> None:
    ged = a_user("Ged")
    order = an_order(ged, {1: 1})
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        await store.books.create(a_book(stock=1), at=now)
        await store.users.create(ged)
        await store.orders.place(order)
        with pytest.raises(UserHasOrders):
            await store.users.delete(ged.id)
    async with layer.writing() as store:
        await store.orders.cancel(order.id, at=now)
        with pytest.raises(UserHasOrders):
            await store.users.delete(ged.id)


async def test_a_log_in_is_found_by_name_and_by_id(
    layer: Layer, a_user: Callable[..., NewUser]
) -> None:
    ged = a_user("Ged", is_admin=True)
    async with layer.writing() as store:
        user = await store.users.create(ged)
        login = Login(user=user, password_hash=ged.password_hash, is_admin=True)
        assert await store.users.find_login("ged") == login
        assert await store.users.get_login(ged.id) == login
        assert await store.users.find_login("Ged") is None
        with pytest.raises(NotFound):
            await store.users.get_login(uuid4())


async def test_a_password_and_a_right_are_changed(
    layer: Layer, a_user: Callable[..., NewUser]
) -> None:
    ged = a_user("Ged")
    async with layer.writing() as store:
        await store.users.create(ged)
        for is_admin in (True, True, False):
            await store.users.set_admin(ged.id, is_admin)
            assert (await store.users.get_login(ged.id)).is_admin is is_admin
        await store.users.set_password_hash(ged.id, "another")
        assert (await store.users.get_login(ged.id)).password_hash == "another"
        with pytest.raises(NotFound):
            await store.users.set_admin(uuid4(), True)
        with pytest.raises(NotFound):
            await store.users.set_password_hash(uuid4(), "another")
