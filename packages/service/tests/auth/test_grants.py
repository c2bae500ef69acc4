"""What a log-in costs and what it leaves behind; its answers are in the contract suite."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from limits.aio.storage import MemoryStorage

from bakeoff.auth import refresh_tokens
from bakeoff.auth.access_tokens import AccessTokens
from bakeoff.auth.attempts import Attempts, parse_limits
from bakeoff.auth.grants import Grants
from bakeoff.auth.keys import Keys
from bakeoff.auth.refusals import Unauthenticated
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_schemas import timestamps
from bakeoff_schemas.api import TokenPair
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import NewUser, User

PASSWORD = "correct horse battery"
OLD, NEW = "m=32,t=1,p=4", "m=32,t=2,p=4"


class Counted(Passwords):
    """Counts the work, and of which cost it was."""

    def __init__(self, *, time_cost: int = 1) -> None:
        super().__init__(
            Settings(_env_file=None, argon2_time_cost=time_cost, argon2_memory_kib=32)  # type: ignore[call-arg]
        )
        self.work: list[str] = []

    async def hash(self, password: str) -> str:
        encoded = await super().hash(password)
        self.work.append(f"hash {cost(encoded)}")
        return encoded

    async def verify(self, encoded: str, password: str) -> bool:
        self.work.append(f"verify {cost(encoded)}")
        return await super().verify(encoded, password)


def cost(encoded: str) -> str:
    """Its cost, as it is written in a hash; an empty text for what is none."""
    return encoded.split("$")[3] if "$" in encoded else ""


@pytest.fixture
def layer() -> Layer:
    """A store of its own."""
    return Layer(LayerConfig())


def grants(layer: Layer, passwords: Passwords, *, refresh_lifetime: int = 3600) -> Grants:
    return Grants(
        UnitOfWork(layer, contention_retries=0),
        passwords,
        access=AccessTokens(Keys.parse(f"a:{'s' * 32}"), audience="bakeoff", lifetime=900),
        attempts=Attempts(MemoryStorage(), limits=parse_limits("1000 per minute")),
        refresh_lifetime=refresh_lifetime,
    )


async def add_ged(layer: Layer, password_hash: str, *, is_admin: bool = False) -> User:
    new = NewUser(
        id=uuid.uuid4(),
        username="ged",
        username_key="ged",
        email="ged@example.com",
        password_hash=password_hash,
        created_at=timestamps.now(),
        is_admin=is_admin,
    )
    async with layer.writing() as store:
        return await store.users.create(new)


async def log_in(made: Grants, username: str = "ged", password: str = PASSWORD) -> TokenPair:
    return await made.log_in(username, password, scope="", address="192.0.2.1")


async def refused(made: Grants, username: str, password: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await log_in(made, username, password)
    return f"{caught.value} {caught.value.error}"


def test_whoever_is_refused_was_the_same_work_and_got_the_same_answer() -> None:
    async def tried(username: str, password: str) -> tuple[list[str], str]:
        layer, passwords = Layer(LayerConfig()), Counted()
        await add_ged(layer, await passwords.hash(PASSWORD))
        passwords.work.clear()
        answer = await refused(grants(layer, passwords), username, password)
        return passwords.work, answer

    async def scenario() -> None:
        wrong = await tried("ged", "a wrong password")
        for nobody in ("tenar", "x", "\x00", "y" * 1000):
            assert await tried(nobody, PASSWORD) == wrong
        # The first log-in of a process makes the decoy, whoever it is.
        assert wrong[0] == [f"hash {OLD}", f"verify {OLD}"]

    asyncio.run(scenario())


def test_later_refusals_are_one_verification_each(layer: Layer) -> None:
    async def scenario() -> None:
        passwords = Counted()
        await add_ged(layer, await passwords.hash(PASSWORD))
        made = grants(layer, passwords)
        await refused(made, "nobody", PASSWORD)
        passwords.work.clear()
        for username in ("ged", "nobody", "\x00"):
            await refused(made, username, "a wrong password")
        assert passwords.work == [f"verify {OLD}"] * 3

    asyncio.run(scenario())


def test_a_hash_is_made_anew_once_when_the_cost_has_grown(layer: Layer) -> None:
    async def scenario() -> None:
        await add_ged(layer, await Counted().hash(PASSWORD))
        passwords = Counted(time_cost=2)
        made = grants(layer, passwords)
        await refused(made, "ged", "a wrong password")
        assert passwords.work == [f"hash {NEW}", f"verify {OLD}"]
        passwords.work.clear()
        await log_in(made)
        await log_in(made)
        assert passwords.work == [f"verify {OLD}", f"hash {NEW}", f"verify {NEW}"]

    asyncio.run(scenario())


def test_a_stored_hash_that_is_none_is_a_wrong_password(layer: Layer) -> None:
    async def scenario() -> None:
        await add_ged(layer, "nonsense")
        assert "not right" in await refused(grants(layer, Counted()), "ged", "nonsense")

    asyncio.run(scenario())


def test_only_a_digest_of_a_refresh_token_is_kept(layer: Layer) -> None:
    async def scenario() -> None:
        passwords = Counted()
        await add_ged(layer, await passwords.hash(PASSWORD))
        pair = await log_in(grants(layer, passwords))
        async with layer.writing() as store:
            with pytest.raises(NotFound):
                await store.tokens.use(pair.refresh_token, at=timestamps.now())
            digest = refresh_tokens.digest(pair.refresh_token)
            used, first = await store.tokens.use(digest, at=timestamps.now())
        assert first
        assert used.expires_at - used.created_at == timedelta(hours=1)
        random = pair.refresh_token.partition(".")[0]
        # 32 bytes in base64url.
        assert len(random) == 43
        assert random not in repr(used) + repr(pair)

    asyncio.run(scenario())


def test_a_user_who_goes_while_they_log_in_is_nobody(layer: Layer) -> None:
    class Removing(Counted):
        async def verify(self, encoded: str, password: str) -> bool:
            good = await super().verify(encoded, password)
            async with layer.writing() as store:
                login = await store.users.find_login("ged")
                assert login is not None
                await store.users.delete(login.user.id)
            return good

    async def scenario() -> None:
        passwords = Removing()
        await add_ged(layer, await passwords.hash(PASSWORD))
        assert "not right" in await refused(grants(layer, passwords), "ged", PASSWORD)

    asyncio.run(scenario())


def test_an_administrator_who_is_none_any_more_loses_scopes_with_the_next_refresh(
    layer: Layer,
) -> None:
    async def scenario() -> None:
        passwords = Counted()
        user = await add_ged(layer, await passwords.hash(PASSWORD), is_admin=True)
        made = grants(layer, passwords)
        pair = await log_in(made)
        assert pair.scope == "catalogue:write orders:write users:admin"
        # And nobody gains scopes by a refresh.
        for is_admin in (False, True):
            async with layer.writing() as store:
                await store.users.set_admin(user.id, is_admin)
            pair = await made.refresh(pair.refresh_token, scope="")
            assert pair.scope == "orders:write"
        assert "users:admin" in (await log_in(made)).scope

    asyncio.run(scenario())


def test_what_has_expired_is_removed_now_and_then(layer: Layer) -> None:
    class Counting(Layer):
        writes = 0

        def writing(self) -> AbstractAsyncContextManager[Store]:
            self.writes += 1
            return layer.writing()

        def reading(self) -> AbstractAsyncContextManager[Store]:
            return layer.reading()

    async def scenario() -> None:
        passwords = Counted()
        await add_ged(layer, await passwords.hash(PASSWORD))
        await log_in(grants(layer, passwords, refresh_lifetime=-1))
        counting = Counting(LayerConfig())
        made = grants(counting, passwords)
        await log_in(made)
        await log_in(made)
        # Two for the tokens, and one that removed what had expired.
        assert counting.writes == 3
        async with layer.writing() as store:
            later = timestamps.now() + timedelta(days=1)
            assert await store.tokens.delete_expired(before=later) == 2

    asyncio.run(scenario())
