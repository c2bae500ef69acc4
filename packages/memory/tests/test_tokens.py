"""The refresh tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import NotFound, UnknownReference
from bakeoff_schemas.records import NewUser, RefreshToken

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@pytest.fixture
def a_token(now: datetime) -> Callable[..., RefreshToken]:
    """A token of the customer that is good for a day."""

    def make(user: NewUser, *, family: UUID | None = None, days: int = 1) -> RefreshToken:
        return RefreshToken(
            digest=uuid4().hex,
            family=family or uuid4(),
            user_id=user.id,
            created_at=now,
            expires_at=now + days * DAY,
        )

    return make


@pytest.fixture
async def ged(layer: Layer, a_user: Callable[..., NewUser]) -> NewUser:
    """A customer in the tables."""
    user = a_user("Ged")
    async with layer.writing() as store:
        await store.users.create(user)
    return user


async def test_a_token_is_used_for_the_first_time_once(
    layer: Layer, now: datetime, ged: NewUser, a_token: Callable[..., RefreshToken]
) -> None:
    token = a_token(ged)
    async with layer.writing() as store:
        await store.tokens.add(token)
        assert await store.tokens.use(token.digest, at=now) == (token, True)
        assert await store.tokens.use(token.digest, at=now) == (token, False)


async def test_a_use_that_was_rolled_back_was_none(
    layer: Layer, now: datetime, ged: NewUser, a_token: Callable[..., RefreshToken]
) -> None:
    token = a_token(ged)
    async with layer.writing() as store:
        await store.tokens.add(token)

    async def use_and_fail() -> None:
        async with layer.writing() as store:
            await store.tokens.use(token.digest, at=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use_and_fail()
    async with layer.writing() as store:
        assert await store.tokens.use(token.digest, at=now) == (token, True)


async def test_a_token_that_has_expired_is_not_there(
    layer: Layer, now: datetime, ged: NewUser, a_token: Callable[..., RefreshToken]
) -> None:
    token = a_token(ged)
    async with layer.writing() as store:
        await store.tokens.add(token)
        with pytest.raises(NotFound) as refused:
            await store.tokens.use(token.digest, at=token.expires_at)
        assert token.digest not in str(refused.value)
        assert (await store.tokens.use(token.digest, at=now + DAY / 2))[1]


async def test_a_token_of_nobody_is_refused(
    layer: Layer, a_user: Callable[..., NewUser], a_token: Callable[..., RefreshToken]
) -> None:
    async with layer.writing() as store:
        with pytest.raises(UnknownReference) as refused:
            await store.tokens.add(a_token(a_user("Tenar")))
        assert refused.value.field == "user_id"


async def test_a_family_goes_as_a_whole_and_alone(
    layer: Layer, now: datetime, ged: NewUser, a_token: Callable[..., RefreshToken]
) -> None:
    first, other = a_token(ged), a_token(ged)
    second = a_token(ged, family=first.family)
    async with layer.writing() as store:
        for token in (first, other, second):
            await store.tokens.add(token)
        await store.tokens.revoke(first.family)
        await store.tokens.revoke(first.family)
        for token in (first, second):
            with pytest.raises(NotFound):
                await store.tokens.use(token.digest, at=now)
        assert (await store.tokens.use(other.digest, at=now))[1]


async def test_expired_tokens_are_counted_as_they_go(
    layer: Layer, now: datetime, ged: NewUser, a_token: Callable[..., RefreshToken]
) -> None:
    tokens = [a_token(ged, days=days) for days in (3, 1, 2)]
    async with layer.writing() as store:
        for token in tokens:
            await store.tokens.add(token)
        assert await store.tokens.delete_expired(before=now + 3 * DAY) == 2
        assert await store.tokens.delete_expired(before=now + 3 * DAY) == 0
        assert (await store.tokens.use(tokens[0].digest, at=now))[1]


async def test_a_customer_who_leaves_takes_their_tokens_along(
    layer: Layer,
    now: datetime,
    ged: NewUser,
    a_user: Callable[..., NewUser],
    a_token: Callable[..., RefreshToken],
) -> None:
    tenar = a_user("Tenar")
    lost, kept = a_token(ged), a_token(tenar)
    async with layer.writing() as store:
        await store.users.create(tenar)
        for token in (lost, kept):
            await store.tokens.add(token)
        await store.users.delete(ged.id)
        with pytest.raises(NotFound):
            await store.tokens.use(lost.digest, at=now)
        assert (await store.tokens.use(kept.digest, at=now))[1]
