"""Connections break, servers restart, and the layer goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bakeoff_contract.layer_suite import BOTH_LOOPS
from bakeoff_contract.layer_suite.database import POOL, LayerDatabase, a_moment, until
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import ConnectionLost, Unavailable
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData

pytestmark = [pytest.mark.anyio, BOTH_LOOPS, pytest.mark.needs("network")]


@pytest.mark.trap(16, 17)
async def test_connections_that_the_server_closed_while_idle_are_replaced_unnoticed(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True)
    await _use_all(layer)
    # Those of before may not have ended yet.
    await until(lambda: len(database.server.sessions()) == POOL)
    before = database.server.sessions()
    database.server.end(before)
    database.wire.wait_until_closed()
    await a_moment()
    await asyncio.gather(*(factory.author(layer) for _ in range(POOL)))
    await _use_all(layer)
    assert layer.connections().size == POOL
    assert not before & database.server.sessions()


@pytest.mark.trap(16, 17)
@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_connections_that_were_cut_or_reset_while_idle_are_replaced_unnoticed(
    make_layer: Any, database: LayerDatabase, factory: Factory, how: str
) -> None:
    """Without the farewell that a server sends."""
    layer = await make_layer(by_wire=True)
    await _use_all(layer)
    getattr(database.wire, how)()
    await a_moment()
    await asyncio.gather(*(factory.author(layer) for _ in range(POOL)))
    await _use_all(layer)
    assert layer.connections().size == POOL


async def test_a_read_whose_connection_is_lost_is_unavailable_and_the_next_one_is_not(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True)
    author_id = await factory.author(layer)

    async def read() -> None:
        async with layer.reading() as store:
            await store.authors.get(author_id)
            database.server.end(database.server.sessions())
            database.wire.wait_until_closed()
            await store.authors.get(author_id)

    for _ in range(3):
        with pytest.raises(Unavailable):
            await read()
        assert layer.connections().in_use == 0
        async with layer.reading() as store:
            assert (await store.authors.get(author_id)).id == author_id


@pytest.mark.parametrize("goes_on", [True, False], ids=["and goes on", "and is at its end"])
async def test_a_transaction_whose_connection_is_lost_is_unavailable_and_undone(
    make_layer: Any, database: LayerDatabase, factory: Factory, goes_on: bool
) -> None:
    layer = await make_layer(by_wire=True)
    name = factory.name()

    async def work() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=name), at=factory.now)
            database.server.end(database.server.sessions())
            database.wire.wait_until_closed()
            if goes_on:
                await store.authors.create(AuthorData(name=name), at=factory.now)

    with pytest.raises(Unavailable):
        await work()
    state = layer.connections()
    assert (state.in_use, state.in_transaction) == (0, 0)
    assert await factory.authors_named(layer, name) == 0


@pytest.mark.parametrize("then", ["writes", "reads"])
async def test_a_transaction_whose_connection_is_reset_between_statements_is_lost_and_undone(
    make_layer: Any, database: LayerDatabase, factory: Factory, then: str
) -> None:
    """The event loop closes the connection itself; a driver may meet it when it sends."""
    layer = await make_layer(by_wire=True, pool_max=1)
    name = factory.name()

    async def work(*, reset: bool) -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=name), at=factory.now)
            if reset:
                database.wire.reset()
                await a_moment()
            if then == "writes":
                await store.authors.create(AuthorData(name=factory.name()), at=factory.now)
            else:
                await store.authors.find_names([name])

    for _ in range(3):
        with pytest.raises(ConnectionLost):
            await work(reset=True)
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (0, 0)
    await work(reset=False)
    assert await factory.authors_named(layer, name) == 1


async def test_a_read_whose_connection_is_reset_between_statements_is_lost(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True, pool_max=1)
    author_id = await factory.author(layer)

    async def read(*, reset: bool) -> None:
        async with layer.reading() as store:
            await store.authors.get(author_id)
            if reset:
                database.wire.reset()
                await a_moment()
            assert (await store.authors.get(author_id)).id == author_id

    for _ in range(3):
        with pytest.raises(ConnectionLost):
            await read(reset=True)
        assert layer.connections().in_use == 0
        await read(reset=False)


async def test_a_layer_closes_after_its_idle_connections_were_reset(
    make_layer: Any, database: LayerDatabase
) -> None:
    layer = await make_layer(by_wire=True)
    await _use_all(layer)
    database.wire.reset()
    await a_moment()
    await layer.close()
    assert layer.connections().size == 0


async def test_a_commit_that_is_not_answered_is_not_answered_as_success(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True, pool_max=1)
    name = factory.name()

    async def work() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=name), at=factory.now)

    with database.wire.commits(passing=False), pytest.raises(Unavailable):
        await work()
    assert layer.connections().in_use == 0
    assert await factory.authors_named(layer, name) == 0
    await work()
    assert await factory.authors_named(layer, name) == 1


async def test_a_server_that_is_away_is_unavailable_and_welcome_when_it_is_back(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True)
    await _use_all(layer)
    with database.wire.down():
        await a_moment()
        for unit in (layer.ping, layer.ping, lambda: factory.author(layer), layer.describe) * 2:
            with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{database.wire.port}/"):
                await unit()
            assert layer.connections().in_use == 0
        assert layer.connections().size == 0
    await _use_all(layer)
    assert layer.connections().size == POOL


async def _use_all(layer: DataLayer) -> None:
    """Every connection of the pool at once."""
    everybody = asyncio.Barrier(POOL)

    async def use() -> None:
        async with layer.reading() as store:
            await store.authors.find_ids([1])
            await everybody.wait()

    await asyncio.gather(*(use() for _ in range(POOL)))
