"""Who waits for a connection, for how long, who comes next, and what is given back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import POOL, TIMEOUT, LayerDatabase, connected, until
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.plugin import chosen_database
from bakeoff_contract.throwaway import throwaway
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import Connections

pytestmark = pytest.mark.anyio

_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "aiomysql"}


async def test_nothing_is_connected_before_a_layer_is_opened(database: LayerDatabase) -> None:
    assert database.layer().connections() == Connections(size=0, in_use=0, in_transaction=0)


async def test_as_many_connections_are_ready_as_were_asked_for(make_layer: Any) -> None:
    assert (await make_layer(pool_min=3)).connections().size == 3


async def test_a_pool_opens_no_more_than_it_needs_and_may_and_uses_them_again(
    make_layer: Any, database: LayerDatabase
) -> None:
    layer = await make_layer(pool_min=1, pool_max=3)
    for _ in range(5):
        async with layer.reading() as store:
            await store.authors.find_ids([1])
        assert layer.connections().size == 1
    three = asyncio.Barrier(3)

    async def use() -> None:
        async with layer.reading() as store:
            await store.authors.find_ids([1])
            await three.wait()
            assert layer.connections() == Connections(size=3, in_use=3, in_transaction=0)
            await three.wait()

    await asyncio.gather(*(use() for _ in range(12)))
    assert layer.connections() == Connections(size=3, in_use=0, in_transaction=0)


@pytest.mark.needs("network")
async def test_a_connection_is_one_session_of_the_server(
    make_layer: Any, database: LayerDatabase
) -> None:
    before = database.server.sessions()
    layer = await make_layer(pool_min=2)
    # The one that counted may not have ended yet.
    await until(lambda: len(database.server.sessions() - before) == 2)
    mine = database.server.sessions() - before
    await layer.ping()
    await layer.ping()
    await until(lambda: database.server.sessions() - before == mine)
    await layer.close()
    await until(lambda: not mine & database.server.sessions())


async def test_what_is_going_on_is_counted(layer: DataLayer, factory: Factory) -> None:
    async with layer.writing() as store:
        await store.authors.find_ids([1])
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (1, 1)
    async with layer.reading() as store:
        await store.authors.find_ids([1])
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (1, 0)
    state = layer.connections()
    assert (state.in_use, state.in_transaction) == (0, 0)


@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_those_who_wait_are_served_in_the_order_in_which_they_came(
    make_layer: Any, kind: str
) -> None:
    layer = await make_layer(pool_max=1)
    served: list[int] = []

    async def ask(number: int) -> None:
        async with getattr(layer, kind)() as store:
            served.append(number)
            await store.authors.find_ids([number + 1])

    async with getattr(layer, kind)() as store:
        await store.authors.find_ids([1])
        waiting = []
        for number in range(20):
            waiting.append(asyncio.ensure_future(ask(number)))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert served == [*range(20)]


async def test_nobody_who_comes_back_for_more_overtakes_those_who_wait(
    make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(pool_min=2, pool_max=2)
    (book_id,) = await factory.books(layer, 1)
    asked: list[tuple[int, int]] = []
    served: list[tuple[int, int]] = []

    async def read(reader: int) -> None:
        for turn in range(10):
            asked.append((reader, turn))
            async with layer.reading() as store:
                served.append((reader, turn))
                await store.books.get(book_id)

    await asyncio.gather(*map(read, range(12)))
    # Two are served at once, and either of them may be the first to begin.
    late = [served.index(one) - turn for turn, one in enumerate(asked)]
    assert max(late) <= 2


@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_who_waits_too_long_hears_of_it(make_layer: Any, kind: str) -> None:
    layer = await make_layer(pool_max=1, pool_timeout=0.05)
    async with layer.reading() as store:
        await store.authors.find_ids([1])
        with pytest.raises(Unavailable, match=r"BAKEOFF_POOL_(MAX|TIMEOUT)"):
            async with getattr(layer, kind)() as other:
                await other.authors.find_ids([1])
    await layer.ping()


@pytest.mark.needs("file")
async def test_writers_stand_in_line_without_a_connection_and_readers_pass(
    make_layer: Any, factory: Factory
) -> None:
    """At the file they would try again and again, and whoever is lucky would come next."""
    layer = await make_layer(pool_max=2, busy_timeout=0.0)
    async with layer.writing() as store:
        await store.authors.find_ids([1])
        waiting = [asyncio.ensure_future(factory.author(layer)) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert layer.connections().in_use == 1
        async with asyncio.timeout(TIMEOUT), layer.reading() as other:
            await other.authors.find_ids([1])
    await asyncio.gather(*waiting)


@pytest.mark.trap(5)
async def test_a_layer_can_be_closed_before_it_is_open_and_twice_and_opened_again(
    database: LayerDatabase, factory: Factory
) -> None:
    layer = database.layer()
    async with asyncio.timeout(TIMEOUT):
        await layer.close()
        for _ in range(2):
            await layer.open()
            author_id = await factory.author(layer)
            async with layer.reading() as store:
                assert await store.authors.find_ids([author_id]) == {author_id}
            await layer.close()
            await layer.close()
            assert layer.connections() == Connections(size=0, in_use=0, in_transaction=0)


async def test_layers_of_one_process_do_not_know_each_other(
    make_layer: Any, database: LayerDatabase, factory: Factory, pytestconfig: pytest.Config
) -> None:
    """Not even by a registry of their library, of which there may be one a process."""
    server = chosen_database(pytestconfig)
    assert server is not None
    name, other_name = factory.name(), factory.name()
    with (
        throwaway(server) as made,
        connected(made, backend=database.backend, driver=database.driver) as elsewhere,
    ):
        layer, twin = await make_layer(), await make_layer()
        other = elsewhere.layer()
        await other.open()
        await asyncio.gather(factory.author(layer, name), factory.author(other, other_name))
        assert [await factory.authors_named(one, name) for one in (layer, twin, other)] == [1, 1, 0]
        assert [await factory.authors_named(one, other_name) for one in (layer, other)] == [0, 1]
        await twin.close()
        assert await factory.authors_named(layer, name) == 1
        await layer.close()
        assert await factory.authors_named(other, other_name) == 1
        await other.close()


async def test_a_layer_says_what_it_is(layer: DataLayer, database: LayerDatabase) -> None:
    info = await layer.describe()
    assert info.backend == database.backend
    assert info.database == database.throwaway.product()
    assert info.driver == (database.driver or _DRIVERS[database.throwaway.url.family])
    assert info.layer
    assert info.layer_version
    assert info.driver_version
    assert info.server_version is not None
    assert all(part.isdigit() for part in info.server_version.split("."))
    assert layer.connections().size <= POOL
