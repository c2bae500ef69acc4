"""Log-ins of customers and the tokens that renew them: a token is used for the first time once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.layer_suite.interrupted import interrupt
from bakeoff_schemas.errors import NotFound, UnknownReference, UserHasOrders
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import Login, RefreshToken, User

pytestmark = pytest.mark.anyio

MOMENT = timedelta(microseconds=1)
# Before everything that any other test keeps.
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


async def test_a_log_in_is_found_by_its_key_and_by_its_id(
    layer: DataLayer, factory: Factory
) -> None:
    user = replace(factory.user(), username="Ged")
    async with layer.writing() as store:
        await store.users.create(user)
    async with layer.reading() as store:
        found = await store.users.find_login(user.username_key)
        assert found is not None
        assert found == await store.users.get_login(user.id)
        assert found == Login(
            user=User(id=user.id, username="Ged", email=user.email, created_at=user.created_at),
            password_hash=user.password_hash,
            is_admin=False,
        )
        assert found.user == await store.users.get(user.id)
        assert found.is_admin is False
        # The key is folded already, and compared as it is.
        assert await store.users.find_login(user.username_key.upper()) is None
        assert await store.users.find_login(factory.name()) is None


async def test_an_administrator_is_one_from_the_start_or_is_made_one(
    layer: DataLayer, factory: Factory
) -> None:
    first, second = replace(factory.user(), is_admin=True), factory.user()
    async with layer.writing() as store:
        for user in (first, second):
            await store.users.create(user)
    assert [await _is_admin(layer, user.id) for user in (first, second)] == [True, False]
    # To what it is already, too.
    for is_admin in (True, True, False, False):
        async with layer.writing() as store:
            await store.users.set_admin(second.id, is_admin)
            login = await store.users.find_login(second.username_key)
            assert login is not None
            assert login.is_admin is is_admin
            assert login == await store.users.get_login(second.id)
        assert [await _is_admin(layer, user.id) for user in (first, second)] == [True, is_admin]


async def test_another_hash_takes_the_place_of_the_one_before(
    layer: DataLayer, factory: Factory
) -> None:
    customer, other = await factory.customer(layer), await factory.customer(layer)
    longest = "$argon2id$%s:x?".ljust(255, "😀")
    for password_hash in ("", longest, longest):
        async with layer.writing() as store:
            await store.users.set_password_hash(customer.id, password_hash)
            assert (await store.users.get_login(customer.id)).password_hash == password_hash
    async with layer.reading() as store:
        assert (await store.users.get_login(customer.id)).password_hash == longest
        assert (await store.users.get_login(other.id)).password_hash == other.password_hash


async def test_a_log_in_of_nobody_is_refused(layer: DataLayer, factory: Factory) -> None:
    stranger = factory.user()
    refusals: list[Callable[[Store], Awaitable[object]]] = [
        lambda store: store.users.get_login(stranger.id),
        lambda store: store.users.set_password_hash(stranger.id, "another"),
        lambda store: store.users.set_admin(stranger.id, True),
        lambda store: store.users.set_admin(stranger.id, False),
    ]
    for work in refusals:
        with pytest.raises(NotFound, match=str(stranger.id)):
            await _write(layer, work)


async def test_a_token_is_new_once_and_comes_back_as_it_was_given(
    layer: DataLayer, factory: Factory
) -> None:
    token = await _kept(layer, factory)
    async with layer.writing() as store:
        found, is_first = await store.tokens.use(token.digest, at=factory.now)
        assert (found, is_first) == (token, True)
        assert isinstance(found.family, UUID)
        assert isinstance(found.user_id, UUID)
        assert found.expires_at.tzinfo is not None
        assert await store.tokens.use(token.digest, at=factory.now) == (token, False)
    for _ in range(2):
        assert await _use(layer, token, at=factory.now + MOMENT) == (token, False)


async def test_of_many_who_use_a_token_at_once_one_is_the_first(
    layer: DataLayer, factory: Factory
) -> None:
    token = await _kept(layer, factory)
    uses = await asyncio.gather(*(_use(layer, token, at=factory.now) for _ in range(8)))
    assert [found for found, _ in uses] == [token] * 8
    assert sorted(is_first for _, is_first in uses) == [False] * 7 + [True]


async def test_a_use_that_was_rolled_back_leaves_the_first_to_who_waited(
    layer: DataLayer, factory: Factory
) -> None:
    token = await _kept(layer, factory)
    used = asyncio.Event()

    async def use_and_fail() -> None:
        async with layer.writing() as store:
            assert (await store.tokens.use(token.digest, at=factory.now))[1]
            used.set()
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    async def use() -> bool:
        async with asyncio.timeout(TIMEOUT):
            # It never comes if the other could not use it.
            await used.wait()
            return (await _use(layer, token, at=factory.now))[1]

    failed, is_first = await asyncio.gather(use_and_fail(), use(), return_exceptions=True)
    assert isinstance(failed, ZeroDivisionError)
    assert is_first is True


async def test_a_use_that_waited_for_a_revocation_finds_nothing(
    layer: DataLayer, factory: Factory
) -> None:
    token = await _kept(layer, factory)
    revoked = asyncio.Event()

    async def revoke() -> None:
        async with layer.writing() as store:
            await store.tokens.revoke(token.family)
            revoked.set()
            await asyncio.sleep(0.1)

    async def use() -> object:
        async with asyncio.timeout(TIMEOUT):
            await revoked.wait()
            return await _use(layer, token, at=factory.now)

    _, found = await asyncio.gather(revoke(), use(), return_exceptions=True)
    assert isinstance(found, NotFound)


async def test_a_token_that_has_expired_or_never_was_is_not_found(
    layer: DataLayer, factory: Factory
) -> None:
    token, used = await _kept(layer, factory), await _kept(layer, factory)
    assert (await _use(layer, used, at=used.expires_at - MOMENT))[1]
    never = replace(token, digest=factory.name())
    for lost, at in (
        (token, token.expires_at),
        (token, token.expires_at + timedelta(days=365)),
        (used, used.expires_at),
        (never, factory.now),
    ):
        with pytest.raises(NotFound, match="refresh token") as refused:
            await _use(layer, lost, at=at)
        assert lost.digest not in str(refused.value)
    # To be looked for in vain was no use.
    assert (await _use(layer, token, at=token.expires_at - MOMENT))[1]


async def test_a_family_goes_as_a_whole_and_alone(layer: DataLayer, factory: Factory) -> None:
    first, other = await _kept(layer, factory), await _kept(layer, factory)
    second = replace(first, digest=factory.name())
    await _write(layer, lambda store: store.tokens.add(second))
    await _use(layer, first, at=factory.now)
    for family in (first.family, first.family, uuid4()):
        async with layer.writing() as store:
            await store.tokens.revoke(family)
    for gone in (first, second):
        with pytest.raises(NotFound):
            await _use(layer, gone, at=factory.now)
    assert await _use(layer, other, at=factory.now) == (other, True)


async def test_tokens_that_have_expired_are_counted_as_they_go(
    layer: DataLayer, factory: Factory
) -> None:
    expiries = [LONG_AGO, LONG_AGO + MOMENT, LONG_AGO + 2 * MOMENT]
    tokens = [await _kept(layer, factory, expires_at=expiry) for expiry in expiries]
    await _use(layer, tokens[0], at=LONG_AGO - MOMENT)

    async def deleted(before: datetime) -> int:
        async with layer.writing() as store:
            return await store.tokens.delete_expired(before=before)

    assert await deleted(LONG_AGO) == 0
    assert await deleted(LONG_AGO + 2 * MOMENT) == 2
    assert await _use(layer, tokens[2], at=LONG_AGO) == (tokens[2], True)
    assert await deleted(LONG_AGO + 3 * MOMENT) == 1
    assert await deleted(LONG_AGO + 3 * MOMENT) == 0


async def test_a_customer_who_leaves_takes_their_tokens_along(
    layer: DataLayer, factory: Factory
) -> None:
    lost, kept = await _kept(layer, factory), await _kept(layer, factory)
    await _use(layer, lost, at=factory.now)
    async with layer.writing() as store:
        await store.users.delete(lost.user_id)
    with pytest.raises(NotFound):
        await _use(layer, lost, at=factory.now)
    assert (await _use(layer, kept, at=factory.now))[1]


async def test_a_customer_who_may_not_leave_keeps_their_tokens(
    layer: DataLayer, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)
    customer = await factory.customer(layer)
    token = factory.token(customer)
    async with layer.writing() as store:
        await store.tokens.add(token)
        await store.orders.place(factory.order(customer, book_id))
    with pytest.raises(UserHasOrders):
        await _write(layer, lambda store: store.users.delete(customer.id))
    assert await _use(layer, token, at=factory.now) == (token, True)


async def test_a_token_of_nobody_is_refused(layer: DataLayer, factory: Factory) -> None:
    token = factory.token(factory.user())
    with pytest.raises(UnknownReference) as refused:
        await _write(layer, lambda store: store.tokens.add(token))
    assert (refused.value.field, refused.value.value) == ("user_id", token.user_id)
    assert token.digest not in str(refused.value)


async def test_a_renewal_that_is_cut_short_is_there_as_a_whole_or_not_at_all(
    layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    async def renew(old: RefreshToken, new: RefreshToken) -> None:
        async with layer.writing() as store:
            _, is_first = await store.tokens.use(old.digest, at=factory.now)
            assert is_first
            await store.tokens.add(new)

    for moment in count():
        old = await _kept(layer, factory)
        new = replace(old, digest=factory.name())
        reached, cancelled = await interrupt(renew(old, new), at=moment)
        assert layer.connections().in_use == 0
        assert cancelled == reached, "a cancellation was swallowed"
        if reached:
            # A commit that was cut off arrives or not, and nobody is told when.
            database.wait_until_nothing_is_open()
        is_kept = await _is_known(layer, new, at=factory.now)
        assert (await _use(layer, old, at=factory.now))[1] is not is_kept
        if not cancelled:
            assert is_kept
        if not reached:
            break
    assert moment > 3, "there is an await for each statement at least"


async def test_no_log_shows_a_digest_or_a_hash(
    make_layer: Any, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    customer = await factory.customer(layer)
    token, another = factory.token(customer), factory.name()
    with caplog.at_level(logging.INFO):
        caplog.clear()
        async with layer.writing() as store:
            login = await store.users.find_login(customer.username_key)
            await store.users.set_password_hash(customer.id, another)
            await store.tokens.add(token)
            await store.tokens.use(token.digest, at=factory.now)
            await store.tokens.revoke(token.family)
    told = caplog.text.replace("`", "").replace('"', "").upper()
    for statement in ("INSERT INTO REFRESH_TOKENS", "UPDATE USERS"):
        assert statement in told
    secrets = (token.digest, another, customer.password_hash)
    for shown in (caplog.text, repr(token), repr(login)):
        assert not [secret for secret in secrets if secret in shown]


async def _kept(layer: DataLayer, factory: Factory, **values: Any) -> RefreshToken:
    """A token in the database, of a customer of its own."""
    token = factory.token(await factory.customer(layer), **values)
    await _write(layer, lambda store: store.tokens.add(token))
    return token


async def _use(layer: DataLayer, token: RefreshToken, *, at: datetime) -> tuple[RefreshToken, bool]:
    async with layer.writing() as store:
        return await store.tokens.use(token.digest, at=at)


async def _is_known(layer: DataLayer, token: RefreshToken, *, at: datetime) -> bool:
    try:
        await _use(layer, token, at=at)
    except NotFound:
        return False
    return True


async def _is_admin(layer: DataLayer, user_id: UUID) -> bool:
    async with layer.reading() as store:
        return (await store.users.get_login(user_id)).is_admin


async def _write(layer: DataLayer, work: Callable[[Store], Awaitable[object]]) -> None:
    async with layer.writing() as store:
        await work(store)
